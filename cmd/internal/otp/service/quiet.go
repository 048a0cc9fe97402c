package service

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"harkara/storage/ledger"
)

const (
	quietTime = 10 * time.Second
	quietMax  = 10_000 // things that are remembered
)

// quiet keeps what is said over and over from filling ledger and log: the same is said once in quietTime.
type quiet struct {
	mu      sync.Mutex
	said    map[string]time.Time
	dropped atomic.Int64
}

// news says whether something has not been said lately; of what is too much to be remembered nothing is said.
func (q *quiet) news(now time.Time, parts ...string) bool {
	key := strings.Join(parts, "\x00")
	q.mu.Lock()
	defer q.mu.Unlock()
	if last, said := q.said[key]; said && now.Sub(last) < quietTime {
		q.dropped.Add(1)
		return false
	}
	if len(q.said) >= quietMax {
		for key, last := range q.said {
			if now.Sub(last) >= quietTime {
				delete(q.said, key)
			}
		}
	}
	if len(q.said) >= quietMax {
		q.dropped.Add(1)
		return false
	}
	q.said[key] = now
	return true
}

// Unsaid is how many refusals were not written down, as the same was a moment before.
func (s *Service) Unsaid() int64 { return s.quiet.dropped.Load() }

// worth leaves out refusals that were written down a moment ago: whoever asks for what is refused must not fill the ledger.
func (s *Service) worth(list []ledger.OTP, now time.Time) []ledger.OTP {
	kept := make([]ledger.OTP, 0, len(list))
	for _, e := range list {
		if e.Event != ledger.OTPBlocked || s.quiet.news(now, string(e.Tenant), e.Challenge, e.Purpose, e.ToLast4, e.Reason) {
			kept = append(kept, e)
		}
	}
	return kept
}
