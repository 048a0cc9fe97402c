package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"harkara/dlt"
)

// importChunk is how many rows one statement of an import carries.
const importChunk = 5000

// ImportTemplates takes templates into the register, all in one transaction, with the entities and headers that they
// name; see planImport for what changes what. With dryRun it says what it would do and writes nothing. Imports at the
// same time go one after the other. The error is about the import as a whole, and then nothing was taken over.
func ImportTemplates(ctx context.Context, db *sqlx.DB, rows []dlt.ImportRow, dryRun bool) (ImportResult, error) {
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return ImportResult{}, fmt.Errorf("import templates: %w", err)
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `SELECT version FROM harkara.register_version FOR UPDATE`); err != nil {
		return ImportResult{}, fmt.Errorf("import templates: wait for other imports: %w", err)
	}
	now, err := readRegister(ctx, tx)
	if err != nil {
		return ImportResult{}, fmt.Errorf("import templates: read the register: %w", err)
	}
	plan, result := planImport(now, rows)
	if dryRun || result.New+result.Changed == 0 {
		return result, nil
	}
	if err := plan.write(ctx, tx); err != nil {
		return ImportResult{}, fmt.Errorf("import templates: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return ImportResult{}, fmt.Errorf("import templates: commit: %w", err)
	}
	return result, nil
}

// write brings the plan into the tables, in the order in which they refer to each other, and counts the version up.
func (p *importPlan) write(ctx context.Context, tx *sqlx.Tx) error {
	for chunk := range slices.Chunk(p.entities, importChunk) {
		_, err := tx.ExecContext(ctx, `INSERT INTO harkara.entity (id, name, active) SELECT unnest($1::text[]), '', true`,
			column(chunk, func(id dlt.EntityID) string { return string(id) }))
		if err != nil {
			return fmt.Errorf("write entities: %w", err)
		}
	}
	for chunk := range slices.Chunk(p.headers, importChunk) {
		_, err := tx.ExecContext(ctx, `INSERT INTO harkara.header (header, entity, active)
			SELECT header, entity, true FROM unnest($1::text[], $2::text[]) AS r (header, entity)`,
			column(chunk, func(h dlt.HeaderRecord) string { return string(h.Header) }),
			column(chunk, func(h dlt.HeaderRecord) string { return string(h.Entity) }))
		if err != nil {
			return fmt.Errorf("write headers: %w", err)
		}
	}
	for chunk := range slices.Chunk(p.templates, importChunk) {
		if err := writeTemplates(ctx, tx, chunk); err != nil {
			return fmt.Errorf("write templates: %w", err)
		}
	}
	for chunk := range slices.Chunk(p.links, importChunk) {
		_, err := tx.ExecContext(ctx, `INSERT INTO harkara.template_header (template, header)
			SELECT template, header FROM unnest($1::text[], $2::text[]) AS r (template, header)`,
			column(chunk, func(l link) string { return string(l.template) }),
			column(chunk, func(l link) string { return string(l.header) }))
		if err != nil {
			return fmt.Errorf("write links of templates and headers: %w", err)
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE harkara.register_version SET version = version + 1`); err != nil {
		return fmt.Errorf("count the version up: %w", err)
	}
	return nil
}

func writeTemplates(ctx context.Context, tx *sqlx.Tx, templates []dlt.Template) error {
	text := func(of func(dlt.Template) string) any { return column(templates, of) }
	active := make(pq.BoolArray, len(templates))
	for i := range templates {
		active[i] = templates[i].Active
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO harkara.template (id, entity, name, content, category, var_types, active)
		SELECT id, entity, name, content, category, string_to_array(var_types, ','), active
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[])
		     AS r (id, entity, name, content, category, var_types, active)
		ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, content = EXCLUDED.content, category = EXCLUDED.category,
		     var_types = EXCLUDED.var_types, active = EXCLUDED.active, changed_at = now()`,
		text(func(t dlt.Template) string { return string(t.ID) }),
		text(func(t dlt.Template) string { return string(t.Entity) }),
		text(func(t dlt.Template) string { return t.Name }),
		text(func(t dlt.Template) string { return t.Content }),
		text(func(t dlt.Template) string { return string(t.Category) }),
		// Arrays of arrays must be rectangles in PostgreSQL, so that each row's types travel as one text.
		text(func(t dlt.Template) string { return joinWords(t.VarTypes) }),
		active)
	return err
}

// column is one column of rows as an array parameter.
func column[T any](rows []T, of func(T) string) pq.StringArray {
	texts := make(pq.StringArray, len(rows))
	for i := range rows {
		texts[i] = of(rows[i])
	}
	return texts
}

func joinWords(types []dlt.VarType) string {
	texts := make([]string, len(types))
	for i, t := range types {
		texts[i] = string(t)
	}
	return strings.Join(texts, ",")
}
