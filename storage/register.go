package storage

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"harkara/dlt"
)

// registered is the register's rows as PostgreSQL has them.
type registered struct {
	entities  []dlt.Entity
	headers   []dlt.HeaderRecord
	templates []dlt.Template
}

// LoadRegister reads the whole register as it stands at one moment.
func LoadRegister(ctx context.Context, db *sqlx.DB) (*dlt.Register, error) {
	tx, err := db.BeginTxx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("load the register: %w", err)
	}
	defer tx.Rollback()
	r, err := readRegister(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("load the register: %w", err)
	}
	return dlt.NewRegister(r.entities, r.headers, r.templates), nil
}

// RegisterVersion returns a number that grows with every import that changed something. Read it before LoadRegister:
// a change that comes between the two is then loaded once more, and never missed.
func RegisterVersion(ctx context.Context, db *sqlx.DB) (version int64, err error) {
	if err := db.GetContext(ctx, &version, `SELECT version FROM harkara.register_version`); err != nil {
		return 0, fmt.Errorf("read the register's version: %w", err)
	}
	return version, nil
}

func readRegister(ctx context.Context, tx *sqlx.Tx) (r registered, err error) {
	if err := tx.SelectContext(ctx, &r.entities, `SELECT id, name, active FROM harkara.entity`); err != nil {
		return r, fmt.Errorf("entities: %w", err)
	}
	if err := tx.SelectContext(ctx, &r.headers, `SELECT header, entity, active FROM harkara.header`); err != nil {
		return r, fmt.Errorf("headers: %w", err)
	}
	rows, err := tx.QueryContext(ctx, `
		SELECT t.id, t.entity, t.name, t.content, t.category, t.var_types, t.active, h.headers
		FROM harkara.template t
		LEFT JOIN (SELECT template, array_agg(header ORDER BY header) AS headers
		           FROM harkara.template_header GROUP BY template) h ON h.template = t.id`)
	if err != nil {
		return r, fmt.Errorf("templates: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var t dlt.Template
		var types, headers pq.StringArray
		if err := rows.Scan(&t.ID, &t.Entity, &t.Name, &t.Content, &t.Category, &types, &t.Active, &headers); err != nil {
			return r, fmt.Errorf("templates: %w", err)
		}
		t.VarTypes, t.Headers = words[dlt.VarType](types), words[dlt.Header](headers)
		r.templates = append(r.templates, t)
	}
	if err := rows.Err(); err != nil {
		return r, fmt.Errorf("templates: %w", err)
	}
	return r, nil
}

// words gives texts from the database their type; nil for none.
func words[T ~string](texts []string) []T {
	var typed []T
	for _, s := range texts {
		typed = append(typed, T(s))
	}
	return typed
}
