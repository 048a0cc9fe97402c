package state

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	patience   = 8 * time.Second // for one change, the waiting for others included
	answerTime = 3 * time.Second // for one answer of the server: long, as giving up leaves a doubt behind
	// changeTries is how often a change loses to other processes before it gives up. Within a process no two are at the
	// same key, so each lost try is another process's change that was kept.
	changeTries = 100
	pauseMost   = 16 * time.Millisecond
)

// decide says what is to be under a key in place of old (without data: nothing): now for ttl, or, without keep, what is
// there.
type decide func(old value) (now value, ttl time.Duration, keep bool, err error)

// change lets do decide what is under a key, again where somebody else was faster; its last decision is what holds. It
// begins with what is remembered of the key, or with guess where that is given, and is exact all the same:
//
//   - A write expects the revision that do decided upon, so it fails where the value was old: then it is read and decided
//     anew. A change of what this process saw last costs one round trip.
//   - A decision to keep what is there writes nothing that would fail. Another process may have verified, cancelled or
//     locked since, so the key is read, and only where it is still at that revision does the decision hold. This also
//     costs one round trip, the same that it costs for a key that is not remembered: whoever asks for what is refused
//     costs one read for each call, never a write. Where values only grow, a refusal holds without a read.
//   - A key that is not there is never remembered as such: another process may make it at any time.
func (b *bucket) change(ctx context.Context, key string, guess *value, do decide) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	unlock, err := b.locks.lock(ctx, key)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer unlock()
	old, sure, err := b.begin(ctx, key, guess)
	for try := 1; err == nil; try++ {
		now, ttl, keep, fault := do(old)
		if fault != nil {
			return fault
		}
		if !keep {
			if b.grows && old.revision > 0 {
				b.remember(key, old, ttl)
			}
			if sure || b.grows {
				return nil
			}
			was := old.revision
			if old, err = b.read(ctx, key); err == nil && old.revision == was {
				return nil
			}
			sure = true
			continue
		}
		err = b.replace(ctx, key, old.revision, now, ttl)
		if !errors.Is(err, errOvertaken) || try == changeTries || try > 1 && pause(ctx, try) != nil {
			break
		}
		old, err = b.read(ctx, key)
		sure = true
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// nothing is the guess that a key is not there.
var nothing value

// begin returns what do is to decide upon first, and whether it was just read.
func (b *bucket) begin(ctx context.Context, key string, guess *value) (old value, sure bool, err error) {
	if guess != nil {
		return *guess, false, nil
	}
	if old, ok := b.cache.get(key, time.Now(), b.nc.Stats().Reconnects); ok {
		return old, false, nil
	}
	old, err = b.read(ctx, key)
	return old, true, err
}

// replace writes a value's data in place of what is at a revision, and remembers it. An acknowledgement that does not come says
// nothing: the write may have been kept, be lost, or arrive yet, when a connection comes back. So the key is read: where
// it is as before, the same is written once more, and of the two at most one is taken, as both expect the same revision;
// where this call is its writer, it was kept; and where somebody else is, nobody can tell whether theirs was written upon
// ours, and the caller is told just that.
func (b *bucket) replace(ctx context.Context, key string, revision uint64, v value, ttl time.Duration) error {
	b.cache.forget(key)
	writer := b.name + strconv.FormatUint(b.writes.Add(1), 36)
	for try := 1; ; try++ {
		written, err := b.publish(ctx, key, v.data, revision, ttl, writer)
		if err == nil {
			v.revision = written
			b.remember(key, v, ttl)
			return nil
		}
		if refused := (*jetstream.APIError)(nil); try == 1 && (errors.Is(err, errOvertaken) || errors.As(err, &refused)) {
			return err
		}
		now, ok := b.readBack(ctx, key)
		switch {
		case !ok:
			return err
		case now.writer == writer:
			b.remember(key, now, ttl)
			return nil
		case now.revision != revision:
			return fmt.Errorf("a write went without an answer, and another came upon it: %w", err)
		}
	}
}

// readBack reads a key until it can be read; false where ctx ends first.
func (b *bucket) readBack(ctx context.Context, key string) (value, bool) {
	for try := 1; ; try++ {
		if pause(ctx, try) != nil {
			return value{}, false
		}
		if v, err := b.get(ctx, key); err == nil {
			return v, true
		}
	}
}

// read gets a key, again where the server does not answer.
func (b *bucket) read(ctx context.Context, key string) (value, error) {
	v, err := b.get(ctx, key)
	if err != nil {
		var ok bool
		if v, ok = b.readBack(ctx, key); !ok {
			return value{}, err
		}
	}
	return v, nil
}

func (b *bucket) remember(key string, v value, ttl time.Duration) {
	e := entry{value: v}
	if ttl != 0 {
		e.until = time.Now().Add(ttl)
	}
	b.cache.put(key, e)
}

// pause waits before another try, for longer the more there were; it fails when ctx ends.
func pause(ctx context.Context, try int) error {
	if !sleep(ctx, rand.N(min(pauseMost, time.Millisecond<<min(try-1, 10)))) {
		return ctx.Err()
	}
	return nil
}
