package ledger

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go"
)

// Skip appends frames without events until the ledger ends at a position or beyond. It is for a ledger whose tail was
// lost, before anything else is appended: a position that once meant one frame must never mean another.
func (l *Ledger) Skip(ctx context.Context, to Position) error {
	for l.End() < to {
		message := nats.NewMsg(Subject)
		message.Header.Set(headerFrame, frameVersion)
		message.Header.Set(headerEvents, "0")
		ack, err := l.js.PublishMsg(ctx, message)
		if err != nil {
			return fmt.Errorf("skip to position %d of the ledger: %w", to, err)
		}
		l.end.Store(max(ack.Sequence, uint64(l.End())))
	}
	return nil
}
