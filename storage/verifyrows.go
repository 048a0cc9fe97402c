package storage

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/smpp/sms"
)

// book is what one kind of row says, in the order of its key, however its facts came in batches: the same in every replay.
type book struct {
	name    string
	columns string // those of the key come first
	key     int    // how many those are
	numbers int    // how many of those, from the last back, are whole numbers; the others compare as text
	from    string // and its bounds: $1 the lowest key, $2 its time
	order   string
}

// sealedColumns are made anew or blanked where something is shredded: see shredded.excuses.
var sealedColumns = map[string]bool{"to_digest": true, "to_sealed": true, "text_digest": true}

const newestAnswer = `LEFT JOIN LATERAL (SELECT * FROM harkara.answer x WHERE x.key = a.key AND x.attempt = a.attempt AND x.segment = a.segment
	ORDER BY x.fact DESC LIMIT 1) n ON true`

var books = []book{
	{
		name: "v_message", key: 1,
		columns: `v.key, v.tenant, v.id, v.ref, v.state, v.class, v.template, v.header, v.entity, v.category, v.smsc, v.segments, v.to_last4, v.error_stage,
			v.error_code, v.error_reason, v.error_detail, v.possible_duplicate, v.requested_at, v.submitted_at, v.final_at, v.register, v.encoding,
			v.variables, m.deadline, m.to_mark, encode(m.to_digest, 'hex') AS to_digest, encode(m.to_sealed, 'hex') AS to_sealed,
			encode(m.text_digest, 'hex') AS text_digest`,
		from:  `harkara.v_message v JOIN harkara.message m ON m.key = v.key WHERE v.key >= $1 AND m.key >= $1 AND $2::timestamptz IS NOT NULL`,
		order: `v.key`,
	}, {
		name: "v_attempt", key: 3, numbers: 2,
		columns: `a.key, a.attempt, a.segment, m.tenant, m.id, a.smsc, a.planned_at, a.parts, a.possible_duplicate, coalesce(n.verdict, a.verdict) AS verdict,
			CASE WHEN n.verdict IS NULL THEN a.answered_at ELSE n.answered_at END AS answered_at,
			CASE WHEN n.verdict IS NULL THEN a.status ELSE n.status END AS status,
			CASE WHEN n.verdict IS NULL THEN a.message_id ELSE n.message_id END AS message_id,
			CASE WHEN n.verdict IS NULL THEN a.raw_id ELSE n.raw_id END AS raw_id,
			CASE WHEN n.verdict IS NULL THEN a.user_ref ELSE n.user_ref END AS user_ref`,
		from: `harkara.attempt a LEFT JOIN harkara.message m ON m.key = a.key ` + newestAnswer +
			` WHERE a.key >= $1 AND $2::timestamptz IS NOT NULL`,
		order: `a.key, a.attempt, a.segment`,
	}, {
		name: "v_receipt", key: 2, numbers: 1,
		columns: `r.key, r.fact, m.tenant, m.id, r.given, r.received_at, r.attempt, r.segment, r.user_ref, r.from_mark, r.retryable, r.smsc, r.message_id,
			r.raw_id, r.state, r.stat, r.err, r.reason, r.done, r.raw`,
		from:  `harkara.receipt r LEFT JOIN harkara.message m ON m.key = r.key WHERE r.key >= $1 AND $2::timestamptz IS NOT NULL`,
		order: `r.key, r.fact`,
	}, {
		name: "receipt_early", key: 1, numbers: 1,
		columns: `fact, received_at, user_ref, from_mark, retryable, smsc, message_id, raw_id, state, stat, err, reason, done, raw`,
		from:    `harkara.receipt_early WHERE received_at >= $2 AND $1::uuid IS NOT NULL`,
		order:   `fact`,
	}, {
		name: "v_tally", key: 4, numbers: 4,
		columns: `extract(epoch FROM t.hour)::bigint AS hour, t.dim, t.outcome, t.bucket, t.messages, t.segments, d.tenant, d.template, d.header, d.entity,
			d.smsc, d.class, d.category, o.state, o.error_stage, o.error_code, o.error_reason, o.submitted, o.possible_duplicate`,
		from: `harkara.tally t LEFT JOIN harkara.dim d ON d.id = t.dim LEFT JOIN harkara.outcome o ON o.id = t.outcome
			WHERE t.hour >= $2 AND (t.messages <> 0 OR t.segments <> 0) AND $1::uuid IS NOT NULL`,
		order: `t.hour, t.dim, t.outcome, t.bucket`,
	}, {
		name: "v_billing", key: 3, numbers: 3,
		columns: `extract(epoch FROM b.hour)::bigint AS hour, b.dim, b.possible_duplicate::integer AS possible_duplicate, b.accepted, b.in_doubt, d.tenant,
			d.template, d.header, d.entity, d.smsc, d.class, d.category`,
		from: `harkara.billing b LEFT JOIN harkara.dim d ON d.id = b.dim WHERE b.hour >= $2 AND (b.accepted <> 0 OR b.in_doubt <> 0)
			AND $1::uuid IS NOT NULL`,
		order: `b.hour, b.dim, b.possible_duplicate`,
	}, {
		name: "v_otp_event", key: 1,
		columns: `key, tenant, event, challenge, fact, at, requested_at, purpose, template, to_last4, smsc, send, route, reason, tries_left, retry_after,
			dry_run`,
		from:  `harkara.otp_event WHERE key >= $1 AND $2::timestamptz IS NOT NULL`,
		order: `key`,
	}, {
		name: "v_otp_tally", key: 7, numbers: 2,
		columns: `tenant, purpose, template, route, event, extract(epoch FROM t.hour)::bigint AS hour, bucket, events`,
		from:    `harkara.otp_tally t WHERE t.hour >= $2 AND events <> 0 AND $1::uuid IS NOT NULL`,
		order:   `tenant, purpose, template, route, event, t.hour, bucket`,
	},
}

// rows yields a book's rows from a time on, in order. cells are valid until the next.
func (b *book) rows(ctx context.Context, tx *sqlx.Tx, since time.Time) iter.Seq2[*bookRow, error] {
	return func(yield func(*bookRow, error) bool) {
		fail := func(err error) { yield(nil, fmt.Errorf("read %s: %w", b.name, err)) }
		found, err := tx.QueryContext(ctx, `SELECT `+b.columns+` FROM `+b.from+` ORDER BY `+b.order, keyFrom(since), since)
		if err != nil {
			fail(err)
			return
		}
		defer found.Close()
		names, err := found.Columns()
		if err != nil {
			fail(err)
			return
		}
		row := &bookRow{book: b, names: names, cells: make([]sql.NullString, len(names))}
		into := make([]any, len(names))
		for i := range into {
			into[i] = &row.cells[i]
		}
		for found.Next() {
			if err := found.Scan(into...); err != nil {
				fail(err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := found.Err(); err != nil {
			fail(err)
		}
	}
}

// keyFrom is KeyAt; before 1970 it is the lowest key.
func keyFrom(since time.Time) (key sms.Key) {
	if since.Unix() > 0 { // keys have no earlier time
		key = KeyAt(since)
	}
	return key
}

// bookRow is one row as text.
type bookRow struct {
	book  *book
	names []string
	cells []sql.NullString
}

// compare orders rows of one book by their keys.
func (r *bookRow) compare(other *bookRow) int {
	for i := range r.book.key {
		a, b := r.cells[i].String, other.cells[i].String
		if a == b {
			continue
		}
		if i < r.book.key-r.book.numbers {
			return strings.Compare(a, b)
		}
		m, _ := strconv.ParseInt(a, 10, 64) // PostgreSQL wrote them
		n, _ := strconv.ParseInt(b, 10, 64)
		if m < n {
			return -1
		}
		return 1
	}
	return 0
}

// keyText names the row by its key.
func (r *bookRow) keyText() string {
	var parts []string
	for i := range r.book.key {
		parts = append(parts, r.cells[i].String)
	}
	return strings.Join(parts, "/")
}

// cell is empty for null.
func (r *bookRow) cell(name string) string {
	for i := range r.names {
		if r.names[i] == name {
			return r.cells[i].String
		}
	}
	return ""
}

// BookDigest sums up all rows of one kind: two databases in which it is the same say the same.
type BookDigest struct {
	Name   string `json:"name"`
	Rows   int    `json:"rows"`
	SHA256 string `json:"sha256"`
}

// Digests sums up what a database says, one entry a kind of row. It does not depend on how facts came in batches.
func Digests(ctx context.Context, db *sqlx.DB) ([]BookDigest, error) {
	tx, err := snapshot(ctx, db)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // it was only read
	var all []BookDigest
	for i := range books {
		d := BookDigest{Name: books[i].name}
		h := sha256.New()
		var size [4]byte
		for row, err := range books[i].rows(ctx, tx, time.Time{}) {
			if err != nil {
				return nil, err
			}
			d.Rows++
			for _, c := range row.cells { // each behind its length, which is -1 for null
				length := uint32(len(c.String))
				if !c.Valid {
					length = ^uint32(0)
				}
				binary.BigEndian.PutUint32(size[:], length)
				h.Write(size[:]) // a hash never fails to write
				h.Write([]byte(c.String))
			}
		}
		d.SHA256 = hex.EncodeToString(h.Sum(nil))
		all = append(all, d)
	}
	return all, nil
}

// snapshot begins to read a database as it stands now, in the order of the indexes: what is read may be all of it.
func snapshot(ctx context.Context, db *sqlx.DB) (*sqlx.Tx, error) {
	tx, err := db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("read the database as it stands: %w", err)
	}
	if _, err = tx.ExecContext(ctx, asIndexed); err != nil {
		tx.Rollback() // the error before says more
		return nil, fmt.Errorf("read the database as it stands: %w", err)
	}
	return tx, nil
}

// asIndexed lets a transaction write times as all do, and read along the indexes.
const asIndexed = `SET LOCAL TIME ZONE 'UTC'; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL jit = off`
