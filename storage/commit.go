package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"harkara/storage/ledger"
)

// progress is how far the projection has come: every frame up to position, and the first done events of the next.
type progress struct {
	position ledger.Position
	done     int
}

// errOvertaken says that the projection is not where this projector left it.
var errOvertaken = errors.New("the projection was moved by something else")

// commit writes the rows and the progress in one transaction. After an error it is not known whether it did.
func (t *tables) commit(ctx context.Context, conn *sql.Conn, from, to progress) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // an error after Commit is expected, one before ends the session anyway
	for _, r := range t.all() {
		if err := r.copyIn(ctx, conn); err != nil {
			return err
		}
	}
	result, err := tx.ExecContext(ctx, `UPDATE harkara.projection SET position = $1, done = $2 WHERE partition = 0 AND position = $3 AND done = $4`,
		int64(to.position), to.done, int64(from.position), from.done)
	if err != nil {
		return fmt.Errorf("write the position: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errOvertaken, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
