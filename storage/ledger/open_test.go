package ledger

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/storage/internal/natstest"
)

// TestReadersAndGuestsLeaveTheStreamAlone: who reads a ledger, or joins it, neither makes one nor changes its settings.
func TestReadersAndGuestsLeaveTheStreamAlone(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t, t.TempDir(), 100*time.Millisecond).JetStream(t)
	_, readErr := OpenToRead(t.Context(), js)
	_, joinErr := Join(t.Context(), js, Config{Node: "guest"})
	if !errors.Is(readErr, ErrNoLedger) || !errors.Is(joinErr, ErrNoLedger) {
		t.Fatalf("without a ledger: %v, %v", readErr, joinErr)
	}
	if _, err := js.Stream(t.Context(), Stream); !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Fatalf("there is a stream: %v", err)
	}
	l, _ := openTraced(t, js, Config{})
	if _, err := l.Append(t.Context(), Event{Kind: Planned}); err != nil {
		t.Fatal(err)
	}
	weak := l.stream.CachedInfo().Config
	weak.MaxBytes = 1 << 20
	stream, err := js.UpdateStream(t.Context(), weak)
	if err != nil {
		t.Fatal(err)
	}
	was := stream.CachedInfo().Config
	reader, err := OpenToRead(t.Context(), js)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Append(t.Context(), Event{Kind: Planned}); !errors.Is(err, ErrClosed) || reader.Lineage() != l.Lineage() || reader.End() != 1 {
		t.Errorf("a reader: %v, %s, %d", err, reader.Lineage(), reader.End())
	}
	reader.Close()
	guest, err := Join(t.Context(), js, Config{Node: "guest", Keep: time.Minute, Replicas: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer guest.Close()
	if p, err := guest.Append(t.Context(), Event{Kind: Planned}); err != nil || p != 2 {
		t.Errorf("a guest: %d, %v", p, err)
	}
	if stream, err = js.Stream(t.Context(), Stream); err != nil || !reflect.DeepEqual(stream.CachedInfo().Config, was) {
		t.Errorf("%+v\nwas %+v, %v", stream.CachedInfo().Config, was, err)
	}
}

// TestKeepMayChange: that is no alarm, and a beginning that an earlier, shorter time cut is none either. A time that no
// gateway has set is.
func TestKeepMayChange(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t, t.TempDir(), 100*time.Millisecond).JetStream(t)
	var kept []string
	trace := Trace{Kept: func(was, now time.Duration) { kept = append(kept, fmt.Sprint(was, now)) }}
	for _, keep := range []time.Duration{0, 2 * time.Hour, 5 * time.Hour, time.Hour, 0} {
		l, alarms := openTraced(t, js, Config{Keep: keep, Trace: trace})
		if len(alarms) > 0 {
			t.Errorf("to %s: %v", keep, <-alarms)
		}
		l.Close()
	}
	if got := strings.Join(kept, ", "); got != "0s 2h0m0s, 2h0m0s 5h0m0s, 5h0m0s 1h0m0s, 1h0m0s 0s" {
		t.Errorf("changes: %s", got)
	}
	stream, err := js.Stream(t.Context(), Stream)
	if err != nil {
		t.Fatal(err)
	}
	cfg := stream.CachedInfo().Config
	if cfg.MaxAge != 0 || cfg.Metadata[keepKey] != "1h0m0s" {
		t.Errorf("the stream keeps for %s, at least %s", cfg.MaxAge, cfg.Metadata[keepKey])
	}
	v := &verification{now: time.Now()}
	keep, _ := shortestKeep(cfg)
	v.beginning(5, keep)
	if len(v.report.Faults) > 0 || !v.report.Cut {
		t.Errorf("a cut beginning: %+v", v.report)
	}
	cfg.MaxAge, cfg.Duplicates = time.Minute, time.Minute
	if _, err := js.UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	_, alarms := openTraced(t, js, Config{})
	oneAlarm(t, alarms, "kept frames for no longer than 1m0s")
}

// TestOwnFramesAreNoAlarm: a try that was stored after its time was over is nobody else's, and what is alarming is said once.
func TestOwnFramesAreNoAlarm(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t, t.TempDir(), 100*time.Millisecond).JetStream(t)
	l, alarms := openTraced(t, js, Config{})
	l.sendNow(t, l.seal(0, nil)) // and nobody heard of it
	if p, err := l.Append(t.Context(), Event{Kind: Planned}); err != nil || p != 2 || len(alarms) > 0 {
		t.Errorf("append: %d, %v, %d alarms", p, err, len(alarms))
	}
	for range 3 {
		l.Alarm(errors.New("position 7 is gone"))
	}
	oneAlarm(t, alarms, "position 7 is gone")
}
