package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// errRefused says that the database refused a batch, which the next session takes in smaller parts.
var errRefused = errors.New("PostgreSQL refused a batch of events; it is halved until the bad one is alone")

// halving finds the event that the database refuses, in as many tries as its batch can be halved. Its zero value is at
// rest.
type halving struct {
	limit    int // how many events a batch may have; 0: any number
	suspects int // of the next events, how many the bad one is among
}

// most is how many of the next events a batch takes.
func (h *halving) most(events int) int {
	if h.limit > 0 {
		return min(h.limit, events)
	}
	return events
}

// strict says that the bad event is among the next: then everything is looked up, as it may be one that is there already.
func (h *halving) strict() bool { return h.suspects > 0 }

// refused says that the database refused a batch of events. It returns whether the bad one is found: alone, and refused
// after everything was looked up. One that was not looked up may be innocent, a copy of one that is there already.
func (h *halving) refused(events int) (found bool) {
	if events == 1 && h.strict() {
		return true
	}
	h.suspects, h.limit = events, max(events/2, 1)
	return false
}

// took says that a batch of events was committed. Where the first half of those that were refused goes in, the bad one
// is in the rest; once it is found, batches grow again, as bad events often come together.
func (h *halving) took(events, full int) {
	h.suspects = max(h.suspects-events, 0)
	switch {
	case h.limit == 0:
	case h.suspects > 0:
		h.limit = max(h.suspects/2, 1)
	default:
		if h.limit *= 2; h.limit >= full {
			h.limit = 0
		}
	}
}

// parkRefused sets an event aside that the database will not take.
func (p *Projector) parkRefused(ctx context.Context, w *work, it item, to progress, cause error) error {
	began := time.Now()
	b := &batch{memory: w.memory}
	b.stats.Events = 1
	b.park(it, cause.Error())
	p.tables = newTables() // the event's own names for the tally go with it
	p.tables.gather(b)
	tx, err := p.tables.write(ctx, w.conn)
	if err != nil {
		return fmt.Errorf("park an event: %w", err)
	}
	if err := p.end(ctx, tx, w.at, to); err != nil {
		return fmt.Errorf("park an event: %w", err)
	}
	p.took(w, b, to, began)
	return nil
}

// dataFault says whether the database refused the data (SQLSTATE classes 22, 23 and 54) rather than failed. A check
// without a name is a partition's bounds: the day's partition was made while the row waited to go into the default one.
func dataFault(err error) bool {
	var refused *pq.Error
	if !errors.As(err, &refused) {
		return false
	}
	if refused.Code == "23514" && refused.Constraint == "" {
		return false
	}
	switch refused.Code.Class() {
	case "22", "23", "54":
		return true
	}
	return false
}
