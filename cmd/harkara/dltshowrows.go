package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
	"harkara/storage"
)

// key names a row of the register, as storage.History does.
type key struct {
	kind dlt.Kind
	key  string
}

// rows are what the flags ask for, as at a version; 0 is the latest.
func (s *showing) rows(ctx context.Context, db *sqlx.DB, version int64) ([]standing, error) {
	reg, err := storage.LoadRegister(ctx, db)
	if err != nil {
		return nil, err
	}
	if version < 0 || version > reg.Version() {
		return nil, fmt.Errorf("--version %d: the register's versions go from 1 to %d", version, reg.Version())
	}
	keys := s.keys(reg)
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s is not in the register; dlt import brings it in", s.template+s.header+s.entity)
	}
	held, err := storage.QuarantineRows(ctx, db)
	if err != nil {
		return nil, err
	}
	var rows []standing
	for _, k := range keys {
		history, err := storage.History(ctx, db, k.kind, k.key)
		if err != nil {
			return nil, err
		}
		row := newStanding(k, history, version)
		if row.Row == nil && (k.kind == dlt.KindCTA || k.kind == dlt.KindChain) {
			continue // what came later says nothing of the entity as it was
		}
		for _, q := range held {
			if q.ReleasedAt == nil && k.kind == dlt.KindTemplate && string(q.Template) == k.key {
				row.Quarantine = append(row.Quarantine, q)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// keys names the rows that are asked for. Rows never leave the register, so that its latest version knows all.
func (s *showing) keys(reg *dlt.Register) (keys []key) {
	if t, ok := reg.Template(dlt.TemplateID(s.template)); ok {
		keys = append(keys, key{dlt.KindTemplate, s.template})
		for _, l := range t.Links {
			keys = append(keys, key{dlt.KindLink, s.template + " " + string(l.Header)})
		}
	}
	if _, ok := reg.Entity(dlt.EntityID(s.entity)); ok {
		keys = append(keys, key{dlt.KindEntity, s.entity})
	}
	for h := range reg.Headers() {
		if string(h.Header) == s.header || string(h.Entity) == s.entity {
			keys = append(keys, key{dlt.KindHeader, string(h.Header) + " " + string(h.Entity)})
		}
	}
	if s.entity == "" {
		return keys
	}
	rows := reg.Contents()
	for _, c := range rows.CTAs {
		if string(c.Entity) == s.entity {
			keys = append(keys, key{dlt.KindCTA, fmt.Sprintf("%s %s %s", c.Entity, c.Type, c.Value)})
		}
	}
	for _, c := range rows.Chains {
		if string(c.Entity) == s.entity {
			keys = append(keys, key{dlt.KindChain, chainKey(&c)})
		}
	}
	return keys
}

// chainKey names a chain as storage.History does: by the time from which it counts too, "-" for from ever.
func chainKey(c *dlt.ChainRecord) string {
	from := "-"
	if !c.From.IsZero() {
		from = c.From.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("%s %s %s", c.Entity, from, c.SMSC)
}
