package storage

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// MessageFilter chooses messages; an empty field chooses all.
type MessageFilter struct {
	From, To time.Time // requested in [From, To)
	Tenant   sms.TenantID
	ID       sms.RequestID
	Ref      string
	Template dlt.TemplateID
	Header   dlt.Header
	SMSC     sms.SMSCID
	Class    string
	State    sms.State
	Number   []MonthDigests // oldest first; of Vault.Digests. Empty but not nil: a number that no row can have
}

// MessageRow is one message as it stands. Texts are empty and times nil where there is none; times are UTC.
type MessageRow struct {
	Tenant            sms.TenantID   `json:"tenant"`
	ID                sms.RequestID  `json:"id"`
	Ref               string         `json:"ref"`
	State             sms.State      `json:"state"`
	Class             string         `json:"class"`
	Template          dlt.TemplateID `json:"template"`
	Header            dlt.Header     `json:"header"`
	Entity            dlt.EntityID   `json:"entity"`
	Category          dlt.Category   `json:"category"`
	SMSC              sms.SMSCID     `json:"smsc"`
	Segments          int            `json:"segments"`
	ToLast4           string         `json:"to_last4"`
	ErrorStage        sms.Stage      `json:"error_stage"`
	ErrorCode         string         `json:"error_code"`
	ErrorReason       string         `json:"error_reason"`
	ErrorDetail       string         `json:"error_detail"` // in words
	PossibleDuplicate bool           `json:"possible_duplicate"`
	RequestedAt       time.Time      `json:"requested_at"`
	SubmittedAt       *time.Time     `json:"submitted_at"`
	FinalAt           *time.Time     `json:"final_at"`
	Register          *int64         `json:"register"` // the version that it was checked against; nil in older rows
}

// Messages yields the messages that the filter chooses, oldest request first, while they come from PostgreSQL: it needs
// the same memory for ten as for ten million. An error is yielded once, as the last pair. The caller may stop early.
func Messages(ctx context.Context, db *sqlx.DB, f MessageFilter) iter.Seq2[MessageRow, error] {
	return inSnapshot(ctx, db, "report messages", func(ctx context.Context, tx *sqlx.Tx, emit func(MessageRow) error) error {
		if f.Number != nil {
			return f.byNumber(ctx, tx, emit)
		}
		days, err := f.days(ctx, tx)
		if err != nil {
			return err
		}
		for _, day := range days {
			if err := f.readDay(ctx, tx, day, nil, emit); err != nil {
				return err
			}
		}
		return nil
	})
}

// selectMessages reads messages as they stand, between two keys. Both tables have these bounds, so that one day of each is
// read.
const selectMessages = `
	SELECT m.tenant, m.id, m.ref, coalesce(t.state, m.state), m.class, m.template, m.header, m.entity, m.category,
	       coalesce(CASE WHEN t.state IS NULL THEN m.smsc ELSE t.smsc END, ''), m.segments, m.to_last4,
	       coalesce(CASE WHEN t.state IS NULL THEN m.error_stage ELSE t.error_stage END, ''),
	       coalesce(CASE WHEN t.state IS NULL THEN m.error_code ELSE t.error_code END, ''),
	       coalesce(CASE WHEN t.state IS NULL THEN m.error_reason ELSE t.error_reason END, ''),
	       coalesce(CASE WHEN t.state IS NULL THEN m.error_detail ELSE t.error_detail END, ''),
	       coalesce(t.possible_duplicate, m.possible_duplicate), m.requested_at,
	       CASE WHEN t.state IS NULL THEN m.submitted_at ELSE t.submitted_at END,
	       CASE WHEN t.state IS NULL THEN m.final_at ELSE t.final_at END, m.register
	FROM harkara.v_request m
	LEFT JOIN LATERAL (
		SELECT * FROM harkara.v_standing a WHERE a.key = m.key AND a.key >= $1 AND a.key < $2 ORDER BY a.fact DESC LIMIT 1
	) t ON true
	WHERE m.key >= $1 AND m.key < $2`

// readDay emits the messages of one day, or of a part of it, that have one of the keys; nil: any.
func (f *MessageFilter) readDay(ctx context.Context, tx *sqlx.Tx, day span, keys []sms.Key, emit func(MessageRow) error) error {
	w := where{args: []any{day.low, day.high}}
	if keys != nil {
		w.add("m.key = ANY($%d::uuid[])", pq.Array(keys))
	}
	w.between("m.requested_at", f.From, f.To)
	w.equal("m.tenant", string(f.Tenant))
	w.equal("m.id", string(f.ID))
	w.equal("m.ref", f.Ref)
	w.equal("m.template", string(f.Template))
	w.equal("m.header", string(f.Header))
	w.equal("m.class", f.Class)
	w.equal("coalesce(t.state, m.state)", string(f.State))
	w.equal("CASE WHEN t.state IS NULL THEN m.smsc ELSE t.smsc END", string(f.SMSC))
	return each(ctx, tx, selectMessages+w.and()+" ORDER BY m.key", w.args, func(rows *sql.Rows) error {
		m, err := scanMessage(rows)
		if err != nil {
			return err
		}
		return emit(m)
	})
}

func scanMessage(rows *sql.Rows) (m MessageRow, err error) {
	err = rows.Scan(&m.Tenant, &m.ID, &m.Ref, &m.State, &m.Class, &m.Template, &m.Header, &m.Entity, &m.Category,
		&m.SMSC, &m.Segments, &m.ToLast4, &m.ErrorStage, &m.ErrorCode, &m.ErrorReason, &m.ErrorDetail,
		&m.PossibleDuplicate, &m.RequestedAt, &m.SubmittedAt, &m.FinalAt, &m.Register)
	m.RequestedAt, m.SubmittedAt, m.FinalAt = m.RequestedAt.UTC(), inUTC(m.SubmittedAt), inUTC(m.FinalAt)
	return m, err
}

func inUTC(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
