package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"harkara/storage/ledger"
)

// progress is how far the projection has come: every frame up to position, and the first done events of the next.
type progress struct {
	position ledger.Position
	done     int
	at       time.Time // when the last frame of it was appended; zero: not known
}

// errOvertaken says that the projection is not where this projector left it.
var errOvertaken = errors.New("the projection was moved by something else")

// write writes the rows in a transaction, which is the caller's to end unless there is an error.
func (t *tables) write(ctx context.Context, conn *sql.Conn) (*sql.Tx, error) {
	if err := t.days.make(ctx, conn); err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	if err := t.writeIn(ctx, conn, tx); err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

func (t *tables) writeIn(ctx context.Context, conn *sql.Conn, tx *sql.Tx) error {
	for _, r := range t.all() {
		if err := r.copyIn(ctx, conn); err != nil {
			return err
		}
	}
	if err := moveEarly(ctx, tx, t.moves); err != nil {
		return err
	}
	if t.shred != nil {
		if err := shred(ctx, tx, t.shred); err != nil {
			return err
		}
	}
	if err := t.otpTally.write(ctx, tx); err != nil {
		return err
	}
	return t.tally.write(ctx, tx)
}

// advance writes the progress behind the rows.
func advance(ctx context.Context, tx *sql.Tx, from, to progress) error {
	result, err := tx.ExecContext(ctx, `UPDATE harkara.projection SET position = $1, done = $2, frame_at = $3 WHERE partition = 0 AND position = $4 AND done = $5`,
		int64(to.position), to.done, to.at, int64(from.position), from.done)
	if err != nil {
		return fmt.Errorf("write the position: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errOvertaken, err)
	}
	return nil
}

// commit ends the transaction. After an error it is not known whether it was committed.
func (t *tables) commit(tx *sql.Tx) error {
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	t.tally.written()
	return nil
}
