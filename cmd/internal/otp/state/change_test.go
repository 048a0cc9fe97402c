package state

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/cmd/internal/otp"
)

const subjectKey otp.SubjectKey = "00112233445566778899"

// add counts a failure, as a wrong code does.
func add(s *otp.Subject) (bool, time.Duration) {
	s.Failures++
	return true, time.Hour
}

// failures reads a subject through a store.
func failures(t *testing.T, s *Store, key otp.SubjectKey) (n int) {
	t.Helper()
	err := s.Change(within(t, 10*time.Second), key, func(sub *otp.Subject) (bool, time.Duration) {
		n = sub.Failures
		return false, 0
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestChangeCountsEach: of a thousand changes at once, by three processes, none is lost and none counts twice.
func TestChangeCountsEach(t *testing.T) {
	t.Parallel()
	for _, memory := range []bool{true, false} {
		t.Run(fmt.Sprintf("memory=%v", memory), func(t *testing.T) {
			t.Parallel()
			b := startBroker(t)
			stores := []*Store{b.open(t, memory), b.open(t, memory), b.open(t, memory)}
			ctx := within(t, 30*time.Second)
			var wg sync.WaitGroup
			for i := range 1000 {
				wg.Go(func() {
					if err := stores[i%len(stores)].Change(ctx, subjectKey, add); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			for _, s := range stores {
				if n := failures(t, s, subjectKey); n != 1000 {
					t.Errorf("%d changes are kept, want 1000", n)
				}
			}
			if n := len(stores[0].values.locks.held); n != 0 {
				t.Errorf("%d locks are left behind", n)
			}
		})
	}
}

// TestChangesBySeveralProcesses: whichever process does what, each sees all that was done before.
func TestChangesBySeveralProcesses(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	stores := []*Store{b.open(t, true), b.open(t, true), b.open(t, true)}
	admin := b.connect(t)
	var round atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		run := round.Add(1)
		want := map[int]int{}
		rt.Repeat(map[string]func(*rapid.T){
			"change": func(rt *rapid.T) {
				key := rapid.IntRange(0, 1).Draw(rt, "key")
				s := stores[rapid.IntRange(0, 2).Draw(rt, "store")]
				keep := rapid.Bool().Draw(rt, "keep")
				var saw int
				name := otp.SubjectKey(fmt.Sprintf("%010d%010d", run, key))
				err := s.Change(t.Context(), name, func(sub *otp.Subject) (bool, time.Duration) {
					saw = sub.Failures
					sub.Failures++
					return keep, time.Hour
				})
				if err != nil || saw != want[key] {
					rt.Fatalf("saw %d (%v), want %d", saw, err, want[key])
				}
				if keep {
					want[key]++
				}
			},
			"delete": func(rt *rapid.T) { // by an administrator, with a marker
				key := rapid.IntRange(0, 1).Draw(rt, "key")
				kv, err := admin.KeyValue(t.Context(), Bucket)
				if err == nil {
					err = kv.Delete(t.Context(), fmt.Sprintf("s.%010d%010d", run, key))
				}
				if err != nil {
					rt.Fatal(err)
				}
				want[key] = 0
			},
		})
	})
}

// TestRoundTrips: what a change costs at the server, in messages to it.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	js, ctx := b.connect(t), within(t, 10*time.Second)
	s, other := openStore(t, js, true), b.open(t, true)
	refuse := func(*otp.Subject) (bool, time.Duration) { return false, 0 }
	steps := []struct {
		name string
		do   func() error
		want uint64
	}{
		{"a new subject: read and write", func() error { return s.Change(ctx, subjectKey, add) }, 2},
		{"seen last by us: write", func() error { return s.Change(ctx, subjectKey, add) }, 1},
		{"a refusal: read", func() error { return s.Change(ctx, subjectKey, refuse) }, 1},
		{"a refusal of what is not there: read", func() error { return s.Change(ctx, "ffffffffffffffffffff", refuse) }, 1},
		{"changed by another: write, read, write", func() error {
			if err := other.Change(ctx, subjectKey, add); err != nil {
				return err
			}
			return s.Change(ctx, subjectKey, add)
		}, 3},
		{"a refusal of what was changed by another: read", func() error {
			if err := other.Change(ctx, subjectKey, add); err != nil {
				return err
			}
			return s.Change(ctx, subjectKey, refuse)
		}, 1},
		{"a claim: write", func() error { _, _, err := s.Claim(ctx, "id", []byte("x"), time.Hour); return err }, 1},
		{"of a window: read and write", take(s, 2), 2},
		{"seen last by us: write", take(s, 2), 1},
		{"a full window: nothing", take(s, 2), 0},
	}
	for _, step := range steps {
		before := js.Conn().Stats().OutMsgs
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if n := js.Conn().Stats().OutMsgs - before; n != step.want {
			t.Errorf("%s: %d messages, want %d", step.name, n, step.want)
		}
	}
	if n := failures(t, s, subjectKey); n != 5 {
		t.Errorf("%d failures, want 5", n)
	}
}

// TestTTL: the server takes away what has outlived its time, and nothing else; a subject begins again then.
func TestTTL(t *testing.T) {
	t.Parallel()
	for _, memory := range []bool{true, false} {
		t.Run(fmt.Sprintf("memory=%v", memory), func(t *testing.T) {
			t.Parallel()
			s := startBroker(t).open(t, memory)
			ctx := within(t, 20*time.Second)
			for key, ttl := range map[otp.SubjectKey]time.Duration{"short": 20 * time.Millisecond, "long": time.Hour, "endless": 0} {
				if err := s.Change(ctx, key, func(sub *otp.Subject) (bool, time.Duration) { add(sub); return true, ttl }); err != nil {
					t.Fatal(err)
				}
			}
			until(t, "the short one to go", func() bool {
				v, err := s.values.get(ctx, "s.short")
				return err == nil && v.revision == 0
			})
			if err := s.Change(ctx, "short", add); err != nil {
				t.Fatal(err)
			}
			for key, want := range map[otp.SubjectKey]int{"short": 1, "long": 1, "endless": 1} {
				if n := failures(t, s, key); n != want {
					t.Errorf("%s: %d failures, want %d", key, n, want)
				}
			}
		})
	}
}

// TestClaim: one of many that claim an id at once has it, the others get what that one kept.
func TestClaim(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	stores := []*Store{b.open(t, true), b.open(t, true)}
	ctx := within(t, 10*time.Second)
	var wg sync.WaitGroup
	var mine atomic.Int64
	kept := make([]string, 100)
	for i := range kept {
		wg.Go(func() {
			value, first, err := stores[i%2].Claim(ctx, "k", fmt.Appendf(nil, "%d", i), time.Hour)
			if err != nil {
				t.Error(err)
			}
			if first {
				mine.Add(1)
			}
			kept[i] = string(value)
		})
	}
	wg.Wait()
	if mine.Load() != 1 {
		t.Errorf("%d have it", mine.Load())
	}
	for _, v := range kept {
		if v != kept[0] {
			t.Errorf("kept %q and %q", kept[0], v)
		}
	}
}

// TestEnrolments are apart from subjects of the same key.
func TestEnrolments(t *testing.T) {
	t.Parallel()
	s := startBroker(t).open(t, true)
	ctx := within(t, 10*time.Second)
	if err := s.Change(ctx, subjectKey, add); err != nil {
		t.Fatal(err)
	}
	for want := range int64(3) {
		err := s.ChangeEnrolment(ctx, subjectKey, func(e *otp.Enrolment) (bool, time.Duration) {
			if e.Step != want || e.Failures != 0 {
				t.Errorf("step %d, %d failures; want step %d", e.Step, e.Failures, want)
			}
			e.Step++
			return true, 0
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnreadableValue is said to be so, and not taken for an empty one.
func TestUnreadableValue(t *testing.T) {
	t.Parallel()
	s := startBroker(t).open(t, true)
	ctx := within(t, 10*time.Second)
	if _, err := s.values.publish(ctx, "s."+string(subjectKey), []byte("["), 0, 0, ""); err != nil {
		t.Fatal(err)
	}
	err := s.Change(ctx, subjectKey, add)
	if err == nil || errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

// until waits for what the server does in its own time.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(15 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
