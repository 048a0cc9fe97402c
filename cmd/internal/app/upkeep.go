package app

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"harkara/smpp/sms"
	"harkara/storage"
	"harkara/storage/ledger"
)

// How often the books are looked after.
const (
	maintainEvery   = time.Hour
	checkpointEvery = time.Minute
	signPatience    = 5 * time.Second
	keysEvery       = 5 * time.Second
	unreportedEvery = 5 * time.Minute
	unreportedMost  = 1000 // messages of one SMSC at once
)

// upkeep is what the gateway knows of the state of its books.
type upkeep struct {
	maintained atomic.Int64 // when the days were last looked after, in seconds since 1970; 0: never
	alarms     atomic.Int64 // of the ledger
	checkpoint atomic.Int64 // when the newest was signed or found to be as new, in seconds since 1970
}

// alarmed takes what must never happen to a ledger.
func (a *App) alarmed(err error) {
	a.upkeep.alarms.Add(1)
	a.log.Error("the ledger is not as it was left: look into it, and run harkara ledger verify", "error", err)
}

// maintain makes the days of the database that come and drops those whose time is over, until ctx ends.
func (a *App) maintain(ctx context.Context) error {
	keep := storage.Retention{Messages: a.cfg.Retention.Messages, Receipts: a.cfg.Retention.Receipts}
	look := func() {
		done, err := storage.Maintain(ctx, a.db, time.Now(), keep)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			a.log.Error("the days of the database can't be looked after; nothing is turned away, and it is tried again within the hour", "error", err)
			return
		case done.Dropped > 0 || done.Strays > 0 || done.Left > 0:
			a.log.Info("days of the database", "made", done.Made, "dropped", done.Dropped, "left_for_later", done.Left,
				"rows_moved", done.Moved, "rows_without_a_day", done.Strays)
		}
		a.upkeep.maintained.Store(time.Now().Unix())
	}
	look()
	return every(ctx, maintainEvery, look)
}

// checkpoints signs where the ledger stands, at once and every minute, until ctx ends.
func (a *App) checkpoints(ctx context.Context) error {
	a.sign(ctx)
	return every(ctx, checkpointEvery, func() { a.sign(ctx) })
}

func (a *App) sign(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, signPatience)
	defer cancel()
	c, err := a.ledger.Checkpoint(ctx, a.signer)
	if err == nil {
		err = storage.SaveCheckpoint(ctx, a.db.DB, a.cfg.Data, c)
	}
	switch {
	case err == nil || errors.Is(err, ledger.ErrNoFrame):
		a.upkeep.checkpoint.Store(time.Now().Unix())
	case !errors.Is(err, context.Canceled):
		a.log.Warn("a checkpoint of the ledger is not kept everywhere", "error", err)
	}
}

// syncKeys shares the data keys with PostgreSQL and through it with other gateways, until ctx ends.
func (a *App) syncKeys(ctx context.Context) error {
	down := false
	return every(ctx, keysEvery, func() {
		err := a.vault.Sync(ctx, a.db)
		if err != nil && !down && ctx.Err() == nil {
			a.log.Warn("the data keys can't be compared with those in PostgreSQL", "error", err)
		}
		down = err != nil
	})
}

// giveUpReceipts ends messages whose receipts have not come for as long as their SMSC is given, until ctx ends.
func (a *App) giveUpReceipts(ctx context.Context) error {
	return every(ctx, unreportedEvery, func() {
		for i := range a.cfg.SMSCs {
			s := &a.cfg.SMSCs[i]
			if s.Receipts.Timeout == 0 {
				continue
			}
			if err := a.giveUpOn(ctx, s.ID, s.Receipts.Timeout); err != nil && ctx.Err() == nil {
				a.log.Warn("messages without a receipt can't be ended; it is tried again", "smsc", s.ID, "error", err)
			}
		}
	})
}

// giveUpOn ends the messages of one SMSC, so many at once, until none is left. Those that were ended are found no more as
// soon as that is in PostgreSQL.
func (a *App) giveUpOn(ctx context.Context, smsc sms.SMSCID, patience time.Duration) error {
	now := time.Now()
	silence := &sms.Failure{Stage: sms.StageReceipt, Code: "no_receipt", Reason: "no_receipt",
		Detail: fmt.Sprintf("no receipt came for %s", patience)}
	var last sms.Key
	for {
		if err := a.lookup.Await(ctx, a.ledger.End()); err != nil {
			return err
		}
		keys, err := storage.Unreported(ctx, a.db.DB, smsc, now.Add(-patience), unreportedMost)
		if err != nil || len(keys) == 0 {
			return err
		}
		if keys[0] == last {
			return fmt.Errorf("message %s was ended and is still found: see harkara.parked", last)
		}
		last = keys[0]
		events := make([]ledger.Event, len(keys))
		for i, key := range keys {
			events[i] = ledger.Event{Kind: ledger.Unreported, At: now, Key: key, SMSC: smsc, Final: true, Failure: silence}
		}
		if _, err := a.ledger.Append(ctx, events...); err != nil {
			return err
		}
	}
}
