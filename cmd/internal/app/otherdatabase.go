package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"harkara/storage/postgres"
)

// OpenOtherDatabase opens another database of the configured server, or of the private one, and makes it first where it is
// not there. close ends what was opened.
func OpenOtherDatabase(ctx context.Context, cfg *Config, name string, log *slog.Logger) (_ *sqlx.DB, close func(), err error) {
	dsn, stop := cfg.Postgres.DSN.Reveal(), func() {}
	if dsn == "" {
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
	defer func() {
		if err != nil {
			stop()
		}
	}()
	if err := createDatabase(ctx, dsn, name); err != nil {
		return nil, nil, err
	}
	if dsn, err = withDatabase(dsn, name); err != nil {
		return nil, nil, err
	}
	db, err := sqlx.Open("postgres", dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("open the database %s: %w", name, err)
	}
	return db, func() { db.Close(); stop() }, nil
}

func createDatabase(ctx context.Context, dsn, name string) error {
	db, err := sqlx.Open("postgres", dsn)
	if err != nil {
		return fmt.Errorf("postgres.dsn: %w", err)
	}
	defer db.Close()
	var there bool
	if err := db.GetContext(ctx, &there, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name); err != nil || there {
		return err
	}
	if _, err := db.ExecContext(ctx, `CREATE DATABASE `+pq.QuoteIdentifier(name)); err != nil {
		return fmt.Errorf("make the database %s: %w; the user of postgres.dsn needs the right to (CREATEDB)", name, err)
	}
	return nil
}

// withDatabase names another database in a DSN, which is a URL or in keyword form.
func withDatabase(dsn, name string) (string, error) {
	if !strings.Contains(dsn, "://") { // of two names lib/pq takes the later
		return dsn + " dbname='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "'", nil
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", errors.New("postgres.dsn is not a URL of PostgreSQL") // the cause may quote the password
	}
	q := u.Query()
	q.Del("dbname")
	u.Path, u.RawQuery = "/"+name, q.Encode()
	return u.String(), nil
}
