package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
)

// verifyDatabase begins the names of the databases in which verify --tables replays; the second when it was made and a
// number follow.
const verifyDatabase = "harkara_verify_"

// dropLeftovers drops what a verify --tables that was killed a day ago or earlier has left. One that is in use stays.
func dropLeftovers(ctx context.Context, db *sqlx.DB) error {
	var names []string
	if err := db.SelectContext(ctx, &names, `SELECT datname FROM pg_database WHERE starts_with(datname, $1)
		AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = pg_database.oid)`, verifyDatabase); err != nil {
		return fmt.Errorf("look for databases of earlier runs: %w", err)
	}
	for _, name := range names {
		made, _, _ := strings.Cut(strings.TrimPrefix(name, verifyDatabase), "_")
		second, err := strconv.ParseInt(made, 10, 64)
		if err != nil || time.Since(time.Unix(second, 0)) < 24*time.Hour {
			continue
		}
		if _, err := db.ExecContext(ctx, `DROP DATABASE IF EXISTS `+pq.QuoteIdentifier(name)); err != nil {
			return fmt.Errorf("drop the database %s of an earlier run: %w", name, err)
		}
	}
	return nil
}
