package state

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"harkara/cmd/internal/otp"
)

// called notes what was due, and when.
type called struct {
	mu sync.Mutex
	at map[otp.ChallengeID][]time.Time
}

func (c *called) due(_ context.Context, id otp.ChallengeID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at == nil {
		c.at = map[otp.ChallengeID][]time.Time{}
	}
	c.at[id] = append(c.at[id], time.Now())
	return nil
}

func (c *called) of(id otp.ChallengeID) []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at[id]
}

func (c *called) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.at)
}

// run runs a store's timers until the test or the returned function ends them.
func run(t *testing.T, s *Store, due func(context.Context, otp.ChallengeID) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Timers(ctx, 16, due) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func set(t *testing.T, s *Store, id otp.ChallengeID, at time.Time) {
	t.Helper()
	if err := s.SetTimer(within(t, 10*time.Second), id, at); err != nil {
		t.Fatal(err)
	}
}

// TestTimers: each comes once, to one of the processes, never early and not much late; a newer one replaces it.
func TestTimers(t *testing.T) {
	t.Parallel()
	for _, memory := range []bool{true, false} {
		t.Run(fmt.Sprintf("memory=%v", memory), func(t *testing.T) {
			t.Parallel()
			b := startBroker(t)
			s := b.open(t, memory)
			var c called
			run(t, s, c.due)
			run(t, b.open(t, memory), c.due)
			now := time.Now()
			want := map[otp.ChallengeID]time.Time{}
			for i := range 50 {
				id := otp.ChallengeID(fmt.Sprintf("c%d", i))
				want[id] = now.Add(time.Duration(i) * 40 * time.Millisecond)
				set(t, s, id, want[id])
			}
			want["later"], want["sooner"], want["past"] = now.Add(2*time.Second), now.Add(time.Second), now.Add(-time.Hour)
			set(t, s, "later", now.Add(time.Second))
			set(t, s, "later", want["later"])
			set(t, s, "sooner", now.Add(time.Hour))
			set(t, s, "sooner", want["sooner"])
			set(t, s, "past", want["past"])
			set(t, s, "never", now.Add(time.Hour))
			until(t, "the timers", func() bool { return c.count() == len(want) })
			for id, at := range want {
				switch times := c.of(id); {
				case len(times) != 1:
					t.Errorf("%s came at %v, want once", id, times)
				case times[0].Before(at):
					t.Errorf("%s came %s early", id, at.Sub(times[0]))
				}
			}
		})
	}
}

// TestTimersSurvive: what is set when the server is killed comes after it, what was due meanwhile too; and nothing that
// was done comes again.
func TestTimersSurvive(t *testing.T) {
	t.Parallel()
	p := startProcess(t)
	s := openStore(t, p.connect(t), false)
	var c called
	stop := run(t, s, c.due)
	now := time.Now()
	set(t, s, "before", now)
	until(t, "the one before", func() bool { return c.count() == 1 })
	stop()
	for i := range 200 {
		set(t, s, otp.ChallengeID(fmt.Sprintf("c%d", i)), now.Add(time.Duration(i)*10*time.Millisecond))
	}
	p.kill()
	p.start(t)
	set(t, s, "after", time.Now())
	run(t, s, c.due)
	run(t, openStore(t, p.connect(t), false), c.due)
	until(t, "the timers", func() bool { return c.count() == 202 })
	if n := len(c.of("before")); n != 1 {
		t.Errorf("what was done before the kill came %d times", n)
	}
}

// TestTimerFails: one that fails comes again, and holds up no other; one under way at the end finishes.
func TestTimerFails(t *testing.T) {
	t.Parallel()
	s := startBroker(t).open(t, true)
	var c called
	began, finish := make(chan struct{}), make(chan struct{})
	stop := run(t, s, func(ctx context.Context, id otp.ChallengeID) error {
		c.due(ctx, id)
		switch {
		case id == "fails" && len(c.of(id)) == 1:
			return errors.New("made up")
		case id == "slow":
			close(began)
			<-finish
			return ctx.Err()
		}
		return nil
	})
	set(t, s, "fails", time.Now())
	until(t, "the failure", func() bool { return len(c.of("fails")) == 1 })
	set(t, s, "other", time.Now())
	until(t, "another try", func() bool { return len(c.of("fails")) == 2 && c.count() == 2 })
	set(t, s, "slow", time.Now())
	<-began
	time.AfterFunc(50*time.Millisecond, func() { close(finish) })
	stop()
	until(t, "all to be acknowledged", func() bool {
		stream, err := s.cfg.JS.Stream(t.Context(), TimerStream)
		return err == nil && stream.CachedInfo().State.Msgs == 0
	})
}

// TestFetchGivesRoomBack: what was asked for and did not come can be asked for again.
func TestFetchGivesRoomBack(t *testing.T) {
	t.Parallel()
	s := startBroker(t).open(t, true)
	consumer, err := s.dueConsumer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var c called
	set(t, s, "a", time.Now())
	r := &runner{log: s.cfg.Log, due: c.due, busy: make(chan struct{}, 4)}
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	if err := r.fetch(ctx, t.Context(), consumer); err != nil {
		t.Error(err)
	}
	r.work.Wait()
	if c.count() != 1 || len(r.busy) != 0 {
		t.Errorf("%d came, and %d are under way", c.count(), len(r.busy))
	}
}
