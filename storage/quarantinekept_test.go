package storage

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/storage/internal/natstest"
)

// What is in quarantine is kept beside the snapshot.
func TestKeptQuarantine(t *testing.T) {
	server := natstest.Start(t, t.TempDir(), 100*time.Millisecond)
	js := server.JetStream(t)
	expect := func(what string, js jetstream.JetStream, want map[Pair]time.Time) {
		t.Helper()
		if got, err := KeptQuarantine(t.Context(), js); err != nil || got == nil || !maps.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", what, got, err, want)
		}
	}
	expect("no bucket", js, nil)
	if err := KeepQuarantine(t.Context(), js, nil); !errors.Is(err, jetstream.ErrBucketNotFound) {
		t.Errorf("without a snapshot: %v", err)
	}
	saved(t, js, snapshotRegister(1, 1))
	expect("none kept", js, nil)
	one := map[Pair]time.Time{{templateID(1), "sim-a"}: testStart}
	many := maps.Clone(one)
	for n := range 10_000 {
		many[Pair{templateID(n), "sim-b"}] = testStart.Add(time.Duration(n) * time.Minute)
	}
	for _, pairs := range []map[Pair]time.Time{one, many, {}, one} {
		written := lastWrite(t, js)
		for range 2 { // the second time nothing is written
			if err := KeepQuarantine(t.Context(), js, pairs); err != nil {
				t.Fatal(err)
			}
		}
		expect("kept", js, pairs)
		if got := lastWrite(t, js) - written; got != 1 {
			t.Errorf("%d pairs: %d writes", len(pairs), got)
		}
	}
	saved(t, js, snapshotRegister(2, 1)) // leaves it
	server.Stop()
	server.Restart(t)
	expect("after a restart", server.JetStream(t), one)
	kv, err := server.JetStream(t).KeyValue(t.Context(), registerBucket)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.PutString(t.Context(), quarantineKey, "made up"); err != nil {
		t.Fatal(err)
	}
	if got, err := KeptQuarantine(t.Context(), server.JetStream(t)); err == nil || !strings.Contains(err.Error(), "read the quarantine from SMS_REGISTER") {
		t.Errorf("spoilt: %v, %v", got, err)
	}
}
