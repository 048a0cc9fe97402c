package intake

import (
	"context"
	"sync"

	"harkara/router"
	"harkara/smpp/sms"
)

// quantum is the most room that one turn gives: small enough that turns alternate, large enough that a pull is worth it.
const quantum = 64

// room is how many requests of one class may be in the gateway, shared by its tenants in weighted turns. Room comes
// back when a request has its outcome.
type room struct {
	mu      sync.Mutex
	free    int
	turns   *router.Turns
	waiting map[sms.TenantID]*waiter
}

type waiter struct {
	want  int
	given chan int // holds one grant
}

func newRoom(capacity int, tenants []router.Tenant) (*room, error) {
	turns, err := router.NewTurns(tenants)
	if err != nil {
		return nil, err
	}
	return &room{free: capacity, turns: turns, waiting: map[sms.TenantID]*waiter{}}, nil
}

// take waits for room and returns how much it got, from 1 to want. A tenant takes from one goroutine at a time.
func (r *room) take(ctx context.Context, tenant sms.TenantID, want int) (int, error) {
	w := &waiter{want: min(want, quantum), given: make(chan int, 1)}
	r.mu.Lock()
	r.waiting[tenant] = w
	r.turns.Want(tenant)
	r.share()
	r.mu.Unlock()
	select {
	case n := <-w.given:
		return n, nil
	case <-ctx.Done():
		r.mu.Lock()
		defer r.mu.Unlock()
		if _, still := r.waiting[tenant]; still {
			delete(r.waiting, tenant)
			return 0, ctx.Err()
		}
		r.free += <-w.given
		return 0, ctx.Err()
	}
}

// give returns room.
func (r *room) give(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free += n
	r.share()
}

// share hands free room to those who wait, in turn.
func (r *room) share() {
	for r.free > 0 {
		tenant, ok := r.turns.Next()
		if !ok {
			return
		}
		w, waits := r.waiting[tenant]
		if !waits {
			continue // it gave up
		}
		n := min(w.want, r.free)
		r.turns.Charge(tenant, n-1) // the turn itself counts as one
		delete(r.waiting, tenant)
		r.free -= n
		w.given <- n
	}
}

// left returns how much room is free, for metrics.
func (r *room) left() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.free
}
