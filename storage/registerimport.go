package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
)

// Source is where an import comes from.
type Source struct {
	File   string // its name
	Digest []byte // SHA-256 of it
	By     string // who imports it
	At     time.Time
}

// ImportOptions are how an import is carried out.
type ImportOptions struct {
	DryRun   bool                  // say what it would do, and write nothing
	Progress func(done, total int) // where set, told how many rows of the register are written, each importChunk
}

// ImportResult is what came of an import. What an export is about (templates, headers, ...) counts once, however many
// rows it takes there: as changed also where only what it names has become another, such as a template's links.
type ImportResult struct {
	New, Changed, Unchanged int
	Refused                 []dlt.RefusedRow // rows not taken over: by the reader, then by the register
	Changes                 []Change         // rows of the register, in the order of the import
	Version                 int64            // of the register afterwards
}

// Change is a row of the register that an import made or changed.
type Change struct {
	Kind   dlt.Kind      `json:"kind"`
	Key    string        `json:"key"`  // an id, or the row's parts with a space between
	Line   int           `json:"line"` // of the export
	New    bool          `json:"new"`
	Fields []FieldChange `json:"fields,omitempty"` // of a row that was there; texts whole
}

// importChunk is how many rows one COPY of an import carries.
const importChunk = 5000

// ImportRegister takes an export into the register, all in one transaction; see importer.take for what changes what.
// Every row that changes is a new version, by the same number. Imports at the same time go one after the other. The
// error is about the import as a whole, and then nothing was taken over.
func ImportRegister(ctx context.Context, db *sqlx.DB, imp *dlt.Import, src Source, o ImportOptions) (ImportResult, error) {
	result, err := importRegister(ctx, db, imp, src, o)
	if err != nil {
		return ImportResult{}, fmt.Errorf("import %s: %w", imp.Kind, err)
	}
	return result, nil
}

func importRegister(ctx context.Context, db *sqlx.DB, imp *dlt.Import, src Source, o ImportOptions) (result ImportResult, err error) {
	conn, err := db.Connx(ctx)
	if err != nil {
		return result, err
	}
	defer conn.Close()
	tx, err := conn.BeginTxx(ctx, nil)
	if err != nil {
		return result, err
	}
	defer tx.Rollback()
	lock := `SELECT version FROM harkara.register_version`
	if !o.DryRun {
		lock += ` FOR UPDATE`
	}
	if err := tx.GetContext(ctx, &result.Version, lock); err != nil {
		return result, fmt.Errorf("wait for other imports: %w", err)
	}
	rows, err := planImport(ctx, tx, imp, &result)
	if err != nil || o.DryRun {
		return result, err
	}
	if len(rows) > 0 {
		result.Version++
	}
	id, err := writeImport(ctx, tx, imp, src, &result)
	if err != nil {
		return result, fmt.Errorf("write the import: %w", err)
	}
	w := rowWriter{conn: conn.Conn, version: result.Version, id: id, progress: o.Progress}
	if err := w.write(ctx, rows); err != nil {
		return result, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE harkara.register_version SET version = $1 WHERE version <> $1`, result.Version); err != nil {
		return result, fmt.Errorf("count the version up: %w", err)
	}
	if len(rows) >= importChunk {
		// Else the whole register is read by sorting all versions, until the server gets round to it by itself.
		if _, err := tx.ExecContext(ctx, `ANALYZE harkara.register_row`); err != nil {
			return result, fmt.Errorf("analyse the rows: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return result, fmt.Errorf("commit: %w", err)
	}
	return result, nil
}

// planImport compares the import with the register, and returns the rows that are to be written.
func planImport(ctx context.Context, tx *sqlx.Tx, imp *dlt.Import, result *ImportResult) ([]*draft, error) {
	now, err := readNamed(ctx, tx, imp)
	if err != nil {
		return nil, fmt.Errorf("read the register: %w", err)
	}
	im := newImporter(imp.Kind, &now)
	if im.take(imp); im.err != nil {
		return nil, im.err
	}
	result.Refused = slices.Concat(imp.Refused, im.refused)
	return im.finish(result)
}

// writeImport writes the import's own row and returns its id.
func writeImport(ctx context.Context, tx *sqlx.Tx, imp *dlt.Import, src Source, r *ImportResult) (id int64, err error) {
	err = tx.GetContext(ctx, &id, `
		INSERT INTO harkara.register_import (version, kind, shape, file, digest, imported_by, imported_at, added, changed, unchanged, refused)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`,
		r.Version, string(imp.Kind), imp.Shape, src.File, src.Digest, src.By, src.At, r.New, r.Changed, r.Unchanged, len(r.Refused))
	return id, err
}
