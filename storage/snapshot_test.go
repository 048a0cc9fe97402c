package storage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/dlt"
	"harkara/storage/internal/natstest"
)

// A made-up register of a version: every kind of row, and enough text that does not compress for some chunks.
func snapshotRegister(version int64, templates int) *dlt.Register {
	random := rand.New(rand.NewPCG(uint64(version), 1))
	c := dlt.Contents{
		Mark:     fmt.Sprint("made up at ", version),
		Entities: []dlt.Entity{{ID: entityA, Name: "Acme Bank", Standing: active}},
		Headers:  []dlt.HeaderRecord{{Header: "ACMEBK", Entity: entityA, Standing: active}},
		CTAs:     []dlt.CTA{{Entity: entityA, Type: dlt.CTADynamic, Value: "https://acme.example/?", Standing: active}},
		Chains:   []dlt.ChainRecord{{Entity: entityA, SMSC: "sim-a", IDs: []string{string(entityA), "1102000000000000021"}, Standing: active}},
	}
	for n := range templates {
		var text strings.Builder
		for range 80 {
			text.WriteRune(rune('0' + random.IntN(70)))
		}
		t := testTemplate(n, entityA, text.String())
		c.Templates = append(c.Templates, t)
		c.Links = append(c.Links, dlt.Link{Template: t.ID, Header: "ACMEBK", Standing: dlt.Standing{Status: dlt.Active, From: source.At}})
	}
	return dlt.NewRegister(version, c)
}

// stored lists the bucket's keys, the chunks without their hash and grouped: "5: 3 chunks".
func stored(t *testing.T, js jetstream.JetStream) (all []string) {
	t.Helper()
	kv, err := js.KeyValue(t.Context(), registerBucket)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := kv.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	chunks := map[string]int{}
	for _, key := range keys {
		if parts := strings.Split(key, "."); len(parts) == 4 {
			chunks[parts[1]]++
		} else {
			all = append(all, key)
		}
	}
	for version, n := range chunks {
		all = append(all, fmt.Sprintf("%s: %d chunks", version, n))
	}
	slices.Sort(all)
	return all
}

func saved(t *testing.T, js jetstream.JetStream, r *dlt.Register) {
	t.Helper()
	if err := SaveSnapshot(t.Context(), js, 1, r); err != nil {
		t.Fatal(err)
	}
}

func loadSaved(t *testing.T, js jetstream.JetStream) *dlt.Register {
	t.Helper()
	r, err := LoadSnapshot(t.Context(), js)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The last snapshot is kept whole, with the one before it for those who read that, and survives the server.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t, t.TempDir(), 100*time.Millisecond)
	js := server.JetStream(t)
	if _, err := LoadSnapshot(t.Context(), js); err == nil || !strings.Contains(err.Error(), "no snapshot of the register is kept") {
		t.Errorf("before the first: %v", err)
	}
	six, eight := snapshotRegister(6, 10), snapshotRegister(8, 20)
	restored := snapshotRegister(6, 12).With(6, dlt.Contents{Mark: "made up for another"})
	for _, step := range []struct {
		name   string
		r      *dlt.Register
		stored []string
	}{
		{"the first", snapshotRegister(5, 12_000), []string{"5: 2 chunks", "current"}},
		{"a newer one", six, []string{"5: 2 chunks", "6: 1 chunks", "current"}},
		{"newer still", eight, []string{"6: 1 chunks", "8: 1 chunks", "current"}},
		{"an older one", six, []string{"6: 1 chunks", "8: 1 chunks", "current"}},
		{"another of the same version", restored, []string{"6: 2 chunks", "current"}},
	} {
		saved(t, js, step.r)
		for range 2 { // the second time nothing is written
			before := lastWrite(t, js)
			saved(t, js, snapshotRegister(step.r.Version(), 1).With(step.r.Version(), dlt.Contents{Mark: step.r.Mark()}))
			if after := lastWrite(t, js); after != before {
				t.Errorf("%s: the same is written again", step.name)
			}
		}
		got := loadSaved(t, js)
		sameRegister(t, step.name, got, step.r)
		if got.Mark() != step.r.Mark() {
			t.Errorf("%s: mark %q, want %q", step.name, got.Mark(), step.r.Mark())
		}
		if got := stored(t, js); !slices.Equal(got, step.stored) {
			t.Errorf("%s: stored %v, want %v", step.name, got, step.stored)
		}
	}
	server.Stop()
	server.Restart(t)
	sameRegister(t, "after a restart", loadSaved(t, server.JetStream(t)), restored)
}

// lastWrite is the sequence number of what was last written to the bucket.
func lastWrite(t *testing.T, js jetstream.JetStream) uint64 {
	t.Helper()
	stream, err := js.Stream(t.Context(), "KV_"+registerBucket)
	if err != nil {
		t.Fatal(err)
	}
	return stream.CachedInfo().State.LastSeq
}

// Gateways that save at the same time leave one of theirs, whole, and no chunks of those that were slower; whoever saves
// next has what PostgreSQL has.
func TestSnapshotsAtOnce(t *testing.T) {
	js := natstest.Start(t, t.TempDir(), 100*time.Millisecond).JetStream(t)
	saved(t, js, snapshotRegister(1, 1))
	var wg sync.WaitGroup
	for n := range 12 {
		wg.Go(func() {
			for range 3 {
				if err := SaveSnapshot(context.Background(), js, 1, snapshotRegister(int64(2+n%6), 300)); err != nil {
					t.Error(err)
				}
				if _, err := LoadSnapshot(context.Background(), js); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	kept := loadSaved(t, js)
	sameRegister(t, "one of them", kept, snapshotRegister(kept.Version(), 300))
	if got := stored(t, js); len(got) != 3 { // current, its chunk, and that of the one before
		t.Errorf("stored %v", got)
	}
	saved(t, js, snapshotRegister(1, 5))
	sameRegister(t, "the next", loadSaved(t, js), snapshotRegister(1, 5))
}

// A writer that was slower finds that out and leaves nothing; chunks that a crash has left go with the next write.
func TestSlowerSnapshotLeavesNothing(t *testing.T) {
	js := natstest.Start(t, t.TempDir(), 100*time.Millisecond).JetStream(t)
	saved(t, js, snapshotRegister(1, 1))
	kv, err := js.KeyValue(t.Context(), registerBucket)
	if err != nil {
		t.Fatal(err)
	}
	before, revision, err := readCurrent(t.Context(), kv)
	if err != nil {
		t.Fatal(err)
	}
	saved(t, js, snapshotRegister(2, 1))
	if err := replaceSnapshot(t.Context(), js, kv, &before, revision, snapshotRegister(3, 1)); err != nil {
		t.Fatal(err)
	}
	sameRegister(t, "the faster", loadSaved(t, js), snapshotRegister(2, 1))
	if got := stored(t, js); !slices.Equal(got, []string{"1: 1 chunks", "2: 1 chunks", "current"}) {
		t.Errorf("stored %v", got)
	}
	crashed := snapshotRef{edition: edition{Version: 4}, Write: "MADEUP"}
	if err := writeChunks(t.Context(), kv, &crashed, snapshotRegister(4, 12_000)); err != nil {
		t.Fatal(err)
	}
	saved(t, js, snapshotRegister(3, 1))
	if got := stored(t, js); !slices.Equal(got, []string{"2: 1 chunks", "3: 1 chunks", "current"}) {
		t.Errorf("stored %v", got)
	}
}

// A snapshot that is not what was saved is never taken for one.
func TestBrokenSnapshot(t *testing.T) {
	for name, spoil := range map[string]func(kv jetstream.KeyValue, chunk string) error{
		"has another hash": func(kv jetstream.KeyValue, chunk string) error {
			entry, err := kv.Get(t.Context(), chunk)
			if err != nil {
				return err
			}
			data := slices.Clone(entry.Value())
			data[len(data)/2] ^= 1
			_, err = kv.Put(t.Context(), chunk, data)
			return err
		},
		"chunk 1 of version 3 is missing": func(kv jetstream.KeyValue, chunk string) error { return kv.Purge(t.Context(), chunk) },
	} {
		js := natstest.Start(t, t.TempDir(), 100*time.Millisecond).JetStream(t)
		saved(t, js, snapshotRegister(3, 12_000))
		kv, err := js.KeyValue(t.Context(), registerBucket)
		if err != nil {
			t.Fatal(err)
		}
		ref, _, err := readCurrent(t.Context(), kv)
		if err != nil {
			t.Fatal(err)
		}
		if err := spoil(kv, ref.chunkKey(1)); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadSnapshot(t.Context(), js); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
		next := snapshotRegister(4, 5) // mends it
		saved(t, js, next)
		sameRegister(t, "the next", loadSaved(t, js), next)
	}
}
