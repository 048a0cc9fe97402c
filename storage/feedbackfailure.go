package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// FailureRow is how often messages of one template failed at the scrubber of one SMSC, for one reason. Times are UTC.
type FailureRow struct {
	SMSC     sms.SMSCID     `json:"smsc"`
	Kind     dlt.Kind       `json:"kind" db:"subject_kind"` // of what is blamed
	Subject  string         `json:"subject"`                // a header or a template's id; of other kinds the entity's id
	Entity   dlt.EntityID   `json:"entity"`
	Template dlt.TemplateID `json:"template"`
	Reason   string         `json:"reason"` // as dictionaries call it
	Code     string         `json:"code"`   // as the SMSC wrote it
	Class    dlt.ErrorClass `json:"class"`
	FirstAt  time.Time      `json:"first_at" db:"first_at"`
	LastAt   time.Time      `json:"last_at" db:"last_at"`
	Count    int64          `json:"count"` // messages
}

// FailureFilter chooses failures; an empty field chooses all.
type FailureFilter struct {
	Since    time.Time // the last one came at or after it
	Template dlt.TemplateID
}

// Failures returns what Learn has found to fail at scrubbers, what failed last first.
func Failures(ctx context.Context, db *sqlx.DB, f FailureFilter) (rows []FailureRow, err error) {
	var w where
	if !f.Since.IsZero() {
		w.add("last_at >= $%d", f.Since)
	}
	w.equal("template", string(f.Template))
	err = db.SelectContext(ctx, &rows, `
		SELECT smsc, subject_kind, subject, entity, template, reason, code, class, first_at, last_at, count
		FROM harkara.dlt_failure`+w.String()+`
		ORDER BY last_at DESC, template, smsc, reason, code, subject_kind, subject, entity`, w.args...)
	if err != nil {
		return nil, fmt.Errorf("read the failures at scrubbers: %w", err)
	}
	for i := range rows {
		rows[i].FirstAt, rows[i].LastAt = rows[i].FirstAt.UTC(), rows[i].LastAt.UTC()
	}
	return rows, nil
}

// writeFailures adds failures to those that are in the database.
func writeFailures(ctx context.Context, tx *sqlx.Tx, failures []signal) error {
	if len(failures) == 0 {
		return nil
	}
	columns := make([]pq.StringArray, 8)
	times := make([]time.Time, 0, len(failures))
	for i := range failures {
		f := &failures[i]
		kind, subject := f.subject()
		for c, text := range [...]string{string(f.pair.SMSC), string(kind), subject, string(f.entity), string(f.pair.Template),
			f.reason, f.code, string(faultOf(f.reason).class)} {
			columns[c] = append(columns[c], text)
		}
		times = append(times, f.at)
	}
	args := []any{pq.Array(timestamps(times))}
	for _, c := range columns {
		args = append(args, c)
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO harkara.dlt_failure AS d
			(smsc, subject_kind, subject, entity, template, reason, code, class, first_at, last_at, count)
		SELECT smsc, kind, subject, entity, template, reason, code, class, min(at), max(at), count(*)
		FROM unnest($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
			$9::text[])
			AS f(at, smsc, kind, subject, entity, template, reason, code, class)
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
		ON CONFLICT (template, smsc, subject_kind, subject, entity, reason, code) DO UPDATE SET
			class = excluded.class, first_at = least(d.first_at, excluded.first_at),
			last_at = greatest(d.last_at, excluded.last_at), count = d.count + excluded.count`, args...)
	if err != nil {
		return fmt.Errorf("write the failures: %w", err)
	}
	return nil
}
