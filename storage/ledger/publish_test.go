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

func TestAFrameIsFoundThatTheServerHasForgotten(t *testing.T) {
	s := natstest.Start(t, t.TempDir(), 100*time.Millisecond)
	js := s.JetStream(t)
	l, err := Open(t.Context(), js, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	stream, err := js.Stream(t.Context(), Stream)
	if err != nil {
		t.Fatal(err)
	}
	brief := stream.CachedInfo().Config
	brief.Duplicates = 100 * time.Millisecond
	if _, err := js.UpdateStream(t.Context(), brief); err != nil {
		t.Fatal(err)
	}
	old := nats.NewMsg(Subject)
	old.Header.Set(jetstream.MsgIDHeader, "old")
	if at, err := l.try(old, "old", 0, false); err != nil || at != 1 {
		t.Fatalf("position %d, %v", at, err)
	}
	for n := 0; n < 2; { // until the server takes a younger id for new
		ack, err := js.PublishMsg(t.Context(), nats.NewMsg(Subject), jetstream.WithMsgID("younger"))
		if err != nil {
			t.Fatal(err)
		}
		if !ack.Duplicate {
			n++
		}
	}
	if at, err := l.try(old, "old", 0, true); err != nil || at != 1 {
		t.Errorf("tried again it is at %d, %v; want 1", at, err)
	}
	if at, err := l.find(t.Context(), "old", 1); err != nil || at != 0 {
		t.Errorf("after its position it is found at %d, %v", at, err)
	}
}
