package sms

import (
	"sync/atomic"
	"time"
)

// Lease is until when a request is this gateway's alone. Who does not renew it in time must not send any more: another
// gateway may have the request. The nil Lease is held for ever. It is safe for concurrent use.
type Lease struct{ until atomic.Pointer[time.Time] }

// NewLease returns a lease that is held until a time.
func NewLease(until time.Time) *Lease {
	l := new(Lease)
	l.Renew(until)
	return l
}

// Held says whether the lease is held now: by the clock on the wall as well as by the one that only runs, as the latter
// stands still with a machine that sleeps.
func (l *Lease) Held(now time.Time) bool {
	if l == nil {
		return true
	}
	until := *l.until.Load()
	return now.Before(until) && now.Round(0).Before(until.Round(0))
}

// Renew says until when the lease is held from here on.
func (l *Lease) Renew(until time.Time) { l.until.Store(&until) }

// End loses the lease.
func (l *Lease) End() { l.Renew(time.Time{}) }
