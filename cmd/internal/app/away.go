package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"harkara/storage"
)

// databaseEvery is how often a gateway that was started without PostgreSQL looks for it.
const databaseEvery = 2 * time.Second

// once does a part of the work as soon as PostgreSQL is there; it returns nil where ctx ends first.
func (a *App) once(ctx context.Context, part func(context.Context) error) error {
	select {
	case <-a.reached:
		return part(ctx)
	case <-ctx.Done():
		return nil
	}
}

// awaitDatabase looks for a PostgreSQL that was away at the start, until it is there and up to date.
func (a *App) awaitDatabase(ctx context.Context) error {
	if a.up {
		return nil
	}
	tick := time.NewTicker(databaseEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		err := bringUp(ctx, a.db)
		if err == nil {
			err = storage.CheckLineage(ctx, a.db.DB, a.ledger.Lineage())
		}
		if err == nil {
			err = a.seed(ctx)
		}
		switch {
		case err == nil:
			a.log.Info("PostgreSQL is there; what happened meanwhile is being written down")
			close(a.reached)
			return nil
		case ctx.Err() != nil || errors.Is(err, errAway):
		default:
			a.log.Error("PostgreSQL is there and can't be used; mend it, the gateway goes on without it", "error", err)
		}
	}
}

// unsyncedFrames is more than a server that does not sync every frame can lose of them in a power cut, at some thousand
// a second.
const unsyncedFrames = 10_000

// mendLedger keeps positions of the ledger that a power cut took from being used for something else. Without PostgreSQL,
// which knows how far the ledger had been, so many are left out as can have been lost.
func (a *App) mendLedger(ctx context.Context) error {
	if !a.up {
		if a.cfg.NATS.URL == "" && a.cfg.NATS.Sync == "always" { // of others it is not known
			return nil
		}
		end, err := a.ledger.Last(ctx)
		if err != nil || end == 0 {
			return err
		}
		if err := a.ledger.Skip(ctx, end+unsyncedFrames); err != nil {
			return fmt.Errorf("start without PostgreSQL: %w", err)
		}
		a.log.Warn("frames without events were put into the ledger, as a power cut may have taken some from its end", "frames", unsyncedFrames)
		return nil
	}
	if err := storage.CheckLineage(ctx, a.db.DB, a.ledger.Lineage()); err != nil {
		return err
	}
	lost, err := storage.MendLedger(ctx, a.db.DB, a.js, a.ledger)
	if lost > 0 {
		a.log.Error("the ledger had lost frames at its end, as a power cut takes them where nats.sync is not always; what they "+
			"said is in PostgreSQL, what followed them is not known", "frames", lost)
	}
	return err
}
