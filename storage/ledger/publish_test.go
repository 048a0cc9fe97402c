package ledger

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/storage/internal/natstest"
)

func init() { tryTimeout = 500 * time.Millisecond }

// openTraced opens a ledger whose alarms are kept.
func openTraced(t *testing.T, js jetstream.JetStream, cfg Config) (l *Ledger, alarms chan error) {
	t.Helper()
	alarms = make(chan error, 100)
	cfg.Trace.Alarm = func(err error) { alarms <- err }
	l, err := Open(t.Context(), js, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l, alarms
}

// oneAlarm takes the one alarm that there must be, with these words in it.
func oneAlarm(t *testing.T, alarms chan error, words string) {
	t.Helper()
	if len(alarms) != 1 {
		t.Fatalf("%d alarms, want 1", len(alarms))
	}
	if err := <-alarms; !strings.Contains(err.Error(), words) {
		t.Errorf("alarm %q, want %q in it", err, words)
	}
}

func (l *Ledger) sendNow(t *testing.T, e *envelope) Position {
	t.Helper()
	p, err := l.send(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestALostAcknowledgementDoesNotAppendTwice(t *testing.T) {
	t.Parallel()
	for name, window := range map[string]time.Duration{"the server remembers": duplicateWindow, "the server has forgotten": 100 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			js := natstest.Start(t, t.TempDir(), 100*time.Millisecond).JetStream(t)
			l, alarms := openTraced(t, js, Config{})
			brief := l.stream.CachedInfo().Config
			brief.Duplicates = window
			if _, err := js.UpdateStream(t.Context(), brief); err != nil {
				t.Fatal(err)
			}
			first := l.seal(1, []byte("{}\n"))
			at := l.sendNow(t, first)
			if window < duplicateWindow {
				for n := 0; n < 2; { // until the server takes a younger id for new
					ack, err := js.Publish(t.Context(), Subject, nil, jetstream.WithMsgID("younger"))
					if err != nil {
						t.Fatal(err)
					}
					if !ack.Duplicate {
						n++
					}
				}
			}
			if again := l.sendNow(t, first); at != 1 || again != at {
				t.Errorf("the frame is at %d, tried again at %d", at, again)
			}
			l.appended(first, at)
			second := l.seal(1, []byte("{}\n"))
			l.appended(second, l.sendNow(t, second))
			if again := l.sendNow(t, second); again != l.chain.position {
				t.Errorf("the second frame is at %d, tried again at %d", l.chain.position, again)
			}
			if again := l.sendNow(t, first); again != at {
				t.Errorf("the first, tried once more behind the second, is at %d", again)
			}
			if len(alarms) > 0 {
				t.Error(<-alarms)
			}
		})
	}
}

func TestTwoProcessesOfOneNodeDoNotForkTheChain(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, t.TempDir(), 100*time.Millisecond)
	a, alarmsA := openTraced(t, s.JetStream(t), Config{})
	b, alarmsB := openTraced(t, s.JetStream(t), Config{})
	for n, l := range []*Ledger{a, b, b, a} {
		if p, err := l.Append(t.Context(), Event{Kind: Planned}); err != nil || p != Position(n+1) {
			t.Fatalf("append %d: position %d, %v", n, p, err)
		}
	}
	oneAlarm(t, alarmsB, "position 1 of the ledger is a frame that another process wrote as node node-1")
	oneAlarm(t, alarmsA, "position 3 of the ledger is a frame that another process wrote as node node-1")
	if a.chain.number != 4 {
		t.Errorf("the chain ends with number %d", a.chain.number)
	}
}

func TestFramesThatTheServerLostAreSkipped(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, t.TempDir(), 100*time.Millisecond)
	js := s.JetStream(t)
	l, alarms := openTraced(t, js, Config{})
	for range 5 {
		if _, err := l.Append(t.Context(), Event{Kind: Planned}); err != nil {
			t.Fatal(err)
		}
	}
	cut(t, js, 3)
	if p, err := l.Append(t.Context(), Event{Kind: Planned}); err != nil || p != 6 {
		t.Fatalf("append: position %d, %v", p, err)
	}
	oneAlarm(t, alarms, "NATS has lost frames of the ledger, position 5 among them")
	if l.chain.number != 6 {
		t.Errorf("the chain ends with number %d", l.chain.number)
	}
}

func TestAChainOlderThanIsKeptGoesOn(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t, t.TempDir(), 100*time.Millisecond).JetStream(t)
	l, alarms := openTraced(t, js, Config{Keep: 300 * time.Millisecond})
	if _, err := l.Append(t.Context(), Event{Kind: Planned}); err != nil {
		t.Fatal(err)
	}
	for {
		info, err := l.stream.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if info.State.Msgs == 0 {
			break
		}
	}
	if p, err := l.Append(t.Context(), Event{Kind: Planned}); err != nil || p != 2 {
		t.Fatalf("append: position %d, %v", p, err)
	}
	if l.chain.number != 2 || len(alarms) > 0 {
		t.Errorf("number %d, %d alarms", l.chain.number, len(alarms))
	}
}

func TestASubjectThatSomebodyElseWroteToIsRefused(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t, t.TempDir(), 100*time.Millisecond).JetStream(t)
	l, _ := openTraced(t, js, Config{Node: "gw-1", Give: 50 * time.Millisecond})
	if _, err := js.Publish(t.Context(), "ledger.0.gw-1", []byte("{}\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), js, Config{Node: "gw-1"}); err == nil || !strings.Contains(err.Error(), "find out who publishes to ledger.0.gw-1") {
		t.Errorf("opened, with %v", err)
	}
	if _, err := l.Append(t.Context(), Event{Kind: Planned}); !errors.Is(err, ErrUnavailable) {
		t.Errorf("appended, with %v", err)
	}
	if _, err := Open(t.Context(), js, Config{Node: "gw.1"}); err == nil {
		t.Error("a node's name with a dot was taken")
	}
}
