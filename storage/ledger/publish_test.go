package ledger

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/storage/internal/natstest"
)

func TestALostAcknowledgementDoesNotAppendTwice(t *testing.T) {
	s := natstest.Start(t, t.TempDir(), 100*time.Millisecond)
	l, err := Open(t.Context(), s.JetStream(t), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	frame := func(id string) *nats.Msg {
		m := nats.NewMsg(Subject)
		m.Header.Set(jetstream.MsgIDHeader, id)
		return m
	}
	for try, want := range []struct {
		id   string
		look bool
		at   Position
	}{{"a", false, 1}, {"a", false, 1}, {"b", true, 2}, {"b", true, 2}, {"a", true, 1}, {"c", true, 3}} {
		got, err := l.try(frame(want.id), want.id, 0, want.look)
		if err != nil || got != want.at {
			t.Errorf("try %d of frame %s: position %d, %v; want %d", try, want.id, got, err, want.at)
		}
	}
	if end, err := l.Last(t.Context()); err != nil || end != 3 {
		t.Errorf("the ledger ends at %d, %v; want 3", end, err)
	}
}
