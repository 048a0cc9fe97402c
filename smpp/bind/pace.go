package bind

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// pace is the token bucket that the binds of one SMSC share. In no second, wherever it begins, does it give more than
// TPS tokens: a bucket of depth b that refills at r gives at most b + floor(r) in a second, so with b = TPS/50 (20 ms
// of the contract at once, so that a batch stays a batch) r is a thousandth below TPS - b + 1. The thousandth keeps
// the sum exact in spite of rounding; it costs one message in a thousand.
type pace struct {
	mu      sync.Mutex
	limiter *rate.Limiter // nil: no limit
	last    time.Time
}

func newPace(tps int) *pace {
	if tps <= 0 {
		return &pace{}
	}
	burst := max(1, tps/50)
	return &pace{limiter: rate.NewLimiter(rate.Limit(0.999*float64(tps-burst+1)), burst)}
}

// take takes a token, or returns how long to wait before asking again. Binds read their clocks before they come here,
// one after the other: the time never goes back inside, as the limiter would refill the difference twice.
func (p *pace) take(now time.Time) (wait time.Duration) {
	if p.limiter == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.last) {
		now = p.last
	}
	p.last = now
	if p.limiter.AllowN(now, 1) {
		return 0
	}
	missing := (1 - p.limiter.TokensAt(now)) / float64(p.limiter.Limit())
	return time.Duration(missing*float64(time.Second)) + 1
}
