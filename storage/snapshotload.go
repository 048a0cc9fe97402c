package storage

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/dlt"
)

// LoadSnapshot reads the register as it was last kept, and proves it by its hash. It is an error where none is kept.
func LoadSnapshot(ctx context.Context, js jetstream.JetStream) (r *dlt.Register, err error) {
	kv, err := js.KeyValue(ctx, registerBucket)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		return nil, errNoSnapshot
	}
	for try := 1; err == nil; try++ {
		if r, err = loadSnapshot(ctx, kv); !errors.Is(err, errBroken) || try == snapshotTries {
			break
		}
		select {
		case <-time.After(snapshotPause):
			err = nil
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("load the register from %s: %w", registerBucket, err)
	}
	return r, nil
}

var (
	errNoSnapshot = errors.New("no snapshot of the register is kept in " + registerBucket + " yet: a gateway keeps one when it reaches PostgreSQL")
	errBroken     = errors.New("the snapshot is not whole")
)

func loadSnapshot(ctx context.Context, kv jetstream.KeyValue) (*dlt.Register, error) {
	ref, revision, err := readCurrent(ctx, kv)
	if err != nil {
		return nil, err
	}
	if revision == 0 {
		return nil, errNoSnapshot
	}
	data := make([]byte, 0, ref.Bytes)
	for n := range ref.Chunks {
		chunk, err := kv.Get(ctx, ref.chunkKey(n))
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			return nil, fmt.Errorf("%w: chunk %d of version %d is missing", errBroken, n, ref.Version)
		}
		if err != nil {
			return nil, fmt.Errorf("chunk %d of version %d: %w", n, ref.Version, err)
		}
		data = append(data, chunk.Value()...)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != ref.SHA256 {
		return nil, fmt.Errorf("%w: version %d has another hash than %s says", errBroken, ref.Version, currentKey)
	}
	var c dlt.Contents
	if err := unpack(data, &c); err != nil {
		return nil, fmt.Errorf("version %d: %w", ref.Version, err)
	}
	return dlt.NewRegister(ref.Version, c), nil
}

// readCurrent returns what counts, with its revision; 0 where there is none.
func readCurrent(ctx context.Context, kv jetstream.KeyValue) (ref snapshotRef, revision uint64, err error) {
	entry, err := kv.Get(ctx, currentKey)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return ref, 0, nil
	}
	if err != nil {
		return ref, 0, err
	}
	if err := json.Unmarshal(entry.Value(), &ref); err != nil {
		return ref, 0, fmt.Errorf("read %s: %w", currentKey, err)
	}
	return ref, entry.Revision(), nil
}

// pack is the gzip of a value's JSON, the same bytes for the same value.
func pack(value any) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	err = errors.Join(json.NewEncoder(z).Encode(value), z.Close())
	return b.Bytes(), err
}

func unpack(data []byte, value any) error {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return json.NewDecoder(z).Decode(value)
}
