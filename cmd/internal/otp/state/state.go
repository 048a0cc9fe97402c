package state

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/storage/ledger"
)

// Buckets and stream.
const (
	Bucket      = "OTP"       // subjects, idempotency ids: one key each, with a time to live of its own
	AppBucket   = "OTP_APP"   // enrolments of authenticator apps, for good: on disk whatever Config.Memory says
	LimitBucket = "OTP_LIMIT" // counters of fixed windows
	TimerStream = "OTP_TIMER" // one timer for each live challenge
)

// ErrUnavailable says that NATS did not answer; the change may or may not have been kept.
var ErrUnavailable = errors.New("the state of challenges can't be reached")

// Config says how the state is kept.
type Config struct {
	JS       jetstream.JetStream
	Replicas int
	Memory   bool // in the servers' memory only: for clusters with replicas
	Log      *slog.Logger
}

func (c *Config) storage() jetstream.StorageType {
	if c.Memory {
		return jetstream.MemoryStorage
	}
	return jetstream.FileStorage
}

// Store keeps values under keys, with revisions. It may be used by many goroutines.
type Store struct {
	cfg      Config
	values   *bucket
	apps     *bucket
	limits   *bucket
	counters counters

	ctx    context.Context // of what runs for several callers at once
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// Open makes or updates the buckets and the stream.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	values, err := openBucket(ctx, &cfg, Bucket, "challenges: tries, sends, what is used up")
	if err != nil {
		return nil, err
	}
	lasting := cfg
	lasting.Memory = false
	apps, err := openBucket(ctx, &lasting, AppBucket, "enrolments of authenticator apps: back them up with the OTP keys")
	if err != nil {
		return nil, err
	}
	limits, err := openBucket(ctx, &cfg, LimitBucket, "what was counted in the windows of limits")
	if err != nil {
		return nil, err
	}
	limits.grows = true
	if _, err := ledger.OpenStream(ctx, cfg.JS, timerStream(&cfg)); err != nil {
		return nil, fmt.Errorf("open the stream %s: %w", TimerStream, err)
	}
	s := &Store{cfg: cfg, values: values, apps: apps, limits: limits, counters: counters{waiting: map[string][]*ticket{}}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Close ends what the store runs. Its callers have ended before.
func (s *Store) Close() {
	s.cancel()
	s.work.Wait()
}
