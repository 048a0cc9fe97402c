package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
)

// tellDataKey brings PostgreSQL's copy of a key to what the ring has of it. A copy never becomes more than it is.
func tellDataKey(ctx context.Context, db *sqlx.DB, k, have *ringKey) error {
	var err error
	switch {
	case have == nil:
		_, err = db.ExecContext(ctx, `INSERT INTO harkara.data_key (id, tenant, month, wrapped, made_at, shredded_at)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
			k.ID, string(k.Tenant), k.day(), k.Wrapped, k.Made, nullTime(k.Shredded))
	case !have.sound():
		_, err = db.ExecContext(ctx, `UPDATE harkara.data_key SET wrapped = $2, shredded_at = $3
			WHERE id = $1 AND wrapped IS NOT DISTINCT FROM $4`, k.ID, k.Wrapped, nullTime(k.Shredded), have.Wrapped)
	case have.level() > k.level():
		_, err = db.ExecContext(ctx, `UPDATE harkara.data_key SET wrapped = $2, shredded_at = $3
			WHERE id = $1 AND length(wrapped) > coalesce(length($2::bytea), 0)`, k.ID, k.Wrapped, nullTime(k.Shredded))
	}
	if err != nil {
		return fmt.Errorf("copy a data key to PostgreSQL: %w", err)
	}
	return nil
}

// rewrap gives a row of the time before a rotation the new master key's wrapping, unless it has changed since it was read.
func (v *Vault) rewrap(ctx context.Context, db *sqlx.DB, s *vaultState, row *ringKey) error {
	if s.previous == nil || s.previous.fingerprint == s.master.fingerprint || row.level() == destroyed || !row.sound() ||
		wrappedBy(row.Wrapped) != s.previous.fingerprint {
		return nil
	}
	wrapped, err := s.master.rewrap(row, s.previous)
	if err != nil {
		return fmt.Errorf("data key %s of PostgreSQL: %w", row.ID, err)
	}
	_, err = db.ExecContext(ctx, `UPDATE harkara.data_key SET wrapped = $2 WHERE id = $1 AND wrapped = $3`,
		row.ID, wrapped, row.Wrapped)
	if err != nil {
		return fmt.Errorf("wrap a data key of PostgreSQL anew: %w", err)
	}
	row.Wrapped = wrapped
	return nil
}

// readDataKeys returns the rows of harkara.data_key by their ids.
func readDataKeys(ctx context.Context, db *sqlx.DB) (map[string]*ringKey, error) {
	found, err := db.QueryContext(ctx, `SELECT id, tenant, month, wrapped, made_at, shredded_at FROM harkara.data_key`)
	if err != nil {
		return nil, fmt.Errorf("read the data keys: %w", err)
	}
	defer found.Close()
	all := map[string]*ringKey{}
	for found.Next() {
		var k ringKey
		var day time.Time
		var shredded sql.NullTime
		if err := found.Scan(&k.ID, &k.Tenant, &day, &k.Wrapped, &k.Made, &shredded); err != nil {
			return nil, fmt.Errorf("read the data keys: %w", err)
		}
		k.Shredded = shredded.Time
		if day.Year() > 1 {
			k.Month = monthOf(time.Date(day.Year(), day.Month(), 1, 12, 0, 0, 0, dlt.IST)).String()
		}
		all[k.ID] = &k
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read the data keys: %w", err)
	}
	return all, nil
}

// day is the first day of a key's month as PostgreSQL has it; 0001-01-01 where it is of all months.
func (k *ringKey) day() string {
	if k.Month == "" {
		return "0001-01-01"
	}
	return k.Month + "-01"
}

func nullTime(t time.Time) sql.NullTime { return sql.NullTime{Time: t, Valid: !t.IsZero()} }
