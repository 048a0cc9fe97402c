package storage

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/storage/internal/natstest"
	"harkara/storage/ledger"
)

// TestMissingFramesAreSaid: frames that are gone before they were projected are named by their bounds, and the projection
// goes on behind them.
func TestMissingFramesAreSaid(t *testing.T) {
	t.Parallel()
	b := &bench{db: testDB(t).DB, server: natstest.Start(t, t.TempDir(), 100*time.Millisecond)}
	b.js = b.server.JetStream(t)
	stream, err := b.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: ledger.Stream, Subjects: []string{"ledger.>"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 7 { // frames of version 1, with an event that says nothing
		_, err := b.js.PublishMsg(t.Context(), &nats.Msg{Subject: ledger.Subject,
			Header: nats.Header{"Harkara-Frame": {"1"}, "Harkara-Events": {"0"}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, gone := range []uint64{1, 2, 4, 5, 6} {
		if err := stream.DeleteMsg(t.Context(), gone); err != nil {
			t.Fatal(err)
		}
	}
	var alarms []string
	trace := ledger.Trace{Alarm: func(err error) { alarms = append(alarms, err.Error()) }}
	if b.ledger, err = ledger.Open(t.Context(), b.js, ledger.Config{Trace: trace}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.ledger.Close)
	alarms = nil
	if p := b.project(t, b.config()); p.Position() != 7 {
		t.Errorf("projected up to position %d", p.Position())
	}
	const rest = " are not in the ledger and were never projected: restore the NATS store, or accept that what these frames said is lost"
	if got, want := fmt.Sprint(alarms), fmt.Sprint([]string{"positions 1 to 2" + rest, "positions 4 to 6" + rest}); got != want {
		t.Errorf("said %s\nwant %s", got, want)
	}
}
