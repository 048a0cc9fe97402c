package app

import (
	"context"
	"sync"
	"time"

	"harkara/storage"
	"harkara/storage/ledger"
)

// lagEvery is how often the projection is compared with the ledger, lagSamples how many such looks are remembered: a day.
const (
	lagEvery   = time.Second
	lagSamples = int(24 * time.Hour / lagEvery)
)

// lag tells how old the oldest frame is that is not in PostgreSQL, also while nothing gets there. It is safe for concurrent
// use; its zero value is ready.
type lag struct {
	mu    sync.Mutex
	looks []look // those that the projection has not reached, oldest first
}

// look is where the ledger ended at some time.
type look struct {
	at  time.Time
	end ledger.Position
}

// note takes a look at the ledger's end, and at how far the projection is.
func (l *lag) note(at time.Time, end, projected ledger.Position) {
	l.mu.Lock()
	defer l.mu.Unlock()
	reached := 0
	for reached < len(l.looks) && l.looks[reached].end <= projected {
		reached++
	}
	l.looks = append(l.looks[:0], l.looks[reached:]...)
	n := len(l.looks)
	if end > projected && n < lagSamples && (n == 0 || end > l.looks[n-1].end) {
		l.looks = append(l.looks, look{at, end})
	}
}

// behind is for how long, to the second, the oldest frame has waited; 0: none waits.
func (l *lag) behind(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.looks) == 0 {
		return 0
	}
	return now.Sub(l.looks[0].at)
}

// watchLag compares the projection with the ledger until ctx ends, and says when it is too far behind and when no longer.
func (a *App) watchLag(ctx context.Context) error {
	alarm := false
	var end, projected ledger.Position
	return every(ctx, lagEvery, func() {
		end, projected = a.look(ctx, end, projected)
		now := time.Now()
		a.lag.note(now, end, projected)
		behind := a.lag.behind(now)
		switch {
		case behind > a.cfg.Projection.LagAlert && !alarm:
			alarm = true
			a.log.Error("PostgreSQL is behind the ledger: reports and statuses are late, sending goes on; look at PostgreSQL and at what the projection logs",
				"behind", behind.Round(time.Second), "frames", end-projected)
		case behind == 0 && alarm:
			alarm = false
			a.log.Info("PostgreSQL has caught up with the ledger")
		}
	})
}

// look returns where the ledger ends and how far PostgreSQL is; what does not answer stands where it stood.
func (a *App) look(ctx context.Context, end, projected ledger.Position) (ledger.Position, ledger.Position) {
	asking, cancel := context.WithTimeout(ctx, lagEvery)
	defer cancel()
	if last, err := a.ledger.Last(asking); err == nil {
		end = last
	}
	asking, cancel = context.WithTimeout(ctx, lagEvery)
	defer cancel()
	if position, err := storage.Projected(asking, a.db.DB); err == nil {
		projected = position
	}
	return end, projected
}
