package ledger

import (
	"context"
	"fmt"
)

// skippable is how many positions of lost frames a running ledger fills.
const skippable = 100_000

// Skip appends frames without events until the ledger ends at a position or beyond. It is for a ledger whose tail was
// lost, before anything else is appended: a position that once meant one frame must never mean another.
func (l *Ledger) Skip(ctx context.Context, to Position) error {
	l.turn.Lock()
	defer l.turn.Unlock()
	for l.End() < to {
		if _, err := l.fill(ctx); err != nil {
			return fmt.Errorf("skip to position %d of the ledger: %w", to, err)
		}
	}
	return nil
}

// fill appends one frame without events and returns its position.
func (l *Ledger) fill(ctx context.Context) (Position, error) {
	e := l.seal(0, nil)
	position, err := l.send(ctx, e)
	if err != nil {
		return 0, err
	}
	l.appended(e, position)
	return position, nil
}
