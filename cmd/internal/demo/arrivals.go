package demo

import (
	"slices"
	"sync"
	"time"

	"harkara/smpp/pdu"
)

// arrivals knows when each number's request was published and when its submit_sm came to an SMSC. Every request of a
// demo has a number of its own.
type arrivals struct {
	mu    sync.Mutex
	sent  map[string]time.Time // by number, digits
	waits []time.Duration      // from publication to the first submit_sm
}

func newArrivals() *arrivals { return &arrivals{sent: map[string]time.Time{}} }

func (a *arrivals) published(digits string, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent[digits] = at
}

// saw is told of every submit_sm by the simulators.
func (a *arrivals) saw(m *pdu.SM) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if at, ok := a.sent[m.Dest]; ok {
		a.waits = append(a.waits, now.Sub(at))
		delete(a.sent, m.Dest)
	}
}

// take returns the waits so far and forgets them.
func (a *arrivals) take() []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	waits := a.waits
	a.waits = nil
	return waits
}

// Latency is a distribution in milliseconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func latencyOf(list []time.Duration) Latency {
	if len(list) == 0 {
		return Latency{}
	}
	slices.Sort(list)
	ms := func(i int) float64 { return float64(list[i].Microseconds()) / 1000 }
	return Latency{P50: ms(len(list) / 2), P99: ms(len(list) * 99 / 100), Max: ms(len(list) - 1)}
}
