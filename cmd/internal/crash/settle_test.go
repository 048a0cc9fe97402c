package crash

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/cmd/internal/intake"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

const settleTime = 30 * time.Second

// settle waits until nothing is on its way any more: no request in JetStream, every receipt acknowledged, the ledger in
// the database. In this order, since each can lead to the next.
func (w *world) settle(ctx context.Context, js jetstream.JetStream, l *ledger.Ledger) error {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	last := "not looked at"
	for {
		left, err := w.unsettled(ctx, js, l)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("not settled after %s: %s", settleTime, last)
		case err != nil || left == "":
			return err
		}
		last = left
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// unsettled says what is on its way; empty: nothing.
func (w *world) unsettled(ctx context.Context, js jetstream.JetStream, l *ledger.Ledger) (string, error) {
	stream, err := js.Stream(ctx, intake.Stream)
	if err != nil {
		return "", err
	}
	consumers := 0
	for one := range stream.ListConsumers(ctx).Info() {
		consumers++
		if one.NumPending > 0 || one.NumAckPending > 0 {
			return fmt.Sprintf("%s has %d requests to deliver, and %d of which no acknowledgement came", one.Name, one.NumPending, one.NumAckPending), nil
		}
	}
	if want := len(w.tenants) * len(sms.Classes); consumers < want {
		return fmt.Sprintf("%d of %d consumers are there", consumers, want), nil
	}
	for id, s := range w.sims {
		if c := s.Counters(); c.Receipts != c.ReceiptsAcked {
			return fmt.Sprintf("%d receipts of %s are not acknowledged", c.Receipts-c.ReceiptsAcked, id), nil
		}
	}
	end, err := l.Last(ctx)
	if err != nil {
		return "", err
	}
	var position ledger.Position
	if err := w.db.GetContext(ctx, &position, `SELECT position FROM harkara.projection WHERE partition = 0`); err != nil {
		return err.Error(), nil // PostgreSQL was killed a moment ago: the pool has dead connections
	}
	if position < end {
		return fmt.Sprintf("the projection is at %d of %d", position, end), nil
	}
	return "", nil
}

// blame names the requests that keep the round from settling.
func (w *world) blame(ctx context.Context, c *checker, js jetstream.JetStream, requests []*request) {
	byName, byNumber := map[name]*request{}, map[string]*request{}
	for _, r := range requests {
		byName[r.name], byNumber[r.number] = r, r
	}
	if stream, err := js.Stream(ctx, intake.Stream); err == nil {
		state := stream.CachedInfo().State
		for at := state.FirstSeq; state.Msgs > 0 && at <= state.LastSeq; at++ {
			if m, err := stream.GetMsg(ctx, at); err == nil {
				id, _ := statusOf(m.Subject, m.Data) // the words are in the same places
				c.fail("G1", byName[id], "%s is still in JetStream, at %d", id.ID, at)
			}
		}
	}
	for id, s := range w.sims {
		for _, m := range s.Books().Messages {
			for _, segment := range m.Segments {
				if segment.ReceiptsAcked < segment.Times() {
					c.fail("G4", byNumber[m.To.Digits()], "%s: %d receipts of %v were sent and %d acknowledged", id, segment.ReceiptsSent,
						segment.IDs, segment.ReceiptsAcked)
				}
			}
		}
	}
}
