package storage

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/storage/ledger"
)

// mendable is how many frames may be missing at the ledger's end: more than a power cut takes from a server that syncs
// every few seconds, and far less than a store that was emptied or put back from a backup lacks.
const mendable = 100_000

// MendLedger looks, before anything is appended, whether the ledger ends before what was projected from it or told to
// tenants: a power cut takes the tail of a server that does not sync every write. What the lost frames said is in
// PostgreSQL; their positions are skipped, so that new frames are not taken for them. It returns how many were lost.
// Beyond a bound it is an error that says what to do.
func MendLedger(ctx context.Context, db *sql.DB, js jetstream.JetStream, l *ledger.Ledger) (lost int, err error) {
	if err := CheckLineage(ctx, db, l.Lineage()); err != nil {
		return 0, err
	}
	end, err := l.Last(ctx)
	if err != nil {
		return 0, err
	}
	var projected ledger.Position
	err = db.QueryRowContext(ctx, `SELECT position + CASE WHEN done > 0 THEN 1 ELSE 0 END FROM harkara.projection WHERE partition = 0`).Scan(&projected)
	if err != nil {
		return 0, fmt.Errorf("read the projection's position: %w", err)
	}
	told, err := openStatusStream(ctx, js, false)
	if err != nil {
		return 0, err
	}
	seen := max(projected, told.lastID.fact.position())
	switch {
	case end >= seen:
		return 0, nil
	case seen-end > mendable:
		return 0, lostLedger(end, seen)
	}
	return int(seen - end), l.Skip(ctx, seen)
}

// lostLedger says that the ledger ends before what was seen of it.
func lostLedger(end, seen ledger.Position) error {
	return fmt.Errorf("the ledger ends at position %d, but position %d was projected or told to tenants before: restore the stream %s, "+
		"or start with an empty database and an empty %s", end, seen, ledger.Stream, StatusStream)
}
