package app

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"harkara/cmd/internal/dispatch"
	"harkara/dlt"
	"harkara/storage"
	"harkara/templates"
)

// registerEvery is how often the gateway asks PostgreSQL whether the register or the quarantine has changed.
const registerEvery = 500 * time.Millisecond

// books is what the gateway has of the register; only followRegister changes it once Run has begun.
type books struct {
	register   *dlt.Register // as PostgreSQL or the copy in NATS has it
	catalog    *templates.Catalog
	quarantine int64                      // the version that is in use
	held       map[storage.Pair]time.Time // what it holds
	kept       atomic.Int64               // the version of the register whose copy is in NATS
}

// openRegister takes the register from PostgreSQL or, where that is away, the copy that NATS keeps.
func (a *App) openRegister(ctx context.Context) (err error) {
	var held map[storage.Pair]time.Time
	if a.up {
		if a.books.register, err = storage.LoadRegister(ctx, a.db); err != nil {
			return err
		}
		if held, a.books.quarantine, err = storage.Quarantine(ctx, a.db); err != nil {
			return err
		}
	} else {
		if a.books.register, err = storage.LoadSnapshot(ctx, a.js); err != nil {
			return fmt.Errorf("%w; to start without it: %w", a.away, err)
		}
		if held, err = storage.KeptQuarantine(ctx, a.js); err != nil {
			return fmt.Errorf("%w; to start without it: %w", a.away, err)
		}
		a.books.kept.Store(a.books.register.Version())
		a.log.Warn("starting without PostgreSQL, with the copy of the register that NATS keeps; everything is written down when it is back", "version", a.books.register.Version(), "error", a.away)
	}
	var findings []dlt.Finding
	a.books.catalog, findings = templates.NewCatalog(a.books.register)
	a.warn(findings)
	a.use(held)
	a.books.held = held
	settleMemory()
	return nil
}

// use gives dispatch what the books hold now.
func (a *App) use(quarantine map[storage.Pair]time.Time) {
	a.register.Store(&dispatch.Snapshot{Register: a.cfg.withChains(a.books.register), Catalog: a.books.catalog,
		Quarantine: quarantine})
}

// warn tells of templates that can't be used, or not as they stand.
func (a *App) warn(findings []dlt.Finding) {
	const most = 20
	for _, f := range findings[:min(len(findings), most)] {
		a.log.Warn("a registered template needs a look", "template", f.Subject, "finding", f.Code, "detail", f.Detail)
	}
	if len(findings) > most {
		a.log.Warn("more registered templates need a look; see dlt lint", "findings", len(findings)-most)
	}
}

// copyEvery is how often the copy of the register in NATS is compared where nothing has changed: another gateway may
// have written an older one.
const copyEvery = 30 * time.Second

// followRegister takes over every change of the register and of the quarantine, until ctx ends.
func (a *App) followRegister(ctx context.Context) error {
	down, copied := false, time.Time{}
	return every(ctx, registerEvery, func() {
		changed, err := a.takeOver(ctx)
		changed = changed || copied.IsZero()
		if err == nil && (changed || time.Since(copied) > copyEvery) {
			if err = a.keepCopy(ctx); err == nil {
				copied = time.Now()
			}
			if changed {
				settleMemory()
			}
		}
		if err != nil && !down && ctx.Err() == nil {
			a.log.Warn("the register can't be followed; what is known of it stays in use", "error", err)
		}
		down = err != nil
	})
}

// learn reads what receipts say of templates, headers, entities and chains, until ctx ends; that may put a template into
// quarantine.
func (a *App) learn(ctx context.Context) error {
	down := false
	return every(ctx, registerEvery, func() {
		for more := true; more && ctx.Err() == nil; {
			var err error
			_, more, err = storage.Learn(ctx, a.db, storage.LearnConfig{After: a.cfg.Quarantine.After})
			if err != nil && !down && ctx.Err() == nil {
				a.log.Warn("nothing is learnt from receipts: templates that SMSCs refuse are not held back", "error", err)
			}
			down = err != nil
		}
	})
}

// every does the work each time that a while has passed, until ctx ends.
func every(ctx context.Context, while time.Duration, work func()) error {
	tick := time.NewTicker(while)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			work()
		}
	}
}

// takeOver uses what has changed in the register and the quarantine, and says whether anything has.
func (a *App) takeOver(ctx context.Context) (changed bool, err error) {
	version, mark, err := storage.RegisterVersion(ctx, a.db)
	if err != nil {
		return false, err
	}
	held, heldVersion, err := storage.Quarantine(ctx, a.db)
	if err != nil {
		return false, err
	}
	renewed := version != a.books.register.Version() || mark != a.books.register.Mark()
	if renewed {
		reg, ids, err := storage.RefreshRegister(ctx, a.db, a.books.register)
		if err != nil {
			return false, err
		}
		catalog, findings := a.books.catalog.With(reg, ids)
		a.books.register, a.books.catalog = reg, catalog
		a.warn(findings)
		a.log.Info("the register has changed; the new one is in use", "version", reg.Version(), "templates", len(ids))
	}
	if !renewed && heldVersion == a.books.quarantine {
		return false, nil
	}
	a.use(held)
	a.tell(held)
	a.books.quarantine = heldVersion
	return true, nil
}

// tell logs what the quarantine holds now that it did not before, and what it no longer does.
func (a *App) tell(held map[storage.Pair]time.Time) {
	for pair, since := range held {
		if before, known := a.books.held[pair]; !known || !before.Equal(since) {
			a.log.Error("a template is held back, since the SMSC's scrubber refused it for good; mend it, then dlt release",
				"template", pair.Template, "smsc", pair.SMSC)
		}
	}
	for pair := range a.books.held {
		if _, still := held[pair]; !still {
			a.log.Info("a template is released", "template", pair.Template, "smsc", pair.SMSC)
		}
	}
	a.books.held = held
}

// keepCopy writes the register and the quarantine into NATS where what is kept there is another.
func (a *App) keepCopy(ctx context.Context) error {
	if err := storage.SaveSnapshot(ctx, a.js, a.cfg.NATS.Replicas, a.books.register); err != nil {
		return err
	}
	a.books.kept.Store(a.books.register.Version())
	return storage.KeepQuarantine(ctx, a.js, a.books.held)
}
