package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq" // also the driver "postgres"

	"harkara/storage"
	"harkara/storage/postgres"
)

// OpenDatabase opens the configured database, or starts the private one where it is down, and brings its schema up to
// date. The returned function closes it and stops what was started.
func OpenDatabase(ctx context.Context, cfg *Config, log *slog.Logger) (*sqlx.DB, func(), error) {
	db, closeDB, err := reachDatabase(ctx, cfg, log)
	if err != nil {
		return nil, nil, err
	}
	if err := bringUp(ctx, db); err != nil && !onlyReads(err) {
		closeDB()
		return nil, nil, err
	}
	return db, closeDB, nil
}

// onlyReads says that the database was refused to be brought up to date by who may only read it, as harkara_reader: the
// gateway does that.
func onlyReads(err error) bool {
	var refused *pq.Error
	return errors.As(err, &refused) && refused.Code == "42501" // insufficient_privilege
}

// reachDatabase is OpenDatabase without a look whether a configured one answers. The private one does.
func reachDatabase(ctx context.Context, cfg *Config, log *slog.Logger) (*sqlx.DB, func(), error) {
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
	db, err := sqlx.Open("postgres", dsn)
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("postgres.dsn: %w", err)
	}
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8) // what is planned once for a connection stays planned
	return db, func() { db.Close(); stop() }, nil
}

// errAway says that PostgreSQL does not answer, as opposed to an answer that is no good.
var errAway = errors.New("PostgreSQL does not answer")

// bringUp waits a little for the database to answer, and migrates it. The error is errAway where it does not answer.
func bringUp(ctx context.Context, db *sqlx.DB) error {
	ping, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := db.PingContext(ping); err != nil {
		return fmt.Errorf("%w: %w; is it running, and is postgres.dsn right?", errAway, err)
	}
	return storage.Migrate(ctx, db.DB)
}
