package outage

import (
	"bufio"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// sample is what can be seen from outside at a moment.
type sample struct {
	at                      time.Time
	ready                   int     // status of /readyz; 0: no answer
	lag                     float64 // harkara_projection_lag_seconds
	submits, acked, refused uint64  // submit_sm that came, receipts that were acknowledged and that were sent back, at the SMSCs
	asked                   uint64  // requests that JetStream has acknowledged to tenants
}

// watch takes samples all the time.
type watch struct {
	world *world

	mu      sync.Mutex
	samples []sample
}

const sampleEvery = 100 * time.Millisecond

func watchOf(t *testing.T, w *world) *watch {
	t.Helper()
	s := &watch{world: w}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		for {
			s.look()
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() { stop(); <-ended; http.DefaultClient.CloseIdleConnections() })
	return s
}

func (s *watch) look() {
	now := sample{at: time.Now(), lag: -1}
	if resp, err := http.Get("http://" + s.world.config.HTTP + "/readyz"); err == nil {
		now.ready = resp.StatusCode
		resp.Body.Close()
	}
	if resp, err := http.Get("http://" + s.world.config.HTTP + "/metrics"); err == nil {
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if value, ok := strings.CutPrefix(lines.Text(), "harkara_projection_lag_seconds "); ok {
				now.lag, _ = strconv.ParseFloat(value, 64) // what can't be read is no growth
			}
		}
		resp.Body.Close()
	}
	for _, smsc := range s.world.smscs {
		c := smsc.Counters()
		now.submits, now.acked, now.refused = now.submits+c.Submits, now.acked+c.ReceiptsAcked, now.refused+c.ReceiptsRefused
	}
	if l := s.world.load.Load(); l != nil {
		now.asked = l.count()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.samples = append(s.samples, now)
}

// last is the newest sample.
func (s *watch) last() sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.samples) == 0 {
		return sample{}
	}
	return s.samples[len(s.samples)-1]
}

// between returns the samples of a time.
func (s *watch) between(from, to time.Time) (list []sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.samples {
		if one.at.After(from) && one.at.Before(to) {
			list = append(list, one)
		}
	}
	return list
}

// settleTime is what a part of the gateway may take to notice an outage.
const settleTime = 2 * time.Second

// lagStep is by how much the lag may become less in an outage: it is known to the second, and where the database can be
// read again it may show that a batch got there at the last moment.
const lagStep = 1500 * time.Millisecond

// wentOn asserts what holds while PostgreSQL is away for a time: ready throughout, submits and receipts at the pace
// at which requests come, and, where the projection stands still, a lag that grows with the clock.
func (s *watch) wentOn(t *testing.T, from, to time.Time, still bool) {
	t.Helper()
	list := s.between(from, to)
	if len(list) < 10 {
		t.Fatalf("%d samples in %s are too few", len(list), to.Sub(from))
	}
	first, last := list[0], list[len(list)-1]
	for _, one := range list {
		if one.ready != http.StatusOK {
			t.Errorf("/readyz is %d, %s into the outage", one.ready, one.at.Sub(from))
			break
		}
	}
	took := last.at.Sub(first.at)
	want := (last.asked - first.asked) / 2
	if want < 20 {
		t.Errorf("in %s only %d requests were taken from tenants", took, last.asked-first.asked)
	}
	if n := last.submits - first.submits; n < want {
		t.Errorf("in %s without PostgreSQL %d submits, want at least %d", took, n, want)
	}
	if n := last.acked - first.acked; n < want {
		t.Errorf("in %s without PostgreSQL %d receipts were acknowledged, want at least %d", took, n, want)
	}
	if !still {
		return
	}
	most := 0.0
	for _, one := range list {
		if most = max(most, one.lag); one.at.Sub(from) > settleTime && one.lag < most-lagStep.Seconds() {
			t.Errorf("the lag fell from %.2f s to %.2f s, %s into the outage", most, one.lag, one.at.Sub(from))
			break
		}
	}
	if want := (to.Sub(from) - settleTime).Seconds(); last.lag < want {
		t.Errorf("after %s the lag is %.2f s, want at least %.2f", to.Sub(from), last.lag, want)
	}
}

// held asserts what holds while NATS is away: not ready, no receipt is acknowledged, some are sent back.
func (s *watch) held(t *testing.T, from, to time.Time) {
	t.Helper()
	list := s.between(from.Add(settleTime), to)
	if len(list) < 10 {
		t.Fatalf("%d samples in %s are too few", len(list), to.Sub(from))
	}
	for _, one := range list {
		if one.ready != http.StatusServiceUnavailable {
			t.Errorf("/readyz is %d, %s into the outage", one.ready, one.at.Sub(from))
			break
		}
	}
	first, last := list[0], list[len(list)-1]
	if last.acked != first.acked {
		t.Errorf("%d receipts were acknowledged while nothing could keep them", last.acked-first.acked)
	}
	if last.refused == first.refused {
		t.Errorf("no receipt was sent back in %s", to.Sub(from))
	}
}
