package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/storage/internal/natstest"
)

// TestFits: what the server made of a configuration fits it, and every wish beyond it does not.
func TestFits(t *testing.T) {
	t.Parallel()
	js := natstest.Start(t, t.TempDir(), time.Second).JetStream(t)
	want := jetstream.StreamConfig{Name: "FITS", Subjects: []string{"fits.>"}, Retention: jetstream.WorkQueuePolicy,
		Duplicates: time.Minute, Metadata: map[string]string{"whose": "ours"}}
	stream, err := js.CreateStream(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "one", AckWait: time.Second, MaxDeliver: -1})
	if err != nil {
		t.Fatal(err)
	}
	if have := stream.CachedInfo().Config; !Fits(have, want) {
		t.Errorf("%+v does not fit %+v", have, want)
	}
	if have := consumer.CachedInfo().Config; !Fits(have, jetstream.ConsumerConfig{Durable: "one", AckWait: time.Second, MaxDeliver: -1}) ||
		Fits(have, jetstream.ConsumerConfig{Durable: "one", AckWait: 2 * time.Second}) {
		t.Errorf("the consumer is %+v", have)
	}
	for what, change := range map[string]func(*jetstream.StreamConfig){
		"subjects":    func(c *jetstream.StreamConfig) { c.Subjects = []string{"fits.>", "more.>"} },
		"age":         func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour },
		"no deletion": func(c *jetstream.StreamConfig) { c.DenyDelete = true },
		"description": func(c *jetstream.StreamConfig) { c.Description = "other words" },
		"metadata":    func(c *jetstream.StreamConfig) { c.Metadata = map[string]string{"whose": "theirs"} },
		"more of it":  func(c *jetstream.StreamConfig) { c.Metadata = map[string]string{"since": "now"} },
	} {
		changed := want
		change(&changed)
		if Fits(stream.CachedInfo().Config, changed) {
			t.Errorf("%s: a stream without it fits", what)
		}
	}
}

// TestOpenStreamMendsWhatAKillLeft: a server that was killed between the two files of a configuration does not know the
// stream. It is found again with what it holds, for good, and one that is well is not written to.
func TestOpenStreamMendsWhatAKillLeft(t *testing.T) {
	dir := t.TempDir()
	server := natstest.Start(t, dir, time.Second)
	js := server.JetStream(t)
	want := jetstream.StreamConfig{Name: "MENDS", Subjects: []string{"mends.>"}}
	if _, err := OpenStream(t.Context(), js, want); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "mends.one", nil); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	sums, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "MENDS", "meta.sum"))
	if err != nil || len(sums) != 1 {
		t.Fatal(sums, err)
	}
	if err := os.Remove(sums[0]); err != nil {
		t.Fatal(err)
	}
	var written time.Time
	for try := range 3 {
		server.Restart(t)
		_, err := js.Stream(t.Context(), "MENDS")
		if lost := errors.Is(err, jetstream.ErrStreamNotFound); lost != (try == 0) {
			t.Errorf("start %d: %v", try, err)
		}
		stream, err := OpenStream(t.Context(), js, want)
		if err != nil {
			t.Fatal(err)
		}
		if n := stream.CachedInfo().State.LastSeq; n != 1 {
			t.Errorf("start %d: the last sequence is %d", try, n)
		}
		info, err := os.Stat(sums[0])
		if err != nil {
			t.Fatal(err)
		}
		if try > 0 && !info.ModTime().Equal(written) {
			t.Errorf("start %d wrote the configuration", try)
		}
		written = info.ModTime()
		server.Stop()
	}
	server.Restart(t) // for the cleanup
}
