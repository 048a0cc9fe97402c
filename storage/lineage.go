package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// ErrOtherLedger says that the database is the projection of another ledger than the one at hand. Positions mean other
// events in each, so neither may touch the other.
var ErrOtherLedger = errors.New("the database holds the projection of another ledger: name the right database, or put back the NATS store " +
	"that belongs to it, or begin with an empty database, into which all that the ledger holds is projected again")

// CheckLineage returns ErrOtherLedger where something was projected from a ledger of another lineage than this; see
// ledger.Ledger.Lineage. A database that has seen no ledger fits every one.
func CheckLineage(ctx context.Context, db *sql.DB, lineage string) error {
	var have string
	if err := db.QueryRowContext(ctx, `SELECT lineage FROM harkara.projection WHERE partition = 0`).Scan(&have); err != nil {
		return fmt.Errorf("read whose projection the database holds: %w", err)
	}
	return sameLineage(have, lineage)
}

func sameLineage(have, lineage string) error {
	if have != "" && have != lineage {
		return fmt.Errorf("%w (it is of %s, this ledger is %s)", ErrOtherLedger, have, lineage)
	}
	return nil
}

// adoptLineage writes down whose projection this is, where nothing has.
func adoptLineage(ctx context.Context, conn *sql.Conn, lineage string) error {
	_, err := conn.ExecContext(ctx, `UPDATE harkara.projection SET lineage = $1 WHERE partition = 0 AND lineage = ''`, lineage)
	if err != nil {
		return fmt.Errorf("write whose projection the database holds: %w", err)
	}
	return nil
}
