package state

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"harkara/cmd/internal/otp"
)

// list is a value that tells who wrote: ids in their order.
type list struct{ IDs []int }

func (l *list) Clone() *list { return &list{slices.Clone(l.IDs)} }

// TestServerDies: the server is killed and started again while three processes write. What was said to be kept is there
// once, what was said to be in doubt is there at most once, and nothing else is.
func TestServerDies(t *testing.T) {
	t.Parallel()
	p := startProcess(t)
	stores := []*Store{openStore(t, p.connect(t), false), openStore(t, p.connect(t), false), openStore(t, p.connect(t), false)}
	for _, s := range stores {
		s.values.answer = 500 * time.Millisecond
	}
	var mu sync.Mutex
	told := map[int]error{} // by id
	var wg sync.WaitGroup
	var next, done atomic.Int64
	for i := range 24 {
		wg.Go(func() {
			for done.Load() == 0 {
				id := int(next.Add(1))
				err := changeJSON(t.Context(), stores[i%3].values, fmt.Sprintf("s.%d", i%8), func(l *list) (bool, time.Duration) {
					l.IDs = append(l.IDs, id)
					return true, time.Hour
				})
				mu.Lock()
				told[id] = err
				mu.Unlock()
			}
		})
	}
	for range 2 {
		was := next.Load()
		until(t, "a hundred changes", func() bool { return next.Load() > was+100 })
		p.kill()
		p.start(t)
	}
	was := next.Load()
	until(t, "changes after the kills", func() bool { return next.Load() > was+100 })
	done.Store(1)
	wg.Wait()

	count := map[int]int{}
	for key := range 8 {
		var kept list
		err := changeJSON(t.Context(), stores[0].values, fmt.Sprintf("s.%d", key), func(l *list) (bool, time.Duration) {
			kept = *l
			return false, 0
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range kept.IDs {
			count[id]++
		}
	}
	doubts := 0
	for id, err := range told {
		switch {
		case err == nil && count[id] != 1:
			t.Errorf("change %d was kept, and is there %d times", id, count[id])
		case err != nil && (!errors.Is(err, ErrUnavailable) || count[id] > 1):
			t.Errorf("change %d is there %d times: %v", id, count[id], err)
		case err != nil:
			doubts++
		}
	}
	t.Logf("%d changes, %d of them in doubt", len(told), doubts)
}

// line is a connection to the server that can be cut at a chosen place.
type line struct {
	net.Conn
	broker *broker
	cut    *atomic.Pointer[func(sent, received []byte) bool] // true ends the connection in place of passing these on
}

func (l line) InProcessConn() (net.Conn, error) {
	conn, err := l.broker.InProcessConn()
	return line{Conn: conn, cut: l.cut}, err
}

func (l line) Write(p []byte) (int, error) {
	if cut := l.cut.Load(); cut != nil && (*cut)(p, nil) {
		l.Close()
		return 0, net.ErrClosed
	}
	return l.Conn.Write(p)
}

func (l line) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if cut := l.cut.Load(); cut != nil && (*cut)(nil, p[:n]) {
		l.Close()
		return 0, net.ErrClosed
	}
	return n, err
}

// TestLostAcknowledgement: a write of which the answer does not come was kept, was lost, or is hidden by another's.
func TestLostAcknowledgement(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		sent     bool // the connection ends when the write was sent; else before
		meddle   bool // another process writes before the answer is missed
		want     error
		failures int
	}{
		{"kept", true, false, nil, 2},
		{"lost", false, false, nil, 2},
		{"kept, and another upon it", true, true, ErrUnavailable, 3},
		{"lost, and another in its place", false, true, ErrUnavailable, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := startBroker(t)
			other := b.open(t, true)
			cut := &atomic.Pointer[func(sent, received []byte) bool]{}
			s := openStore(t, connect(t, "", nats.InProcessServer(line{broker: b, cut: cut})), true)
			s.values.answer = 300 * time.Millisecond
			ctx := within(t, 15*time.Second)
			if err := s.Change(ctx, subjectKey, add); err != nil {
				t.Fatal(err)
			}
			was := make(chan struct{})
			once := func(sent, received []byte) bool {
				hit := tt.sent && bytes.Contains(received, []byte("\"seq\":")) || !tt.sent && bytes.Contains(sent, []byte(writerHeader))
				if hit {
					cut.Store(nil)
					close(was)
				}
				return hit
			}
			cut.Store(&once)
			began := time.Now()
			result := make(chan error, 1)
			go func() { result <- s.Change(ctx, subjectKey, add) }()
			<-was
			if tt.meddle {
				if err := other.Change(ctx, subjectKey, add); err != nil {
					t.Fatal(err)
				}
			}
			if err := <-result; !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if took := time.Since(began); took >= patience {
				t.Errorf("it took %s", took)
			}
			for _, s := range []*Store{s, other} {
				if n := failures(t, s, subjectKey); n != tt.failures {
					t.Errorf("%d failures, want %d", n, tt.failures)
				}
			}
		})
	}
}

// TestNoServer: what can't be told is said to be unavailable, soon, and nothing is left behind.
func TestNoServer(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	s := b.open(t, false)
	b.stop()
	ctx := within(t, 200*time.Millisecond)
	calls := map[string]func() error{
		"change": func() error { return s.Change(ctx, subjectKey, add) },
		"claim":  func() error { _, _, err := s.Claim(ctx, "k", nil, time.Hour); return err },
		"take":   func() error { _, _, err := s.Take(ctx, []Window{{Key: "k", Per: time.Hour, Max: 1}}, noon); return err },
		"timer":  func() error { return s.SetTimer(ctx, otp.ChallengeID("a"), noon) },
	}
	var wg sync.WaitGroup
	for name, call := range calls {
		wg.Go(func() {
			if err := call(); !errors.Is(err, ErrUnavailable) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	wg.Wait()
}
