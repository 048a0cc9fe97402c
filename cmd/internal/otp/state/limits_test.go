package state

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// take counts one in a window of most.
func take(s *Store, most int) func() error {
	return func() error {
		_, _, err := s.Take(s.ctx, []Window{{Key: "once", Per: time.Minute, Max: most}}, noon)
		return err
	}
}

// TestTakeIsExact: of many at once, by three processes, as many get through as there is room for.
func TestTakeIsExact(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	stores := []*Store{b.open(t, true), b.open(t, true), b.open(t, true)}
	ctx := within(t, 20*time.Second)
	const most = 250
	var through atomic.Int64
	var wg sync.WaitGroup
	for i := range 1500 {
		wg.Go(func() {
			full, _, err := stores[i%3].Take(ctx, []Window{{Key: "hot", Per: 10 * time.Minute, Max: most}}, noon)
			switch {
			case err != nil:
				t.Error(err)
			case full < 0:
				through.Add(1)
			}
		})
	}
	wg.Wait()
	if n := through.Load(); n != most {
		t.Errorf("%d got through, want %d", n, most)
	}
	stores[0].work.Wait()
	if n := len(stores[0].counters.waiting); n != 0 {
		t.Errorf("%d keys are left behind", n)
	}
}

// TestTakeTogether: a thousand in one process cost a hot counter few round trips.
func TestTakeTogether(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	js := b.connect(t)
	s := openStore(t, js, true)
	ctx := within(t, 10*time.Second)
	before := js.Conn().Stats().OutMsgs
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range 1000 {
		wg.Go(func() {
			<-start
			if full, _, err := s.Take(ctx, []Window{{Key: "hot", Per: time.Hour, Max: 5000}}, noon); full >= 0 || err != nil {
				t.Errorf("full %d, %v", full, err)
			}
		})
	}
	close(start)
	wg.Wait()
	if n := js.Conn().Stats().OutMsgs - before; n > 500 {
		t.Errorf("%d messages for 1000", n)
	}
}

// TestTake: what fills up, in which order, and for how long.
func TestTake(t *testing.T) {
	t.Parallel()
	s := startBroker(t).open(t, true)
	windows := []Window{{Key: "a", Per: 10 * time.Minute, Max: 3}, {Key: "a", Per: time.Hour, Max: 4},
		{Key: "b", Per: time.Minute, Max: 100}}
	steps := []struct {
		at   time.Duration
		full int
		wait time.Duration
	}{
		{0, -1, 0}, {time.Minute, -1, 0}, {2 * time.Minute, -1, 0},
		{3 * time.Minute, 0, 7 * time.Minute},
		{9*time.Minute + 59*time.Second + 500*time.Millisecond, 0, 500 * time.Millisecond},
		{10 * time.Minute, -1, 0},               // the next window of ten minutes; the fourth of the hour
		{11 * time.Minute, 1, 49 * time.Minute}, // counted in the first all the same
		{12 * time.Minute, 1, 48 * time.Minute},
		{13 * time.Minute, 0, 7 * time.Minute},
		{time.Hour, -1, 0},
	}
	for _, step := range steps {
		full, wait, err := s.Take(within(t, 10*time.Second), windows, noon.Add(step.at))
		if err != nil || full != step.full || wait != step.wait {
			t.Errorf("at %s: full %d, wait %s, %v; want %d, %s", step.at, full, wait, err, step.full, step.wait)
		}
	}
	none := []Window{{Key: "none", Per: time.Hour}}
	if full, _, err := s.Take(within(t, 10*time.Second), none, noon); full != 0 || err != nil {
		t.Errorf("a window of none: %d, %v", full, err)
	}
	if full, _, err := s.Take(within(t, 10*time.Second), nil, noon); full != -1 || err != nil {
		t.Errorf("no windows: %d, %v", full, err)
	}
}

// TestCounterOutlivesWindow: a process whose clock is behind still finds the counter.
func TestCounterOutlivesWindow(t *testing.T) {
	t.Parallel()
	s := startBroker(t).open(t, true)
	ctx := within(t, 10*time.Second)
	w := Window{Key: "k", Per: 10 * time.Minute, Max: 1}
	if _, _, err := s.Take(ctx, []Window{w}, noon.Add(9*time.Minute)); err != nil {
		t.Fatal(err)
	}
	key, left := w.at(noon)
	msg, err := s.limits.stream.GetLastMsgForSubject(ctx, s.limits.prefix+key)
	if err != nil {
		t.Fatal(err)
	}
	if ttl := msg.Header.Get(jetstream.MsgTTLHeader); ttl != "120s" || left != 10*time.Minute {
		t.Errorf("kept for %s, a window of %s; want 120s", ttl, left)
	}
}
