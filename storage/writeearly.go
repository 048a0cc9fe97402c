package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// moveEarly moves receipts whose segment has come from receipt_early to receipt. The bounds on received_at keep days
// in which none of them lies out of the plan.
func moveEarly(ctx context.Context, tx *sql.Tx, moves []matchRow) error {
	if len(moves) == 0 {
		return nil
	}
	var a arrays
	oldest, newest := moves[0].at, moves[0].at
	for _, x := range moves {
		a.add(int64(x.receipt), x.at, int64(x.given), x.key, x.attempt, x.segment)
		if x.at.Before(oldest) {
			oldest = x.at
		}
		if x.at.After(newest) {
			newest = x.at
		}
	}
	moved, err := a.exec(ctx, tx, `
		WITH given AS (
			SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[], $4::uuid[], $5::integer[], $6::smallint[])
				AS g(fact, received_at, given, key, attempt, segment)
		), gone AS (
			DELETE FROM harkara.receipt_early e USING given g
			WHERE e.fact = g.fact AND e.received_at = g.received_at AND e.received_at >= $7 AND e.received_at <= $8
			RETURNING e.*, g.given, g.key, g.attempt, g.segment
		)
		INSERT INTO harkara.receipt (key, attempt, segment, given, `+receiptColumns+`)
		SELECT key, attempt, segment, given, `+receiptColumns+` FROM gone`,
		oldest.Truncate(time.Microsecond), newest)
	if err != nil {
		return fmt.Errorf("move early receipts: %w", err)
	}
	if moved != int64(len(moves)) { // the next session asks the database which there are
		return fmt.Errorf("move early receipts: %d of %d were there", moved, len(moves))
	}
	return nil
}
