package storage

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
)

// HistoryRow is one version of a row of the register.
type HistoryRow struct {
	Version int64             `json:"version"` // of the register that it came with
	Fields  map[string]string `json:"fields"`  // as in the row's JSON; the texts of a list stand between commas
	File    string            `json:"file"`
	Line    int               `json:"line"` // of the file; 0: of none
	By      string            `json:"imported_by"`
	At      time.Time         `json:"imported_at"`
}

// History returns every version of a row, oldest first; none where there never was one. Keys are those of Change.
func History(ctx context.Context, db *sqlx.DB, kind dlt.Kind, key string) ([]HistoryRow, error) {
	var found []struct {
		HistoryRow
		Body []byte
	}
	err := db.SelectContext(ctx, &found, `
		SELECT r.version, r.body, r.line, i.file, i.imported_by AS by, i.imported_at AS at
		FROM harkara.register_row r JOIN harkara.register_import i ON i.id = r.import
		WHERE r.kind = $1 AND r.key = $2 ORDER BY r.version`, string(kind), key)
	if err != nil {
		return nil, fmt.Errorf("read the history of %s %s: %w", kind, key, err)
	}
	history := make([]HistoryRow, len(found))
	for i := range found {
		history[i] = found[i].HistoryRow
		history[i].At = history[i].At.UTC()
		if history[i].Fields, err = fieldsOf(found[i].Body); err != nil {
			return nil, fmt.Errorf("read the history of %s %s: version %d: %w", kind, key, history[i].Version, err)
		}
	}
	return history, nil
}

// ImportRecord is one import that was carried out.
type ImportRecord struct {
	Version   int64     `json:"version"` // of the register after it
	Kind      dlt.Kind  `json:"kind"`
	Shape     string    `json:"shape"`
	File      string    `json:"file"`
	Digest    []byte    `json:"sha256"` // of the file
	By        string    `json:"imported_by"`
	At        time.Time `json:"imported_at"`
	New       int       `json:"new"` // as ImportResult counts them
	Changed   int       `json:"changed"`
	Unchanged int       `json:"unchanged"`
	Refused   int       `json:"refused"` // rows of the file
}

// RegisterImports returns all imports that were carried out, newest first, also those that changed nothing.
func RegisterImports(ctx context.Context, db *sqlx.DB) ([]ImportRecord, error) {
	var imports []ImportRecord
	err := db.SelectContext(ctx, &imports, `
		SELECT version, kind, shape, file, digest, imported_by AS by, imported_at AS at, added AS new, changed, unchanged, refused
		FROM harkara.register_import ORDER BY id DESC`)
	if err != nil {
		return nil, fmt.Errorf("read the register's imports: %w", err)
	}
	for i := range imports {
		imports[i].At = imports[i].At.UTC()
	}
	return imports, nil
}

// HeadersSince returns when each entity's headers came into the register.
func HeadersSince(ctx context.Context, db *sqlx.DB) (map[OwnedHeader]time.Time, error) {
	var rows []struct {
		Key   string
		Since time.Time
	}
	err := db.SelectContext(ctx, &rows, `
		SELECT r.key, min(i.imported_at) AS since
		FROM harkara.register_row r JOIN harkara.register_import i ON i.id = r.import
		WHERE r.kind = $1 GROUP BY r.key`, string(dlt.KindHeader))
	if err != nil {
		return nil, fmt.Errorf("read since when headers are known: %w", err)
	}
	since := make(map[OwnedHeader]time.Time, len(rows))
	for _, row := range rows {
		header, owner, _ := strings.Cut(row.Key, " ") // see headerKey
		since[OwnedHeader{Header: dlt.Header(header), Entity: dlt.EntityID(owner)}] = row.Since
	}
	return since, nil
}
