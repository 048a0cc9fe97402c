package storage

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
)

// LoadRegister reads the whole register as it stands at one moment.
func LoadRegister(ctx context.Context, db *sqlx.DB) (r *dlt.Register, err error) {
	err = readRegister(ctx, db, func(tx *sqlx.Tx, now edition) error {
		r, err = readAt(ctx, tx, now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load the register: %w", err)
	}
	return r, nil
}

// LoadRegisterAt reads the whole register as it stood at a version, such as a message's.
func LoadRegisterAt(ctx context.Context, db *sqlx.DB, version int64) (r *dlt.Register, err error) {
	err = readRegister(ctx, db, func(tx *sqlx.Tx, now edition) error {
		if version < 1 || version > now.Version {
			return fmt.Errorf("there is none: versions go from 1 to %d", now.Version)
		}
		then := edition{Version: version}
		if err := tx.GetContext(ctx, &then.Mark, `SELECT `+markOf+` FROM (SELECT $1::bigint AS version) v`, version); err != nil {
			return err
		}
		r, err = readAt(ctx, tx, then)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load version %d of the register: %w", version, err)
	}
	return r, nil
}

// RefreshRegister brings a snapshot up to date: it reads only what is newer, and returns have itself where that is
// nothing. changed are the templates that have newer rows of their own. Where the snapshot is of no version that the
// database has had (it was put back from a backup, and perhaps has counted on from there) it loads the whole register,
// and changed are all templates of both.
func RefreshRegister(ctx context.Context, db *sqlx.DB, have *dlt.Register) (r *dlt.Register, changed []dlt.TemplateID, err error) {
	err = readRegister(ctx, db, func(tx *sqlx.Tx, now edition) error {
		held := edition{have.Version(), have.Mark()}
		if now == held {
			r = have
			return nil
		}
		var known bool
		if err := tx.GetContext(ctx, &known, `SELECT EXISTS (SELECT FROM harkara.register_import
			WHERE version = $1 AND mark::text = $2)`, held.Version, held.Mark); err != nil {
			return err
		}
		if !known {
			held.Version = 0
		}
		c, err := readRows(ctx, tx, held.Version, now)
		if err != nil {
			return err
		}
		for i := range c.Templates {
			changed = append(changed, c.Templates[i].ID)
		}
		if known {
			r = have.With(now.Version, c)
			return nil
		}
		r = dlt.NewRegister(now.Version, c)
		for t := range have.Templates() {
			if _, ok := r.Template(t.ID); !ok {
				changed = append(changed, t.ID)
			}
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("refresh the register: %w", err)
	}
	return r, changed, nil
}

// RegisterVersion returns a number that grows with every import that changed something, and the mark of that import:
// see dlt.Contents. The mark is empty where there was none yet.
func RegisterVersion(ctx context.Context, db *sqlx.DB) (version int64, mark string, err error) {
	var now edition
	if err := db.GetContext(ctx, &now, selectEdition); err != nil {
		return 0, "", fmt.Errorf("read the register's version: %w", err)
	}
	return now.Version, now.Mark, nil
}

// edition is the register as one import left it, in whatever database.
type edition struct {
	Version int64  `json:"version"`
	Mark    string `json:"mark"`
}

// markOf is the mark of the import that made the version of v: later ones of the same version changed nothing.
const markOf = `coalesce((SELECT i.mark::text FROM harkara.register_import i WHERE i.version = v.version ORDER BY i.id LIMIT 1), '')`

const selectEdition = `SELECT v.version, ` + markOf + ` AS mark FROM harkara.register_version v`

// readRegister calls read in a transaction that sees the tables as they were at one moment, with what stands there then.
func readRegister(ctx context.Context, db *sqlx.DB, read func(tx *sqlx.Tx, now edition) error) error {
	tx, err := db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var now edition
	if err := tx.GetContext(ctx, &now, selectEdition); err != nil {
		return err
	}
	return read(tx, now)
}

// readAt reads the whole register of an edition.
func readAt(ctx context.Context, tx *sqlx.Tx, e edition) (*dlt.Register, error) {
	c, err := readRows(ctx, tx, 0, e)
	if err != nil {
		return nil, err
	}
	return dlt.NewRegister(e.Version, c), nil
}

// readRows reads each row that has a version after since, up to the edition's, in the newest of them.
func readRows(ctx context.Context, tx *sqlx.Tx, since int64, until edition) (dlt.Contents, error) {
	c := dlt.Contents{Mark: until.Mark}
	// The order is the primary key's, backwards.
	err := queryRows(ctx, tx, &c, `
		SELECT DISTINCT ON (kind, key) kind, body FROM harkara.register_row WHERE version > $1 AND version <= $2
		ORDER BY kind DESC, key DESC, version DESC`, since, until.Version)
	return c, err
}

// queryRows adds the rows (kind, body) of a query to the contents.
func queryRows(ctx context.Context, tx *sqlx.Tx, c *dlt.Contents, query string, args ...any) error {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	var kind dlt.Kind
	var body sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&kind, &body); err != nil {
			return err
		}
		if err := addRow(c, kind, body); err != nil {
			return err
		}
	}
	return rows.Err()
}
