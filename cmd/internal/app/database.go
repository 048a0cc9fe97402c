package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"
	_ "github.com/lib/pq" // the driver "postgres"

	"harkara/storage"
	"harkara/storage/postgres"
)

// OpenDatabase opens the configured database, or starts the private one where it is down, and brings its schema up to
// date. The returned function closes it and stops what was started.
func OpenDatabase(ctx context.Context, cfg *Config, log *slog.Logger) (*sqlx.DB, func(), error) {
	dsn, stop := cfg.Postgres.DSN.Reveal(), func() {}
	if dsn == "" {
		if err := makeData(cfg.Data); err != nil {
			return nil, nil, err
		}
		cluster, err := postgres.Start(ctx, cfg.Data, log)
		if err != nil {
			return nil, nil, err
		}
		dsn = cluster.DSN()
		stop = func() {
			if err := cluster.Stop(); err != nil {
				log.Error("private PostgreSQL did not stop", "error", err)
			}
		}
	}
	db, err := connect(ctx, dsn)
	if err != nil {
		stop()
		return nil, nil, err
	}
	if err := storage.Migrate(ctx, db.DB); err != nil {
		db.Close()
		stop()
		return nil, nil, err
	}
	return db, func() { db.Close(); stop() }, nil
}

func connect(ctx context.Context, dsn string) (*sqlx.DB, error) {
	db, err := sqlx.Open("postgres", dsn)
	if err != nil {
		return nil, fmt.Errorf("postgres.dsn: %w", err)
	}
	db.SetMaxOpenConns(8)
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("PostgreSQL does not answer: %w; is it running, and is postgres.dsn right?", err)
	}
	return db, nil
}
