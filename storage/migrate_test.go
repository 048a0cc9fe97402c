package storage

import (
	"database/sql"
	"io/fs"
	"testing"

	"github.com/pressly/goose/v3"
)

// migrateTo makes the schema anew as it was at a version, and returns what can take it elsewhere.
func migrateTo(t testing.TB, db *sql.DB, version int64) *goose.Provider {
	t.Helper()
	if _, err := db.Exec(`DROP SCHEMA harkara CASCADE; DROP TABLE harkara_migrations`); err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithTableName("public.harkara_migrations"),
		goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	return provider
}
