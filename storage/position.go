package storage

import (
	"context"
	"database/sql"
	"fmt"

	"harkara/storage/ledger"
)

// Projected returns how far the projection has come, whichever gateway does it: every frame up to that position is in
// PostgreSQL.
func Projected(ctx context.Context, db *sql.DB) (ledger.Position, error) {
	var position int64
	if err := db.QueryRowContext(ctx, `SELECT position FROM harkara.projection WHERE partition = 0`).Scan(&position); err != nil {
		return 0, fmt.Errorf("read how far the projection has come: %w", err)
	}
	return ledger.Position(position), nil
}
