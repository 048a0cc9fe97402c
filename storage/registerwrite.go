package storage

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"harkara/dlt"
)

// readNamed reads the rows that an import names, and all headers, since an import must not take over another entity's.
func readNamed(ctx context.Context, tx *sqlx.Tx, imp *dlt.Import) (c dlt.Contents, err error) {
	err = queryRows(ctx, tx, &c, `
		SELECT DISTINCT ON (key) kind, body FROM harkara.register_row WHERE kind = $1 ORDER BY key DESC, version DESC`, string(dlt.KindHeader))
	for kind, keys := range named(imp) {
		if err != nil {
			return c, err
		}
		err = queryRows(ctx, tx, &c, `
			SELECT DISTINCT ON (key) kind, body FROM harkara.register_row WHERE kind = $1 AND key = ANY($2)
			ORDER BY key DESC, version DESC`, string(kind), pq.StringArray(slices.Collect(maps.Keys(keys))))
	}
	return c, err
}

// named are the keys of the rows that an import holds or names, except headers.
func named(imp *dlt.Import) map[dlt.Kind]map[string]bool {
	keys := map[dlt.Kind]map[string]bool{}
	add := func(kind dlt.Kind, key string) {
		if keys[kind] == nil {
			keys[kind] = map[string]bool{}
		}
		keys[kind][key] = true
	}
	for i := range imp.Entities {
		add(dlt.KindEntity, string(imp.Entities[i].Value.ID))
	}
	for i := range imp.Headers {
		add(dlt.KindEntity, string(imp.Headers[i].Value.Entity))
	}
	for i := range imp.Templates {
		t := &imp.Templates[i].Value
		add(dlt.KindTemplate, string(t.ID))
		add(dlt.KindEntity, string(t.Entity))
	}
	for i := range imp.Links {
		l := &imp.Links[i].Value
		add(dlt.KindLink, linkKey(l))
		add(dlt.KindTemplate, string(l.Template))
	}
	for i := range imp.CTAs {
		c := &imp.CTAs[i].Value
		add(dlt.KindCTA, ctaKey(c))
		add(dlt.KindEntity, string(c.Entity))
	}
	for i := range imp.Chains {
		c := &imp.Chains[i].Value
		add(dlt.KindChain, chainKey(c))
		add(dlt.KindEntity, string(c.Entity))
	}
	return keys
}

// rowWriter writes rows of one import as a version of the register.
type rowWriter struct {
	conn        *sql.Conn
	version, id int64
	progress    func(done, total int)
}

func (w *rowWriter) write(ctx context.Context, drafts []*draft) error {
	r := newRows("register_row", "kind, key, version, import, line, valid_from, valid_to, status, operator, body")
	done := 0
	for chunk := range slices.Chunk(drafts, importChunk) {
		r.reset()
		for _, d := range chunk {
			r.text(string(d.kind))
			r.text(d.key)
			r.int(w.version)
			r.int(w.id)
			r.int(int64(d.at.line))
			r.timeOrNull(d.standing.From)
			r.timeOrNull(d.standing.To)
			r.text(string(d.standing.Status))
			r.text(string(d.standing.Operator))
			r.text(string(d.now))
			r.end()
		}
		if err := r.copyIn(ctx, w.conn); err != nil {
			return err
		}
		if done += len(chunk); w.progress != nil {
			w.progress(done, len(drafts))
		}
	}
	return nil
}
