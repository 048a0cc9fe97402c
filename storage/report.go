package storage

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

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
	State    sms.State
	ToDigest []byte // Vault.Digest of the number
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

const selectMessages = `
	SELECT tenant, id, ref, state, class, template, header, entity, category, coalesce(smsc, ''), segments, to_last4,
	       coalesce(error_stage, ''), coalesce(error_code, ''), coalesce(error_reason, ''), possible_duplicate,
	       requested_at, submitted_at, final_at, register, coalesce(error_detail, '')
	FROM harkara.v_message`

// Messages yields the messages that the filter chooses, oldest request first, while they come from PostgreSQL: it needs
// the same memory for ten as for ten million. An error is yielded once, as the last pair. The caller may stop early.
func Messages(ctx context.Context, db *sqlx.DB, f MessageFilter) iter.Seq2[MessageRow, error] {
	where := f.where()
	// Keys begin with the time of the request, and have an index.
	return stream(ctx, db, "report messages", selectMessages+where.String()+" ORDER BY key", where.args, scanMessage)
}

// stream yields the rows of a query while they come from PostgreSQL; an error is yielded once, as the last pair.
func stream[T any](ctx context.Context, db *sqlx.DB, what, query string, args []any, scan func(*sql.Rows) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		fail := func(err error) {
			if ctx.Err() != nil {
				err = ctx.Err() // PostgreSQL and the driver have their own words for it
			}
			var none T
			yield(none, fmt.Errorf("%s: %w", what, err))
		}
		rows, err := db.QueryContext(ctx, query, args...)
		if err != nil {
			fail(err)
			return
		}
		defer rows.Close()
		defer cancel() // first: it stops the query in the server, and to close rows alone would read all that is left
		for rows.Next() {
			row, err := scan(rows)
			if err = cmp.Or(err, ctx.Err()); err != nil {
				fail(err)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			fail(err)
		}
	}
}

func scanMessage(rows *sql.Rows) (m MessageRow, err error) {
	err = rows.Scan(&m.Tenant, &m.ID, &m.Ref, &m.State, &m.Class, &m.Template, &m.Header, &m.Entity, &m.Category,
		&m.SMSC, &m.Segments, &m.ToLast4, &m.ErrorStage, &m.ErrorCode, &m.ErrorReason, &m.PossibleDuplicate,
		&m.RequestedAt, &m.SubmittedAt, &m.FinalAt, &m.Register, &m.ErrorDetail)
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

func (f *MessageFilter) where() *where {
	var w where
	w.requested(f.From, f.To)
	w.equal("tenant", string(f.Tenant))
	w.equal("id", string(f.ID))
	w.equal("ref", f.Ref)
	w.equal("template", string(f.Template))
	w.equal("state", string(f.State))
	if len(f.ToDigest) > 0 {
		w.add("to_digest = $%d", f.ToDigest)
	}
	return &w
}

// where gathers the conditions of a query with their arguments. Conditions are texts of this package; what comes from
// outside goes into the arguments alone.
type where struct {
	conditions []string
	args       []any
}

// add adds a condition, whose %d becomes its argument's number.
func (w *where) add(condition string, arg any) {
	w.args = append(w.args, arg)
	w.conditions = append(w.conditions, fmt.Sprintf(condition, len(w.args)))
}

func (w *where) equal(column, value string) {
	if value != "" {
		w.add(column+" = $%d", value)
	}
}

func (w *where) requested(from, to time.Time) {
	if !from.IsZero() {
		w.add("requested_at >= $%d", from)
	}
	if !to.IsZero() {
		w.add("requested_at < $%d", to)
	}
}

// String returns the WHERE clause, empty where there is no condition.
func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}
