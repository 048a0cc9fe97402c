package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Pair is a template on one SMSC.
type Pair struct {
	Template dlt.TemplateID
	SMSC     sms.SMSCID
}

// Quarantine returns the pairs that are in quarantine, with the time since when, and a version that is another one
// whenever they are others. It is cheap enough to ask every second.
func Quarantine(ctx context.Context, db *sqlx.DB) (pairs map[Pair]time.Time, version int64, err error) {
	// One statement, so that the version is that of the pairs.
	found, err := db.QueryContext(ctx, `
		SELECT f.quarantine_version, q.template, q.smsc, q.quarantined_at
		FROM harkara.feedback f LEFT JOIN harkara.quarantine q ON q.released_at IS NULL`)
	if err != nil {
		return nil, 0, fmt.Errorf("read the quarantine: %w", err)
	}
	defer found.Close()
	pairs = map[Pair]time.Time{}
	for found.Next() {
		var template, smsc sql.NullString
		var since sql.NullTime
		if err := found.Scan(&version, &template, &smsc, &since); err != nil {
			return nil, 0, fmt.Errorf("read the quarantine: %w", err)
		}
		if template.Valid {
			pairs[Pair{dlt.TemplateID(template.String), sms.SMSCID(smsc.String)}] = since.Time.UTC()
		}
	}
	if err := found.Err(); err != nil {
		return nil, 0, fmt.Errorf("read the quarantine: %w", err)
	}
	return pairs, version, nil
}

// Release lifts a template's quarantine on one SMSC, or on all where smsc is empty, and returns how many pairs that
// were. By is who wants it. Failures are counted anew from then: those of attempts that are planned later.
func Release(ctx context.Context, db *sqlx.DB, template dlt.TemplateID, smsc sms.SMSCID, by string) (int, error) {
	fail := func(err error) (int, error) { return 0, fmt.Errorf("release template %s: %w", template, err) }
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return fail(err)
	}
	defer tx.Rollback() // an error after Commit is expected
	// Whoever learns has the row, so that what it has just read of the pair still holds when it writes.
	if _, err := tx.ExecContext(ctx, `SELECT FROM harkara.feedback FOR UPDATE`); err != nil {
		return fail(err)
	}
	result, err := tx.ExecContext(ctx, `UPDATE harkara.quarantine SET released_at = clock_timestamp(), released_by = $3
		WHERE template = $1 AND (smsc = $2 OR $2 = '') AND released_at IS NULL`, template, smsc, by)
	if err != nil {
		return fail(err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return fail(err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE harkara.feedback SET quarantine_version = quarantine_version + $1`,
		min(n, 1)); err != nil {
		return fail(err)
	}
	if err := tx.Commit(); err != nil {
		return fail(err)
	}
	return int(n), nil
}

// QuarantineRow is a pair that is in quarantine, or was. Times are UTC; ReleasedAt is nil while it is.
type QuarantineRow struct {
	Template      dlt.TemplateID `json:"template"`
	SMSC          sms.SMSCID     `json:"smsc"`
	Reason        string         `json:"reason"` // of the failure that filled the measure, as dictionaries call it
	Code          string         `json:"code"`   // as the SMSC wrote it
	Detail        string         `json:"detail"`
	Failures      int            `json:"failures"` // in a row
	QuarantinedAt time.Time      `json:"quarantined_at" db:"quarantined_at"`
	ReleasedAt    *time.Time     `json:"released_at" db:"released_at"`
	ReleasedBy    string         `json:"released_by" db:"released_by"`
}

// QuarantineRows returns all that ever was in quarantine: first what still is, then the rest, each newest first.
func QuarantineRows(ctx context.Context, db *sqlx.DB) (rows []QuarantineRow, err error) {
	err = db.SelectContext(ctx, &rows, `
		SELECT template, smsc, reason, code, detail, failures, quarantined_at, released_at,
		       coalesce(released_by, '') AS released_by
		FROM harkara.quarantine ORDER BY released_at IS NOT NULL, id DESC`)
	if err != nil {
		return nil, fmt.Errorf("read the quarantine: %w", err)
	}
	for i := range rows {
		rows[i].QuarantinedAt, rows[i].ReleasedAt = rows[i].QuarantinedAt.UTC(), inUTC(rows[i].ReleasedAt)
	}
	return rows, nil
}
