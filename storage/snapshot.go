package storage

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/dlt"
)

// registerBucket is the key-value bucket that holds the last snapshot of the register and of the quarantine, so that a
// gateway can start while PostgreSQL is down. The snapshot is the gzip of its contents' JSON, cut into chunks:
//
//	snapshot.<version>.<write>.<n>   the chunks, n from 0; no two writes have the same keys
//	current                          which chunks count, and the SHA-256 of the whole
//	quarantine                       the pairs in quarantine
//
// Chunks never change, and current is written after them.
const registerBucket = "SMS_REGISTER"

const (
	currentKey    = "current"
	snapshotChunk = 512 << 10
	// snapshotTries is how often a reader begins again where chunks are missing: another gateway has replaced them, or
	// the replica that answers is behind.
	snapshotTries = 5
	snapshotPause = 100 * time.Millisecond
)

// snapshotRef is the value of current.
type snapshotRef struct {
	edition
	Write  string `json:"write"`
	Chunks int    `json:"chunks"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (s *snapshotRef) prefix() string { return fmt.Sprintf("snapshot.%d.%s", s.Version, s.Write) }

func (s *snapshotRef) chunkKey(n int) string { return fmt.Sprintf("%s.%d", s.prefix(), n) }

// SaveSnapshot keeps a snapshot in the bucket, which it makes where it is not there. PostgreSQL is the truth, and the
// caller has just read it: the snapshot takes the place of any other, also of a greater version, as PostgreSQL may have
// been put back from a backup. Where the same is kept, by version and mark, nothing is written, and it is cheap enough to
// ask every half minute. Of gateways that save at the same time one succeeds; the others leave it at that.
func SaveSnapshot(ctx context.Context, js jetstream.JetStream, replicas int, r *dlt.Register) error {
	if err := saveSnapshot(ctx, js, replicas, r); err != nil {
		return fmt.Errorf("keep version %d of the register in %s: %w", r.Version(), registerBucket, err)
	}
	return nil
}

func saveSnapshot(ctx context.Context, js jetstream.JetStream, replicas int, r *dlt.Register) error {
	var before snapshotRef
	var revision uint64
	kv, err := js.KeyValue(ctx, registerBucket)
	if err == nil {
		before, revision, err = readCurrent(ctx, kv)
	}
	switch {
	case err != nil && !errors.Is(err, jetstream.ErrBucketNotFound):
		return err
	case revision > 0 && before.edition == (edition{r.Version(), r.Mark()}):
		return nil
	}
	kv, err = js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: registerBucket,
		Description: "the last snapshot of the register", Storage: jetstream.FileStorage, Replicas: max(replicas, 1), History: 1})
	if err != nil {
		return err
	}
	return replaceSnapshot(ctx, js, kv, &before, revision, r)
}

// replaceSnapshot writes a snapshot and makes it count, unless current is no longer what it was at the revision.
func replaceSnapshot(ctx context.Context, js jetstream.JetStream, kv jetstream.KeyValue, before *snapshotRef, revision uint64, r *dlt.Register) error {
	// Listed before current is written: then none of these can come to count, as their writers expect an older revision.
	older, err := listChunks(ctx, kv)
	if err != nil {
		return fmt.Errorf("list older chunks: %w", err)
	}
	delete(older, before.prefix()) // which a reader may still be in
	ref := snapshotRef{edition: edition{r.Version(), r.Mark()}, Write: rand.Text()}
	ours := map[string]bool{ref.prefix(): true}
	if err := writeChunks(ctx, kv, &ref, r); err != nil {
		return errors.Join(err, dropChunks(ctx, js, ours))
	}
	counts, err := writeCurrent(ctx, kv, &ref, revision)
	switch {
	case err != nil:
		return err // it may count all the same
	case counts:
		return dropChunks(ctx, js, older)
	}
	return dropChunks(ctx, js, ours) // another gateway was faster
}

// writeChunks writes a snapshot and notes in ref what it wrote.
func writeChunks(ctx context.Context, kv jetstream.KeyValue, ref *snapshotRef, r *dlt.Register) error {
	data, err := pack(r.Contents())
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	ref.Bytes, ref.SHA256 = len(data), hex.EncodeToString(sum[:])
	for chunk := range slices.Chunk(data, snapshotChunk) {
		if _, err := kv.Put(ctx, ref.chunkKey(ref.Chunks), chunk); err != nil {
			return fmt.Errorf("write chunk %d: %w", ref.Chunks, err)
		}
		ref.Chunks++
	}
	return nil
}

// writeCurrent makes the chunks count, unless current is no longer what it was.
func writeCurrent(ctx context.Context, kv jetstream.KeyValue, ref *snapshotRef, revision uint64) (bool, error) {
	value, err := json.Marshal(ref)
	if err != nil {
		return false, err
	}
	if revision == 0 {
		_, err = kv.Create(ctx, currentKey, value)
	} else {
		_, err = kv.Update(ctx, currentKey, value, revision)
	}
	if errors.Is(err, jetstream.ErrKeyExists) || errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return false, nil
	}
	return err == nil, err
}

// listChunks returns the prefixes of all chunks that are stored.
func listChunks(ctx context.Context, kv jetstream.KeyValue) (map[string]bool, error) {
	keys, err := kv.ListKeysFiltered(ctx, "snapshot.>")
	if err != nil {
		return nil, err
	}
	prefixes := map[string]bool{}
	for key := range keys.Keys() {
		prefixes[key[:strings.LastIndexByte(key, '.')]] = true
	}
	return prefixes, nil
}

// dropChunks takes chunks away by their prefixes.
func dropChunks(ctx context.Context, js jetstream.JetStream, prefixes map[string]bool) error {
	stream, err := js.Stream(ctx, "KV_"+registerBucket)
	for prefix := range prefixes {
		if err == nil { // a purge of the stream leaves no markers behind, as one of a key would
			err = stream.Purge(ctx, jetstream.WithPurgeSubject("$KV."+registerBucket+"."+prefix+".>"))
		}
	}
	if err != nil {
		return fmt.Errorf("drop chunks: %w", err)
	}
	return nil
}
