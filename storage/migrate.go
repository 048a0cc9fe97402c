package storage

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrationLock is the advisory lock that serialises migrations; maintenanceLock that of the one that keeps the days;
// projectionLock that of the one projector of partition 0. Made-up numbers that nothing else in the database should use.
const (
	migrationLock   = 0x6861726B_00000001
	maintenanceLock = 0x6861726B_00000002
	projectionLock  = 0x6861726B_00000100
)

// Migrate brings the schema harkara up to date. Several processes may do it at once: one does, the others wait.
func Migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(migrationLock), lock.WithLockTimeout(1, 120))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithTableName("public.harkara_migrations"),
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the schema harkara: %w", err)
	}
	return nil
}
