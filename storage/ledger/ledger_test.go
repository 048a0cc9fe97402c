package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/smpp/sms"
	"harkara/storage/internal/natstest"
	"harkara/storage/ledger"
)

func open(t testing.TB, s *natstest.Server, cfg ledger.Config) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), s.JetStream(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// event is a made-up event that carries a name.
func event(name string) ledger.Event {
	return ledger.Event{Kind: ledger.Planned, At: time.Unix(1795000000, 0).UTC(), SMSC: sms.SMSCID(name)}
}

// names reads the frames up to the ledger's end and returns the events' names with the positions that they came at.
func names(t *testing.T, l *ledger.Ledger) (all []string, at map[string]ledger.Position) {
	t.Helper()
	at = map[string]ledger.Position{}
	end, err := l.Last(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Read(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	var d ledger.Decoder
	for p := ledger.Position(0); p < end; {
		f, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if f.Position != p+1 || f.Version != "2" || f.At.IsZero() {
			t.Fatalf("after position %d came frame %+v", p, f)
		}
		p = f.Position
		n := 0
		d.DecodeFrame(f.Payload, func(_ int, e *ledger.Event, _ []byte, err error) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			all = append(all, string(e.SMSC))
			at[string(e.SMSC)] = f.Position
		})
		if n != f.Events {
			t.Fatalf("frame %d says %d events and holds %d", p, f.Events, n)
		}
	}
	return all, at
}

func TestEveryAppendIsInTheFrameItWasToldOf(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, t.TempDir(), 100*time.Millisecond)
	var mu sync.Mutex
	frames := 0
	l := open(t, s, ledger.Config{Trace: ledger.Trace{Appended: func(int, int, time.Duration) { mu.Lock(); frames++; mu.Unlock() }}})
	const appenders, each = 200, 10
	told := make([]map[string]ledger.Position, appenders)
	var wg sync.WaitGroup
	for a := range appenders {
		told[a] = map[string]ledger.Position{}
		wg.Go(func() {
			for i := range each {
				first, second := fmt.Sprintf("%d/%d/a", a, i), fmt.Sprintf("%d/%d/b", a, i)
				p, err := l.Append(t.Context(), event(first), event(second))
				if err != nil {
					t.Errorf("append %s: %v", first, err)
				}
				told[a][first], told[a][second] = p, p
			}
		})
	}
	wg.Wait()
	all, at := names(t, l)
	if len(all) != appenders*each*2 || len(at) != len(all) {
		t.Fatalf("the ledger holds %d events, %d different; want %d", len(all), len(at), appenders*each*2)
	}
	for a := range told {
		last := ledger.Position(0)
		for i := range each {
			name := fmt.Sprintf("%d/%d/a", a, i)
			if at[name] != told[a][name] || told[a][name] < last {
				t.Fatalf("%s is in frame %d, its appender was told %d after %d", name, at[name], told[a][name], last)
			}
			last = at[name]
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if end := l.End(); int(end) != frames || frames >= appenders*each {
		t.Errorf("%d frames, end %d: appends did not share frames", frames, end)
	}
}

func TestAnOutageLeavesNoDoubtUnsaid(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, t.TempDir(), 100*time.Millisecond)
	retried := make(chan error, 1000)
	l := open(t, s, ledger.Config{Give: 50 * time.Millisecond, Trace: ledger.Trace{Retried: func(err error) { retried <- err }}})
	if _, err := l.Append(t.Context(), event("before")); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	if _, err := l.Append(t.Context(), event("in flight")); !errors.Is(err, ledger.ErrInDoubt) || errors.Is(err, ledger.ErrUnavailable) {
		t.Fatalf("the append in flight got %v, want in doubt", err)
	}
	if _, err := l.Append(t.Context(), event("behind it")); !errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, ledger.ErrInDoubt) {
		t.Fatalf("the append behind it got %v, want unavailable", err)
	}
	s.Restart(t)
	for {
		_, err := l.Append(t.Context(), event("after"))
		if err == nil {
			break
		}
		if !errors.Is(err, ledger.ErrUnavailable) {
			t.Fatalf("an append that never went out got %v", err)
		}
	}
	all, _ := names(t, l)
	if fmt.Sprint(all) != "[before in flight after]" {
		t.Errorf("the ledger holds %v", all)
	}
	if len(retried) == 0 {
		t.Error("no try was reported as failed")
	}
}

func TestWithoutAStreamNothingIsInDoubt(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, t.TempDir(), 100*time.Millisecond)
	l := open(t, s, ledger.Config{Give: 30 * time.Millisecond})
	if err := s.JetStream(t).DeleteStream(t.Context(), ledger.Stream); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), event("x")); !errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, ledger.ErrInDoubt) {
		t.Errorf("got %v, want unavailable", err)
	}
}

func TestWhatNoFrameHoldsIsRefused(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, t.TempDir(), 100*time.Millisecond)
	l := open(t, s, ledger.Config{})
	if _, err := l.Append(t.Context(), make([]ledger.Event, ledger.MaxFrameEvents+1)...); !errors.Is(err, ledger.ErrTooLarge) {
		t.Errorf("got %v, want too large", err)
	}
	if _, err := l.Append(t.Context(), make([]ledger.Event, ledger.MaxFrameEvents)...); err != nil {
		t.Errorf("a full frame: %v", err)
	}
	if p, err := l.Append(t.Context()); err != nil || p != l.End() {
		t.Errorf("an append of nothing: %d, %v", p, err)
	}
}

func TestAFullFrameMakesAppendersWait(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, t.TempDir(), 100*time.Millisecond)
	failed := make(chan error, 1000)
	l := open(t, s, ledger.Config{Give: time.Hour, Trace: ledger.Trace{Retried: func(err error) { failed <- err }}})
	s.Stop()
	ended := make(chan error, 2)
	full := make([]ledger.Event, ledger.MaxFrameEvents)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { _, err := l.Append(ctx, full...); ended <- err }()
	<-failed // in flight
	go func() { _, err := l.Append(ctx, full...); ended <- err }()
	<-failed // one more gathers, or is about to
	<-failed
	short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if _, err := l.Append(short, event("no room")); !errors.Is(err, ledger.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without room: %v", err)
	}
	s.Restart(t)
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// stalled is a connection that can stop taking and giving anything, as one to a stopped process does.
type stalled struct {
	net.Conn
	gate *sync.RWMutex // locked: it stalls
}

func (c stalled) Write(p []byte) (int, error) {
	c.gate.RLock()
	defer c.gate.RUnlock()
	return c.Conn.Write(p)
}

func (c stalled) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.gate.RLock()
	defer c.gate.RUnlock()
	return n, err
}

// stallable lets a connection to a server stall.
type stallable struct {
	*natstest.Server
	gate sync.RWMutex
}

func (s *stallable) InProcessConn() (net.Conn, error) {
	c, err := s.Server.InProcessConn()
	return stalled{c, &s.gate}, err
}

func TestAStalledServerCostsNoMoreThanTwoFrames(t *testing.T) {
	t.Parallel()
	s := &stallable{Server: natstest.Start(t, t.TempDir(), 100*time.Millisecond)}
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.MaxReconnects(-1))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Open(t.Context(), js, ledger.Config{Give: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	s.gate.Lock()
	const appenders, each = 2000, 16
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	told := make(chan error, appenders)
	batch := make([]ledger.Event, each)
	for i := range batch {
		batch[i] = event("stalled")
	}
	for range appenders {
		wg.Go(func() {
			_, err := l.Append(ctx, batch...)
			told <- err
		})
	}
	for l.Waiting() < appenders*each {
		runtime.Gosched()
	}
	// What is in flight is told that it is in doubt, what gathered behind it is refused, the others wait on.
	var doubts, refused int
	for doubts == 0 || refused == 0 {
		switch err := <-told; {
		case errors.Is(err, ledger.ErrInDoubt):
			doubts += each
		case errors.Is(err, ledger.ErrUnavailable):
			refused += each
		default:
			t.Fatalf("appended, with %v", err)
		}
	}
	cancel()
	wg.Wait()
	close(told)
	for err := range told {
		if errors.Is(err, ledger.ErrInDoubt) && !errors.Is(err, context.Canceled) {
			doubts += each
		}
	}
	if doubts > ledger.MaxFrameEvents || l.Waiting() != 0 {
		t.Errorf("%d events were in flight, a frame holds %d; %d wait", doubts, ledger.MaxFrameEvents, l.Waiting())
	}
	s.gate.Unlock()
	l.Close()
}

func TestCloseFlushes(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, t.TempDir(), 100*time.Millisecond)
	l := open(t, s, ledger.Config{})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if _, err := l.Append(t.Context(), event(fmt.Sprint(i))); err != nil && !errors.Is(err, ledger.ErrClosed) {
				t.Errorf("append: %v", err)
			}
		})
	}
	l.Close()
	wg.Wait()
	l.Close()
	if _, err := l.Append(t.Context(), event("late")); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("got %v, want closed", err)
	}
}

func TestReadFollowsAServerThroughARestart(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, t.TempDir(), 100*time.Millisecond)
	l := open(t, s, ledger.Config{})
	r, err := l.Read(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	for round := ledger.Position(1); round <= 3; round++ {
		if p, err := l.Append(t.Context(), event("x")); err != nil || p != round {
			t.Fatalf("append: %d, %v", p, err)
		}
		f, err := r.Next(t.Context())
		if err != nil || f.Position != round {
			t.Fatalf("read: %d, %v", f.Position, err)
		}
		s.Stop()
		s.Restart(t)
	}
}
