package state

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// windowSlack is how much longer than its window a counter is kept: the clocks of two processes may differ by that much.
const windowSlack = time.Minute

// Window is one fixed window of a limit.
type Window struct {
	Key string // otp.Keyring.CounterKey: what is counted
	Per time.Duration
	Max int
}

// at returns the key of the window's counter at a time, and how long the window goes on.
func (w *Window) at(now time.Time) (key string, left time.Duration) {
	per := max(1, int64(w.Per/time.Second))
	n := now.Unix() / per
	return fmt.Sprintf("%s.%d.%d", w.Key, per, n), time.Unix((n+1)*per, 0).Sub(now)
}

// Take counts one in each of the windows, in their order, and stops at the first that is full: it returns its index and how
// long until it ends. -1: all had room. Windows begin at multiples of Per since 1970; Per is whole seconds. Over all
// processes no more than Max get through a window; one that Take failed for may have been counted.
func (s *Store) Take(ctx context.Context, windows []Window, now time.Time) (full int, wait time.Duration, err error) {
	for i := range windows {
		key, left := windows[i].at(now)
		room, err := s.count(ctx, key, windows[i].Max, left+windowSlack)
		if err != nil {
			return -1, 0, err
		}
		if !room {
			return i, left, nil
		}
	}
	return -1, 0, nil
}

// GiveBack counts one less in each of the windows that Take had counted at a time, as far as NATS answers: what was counted
// for a call that another window refused.
func (s *Store) GiveBack(ctx context.Context, windows []Window, now time.Time) {
	for i := range windows {
		key, left := windows[i].at(now)
		_ = s.limits.change(ctx, key, nil, func(old value) (value, time.Duration, bool, error) {
			n, err := strconv.Atoi(string(old.data))
			if err != nil || n < 1 {
				return value{}, 0, false, nil
			}
			return value{data: strconv.AppendInt(nil, int64(n-1), 10)}, left + windowSlack, true, nil
		}) // what can't be given back is counted until its window ends
	}
}

// counters gather those who are to be counted under the same key while a swap of it is under way: they go into the next
// one together, so that a counter that everybody shares costs few round trips.
type counters struct {
	mu      sync.Mutex
	waiting map[string][]*ticket // a key is there while somebody is at it
}

// ticket is one that is to be counted.
type ticket struct {
	most   int
	room   bool
	answer chan error // when room is set
}

// count counts one under a key, unless most are counted.
func (s *Store) count(ctx context.Context, key string, most int, ttl time.Duration) (room bool, err error) {
	t := &ticket{most: most, answer: make(chan error, 1)}
	s.counters.mu.Lock()
	others, busy := s.counters.waiting[key]
	s.counters.waiting[key] = append(others, t)
	s.counters.mu.Unlock()
	if !busy {
		s.work.Go(func() { s.countAll(key, ttl) })
	}
	select {
	case err := <-t.answer:
		return t.room, err
	case <-ctx.Done():
		return false, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
}

// countAll counts those who wait under a key until there are none.
func (s *Store) countAll(key string, ttl time.Duration) {
	for {
		s.counters.mu.Lock()
		tickets := s.counters.waiting[key]
		if len(tickets) == 0 {
			delete(s.counters.waiting, key)
			s.counters.mu.Unlock()
			return
		}
		s.counters.waiting[key] = nil
		s.counters.mu.Unlock()
		err := s.limits.change(s.ctx, key, nil, func(old value) (value, time.Duration, bool, error) {
			return countTickets(tickets, old.data, ttl)
		})
		for _, t := range tickets {
			t.answer <- err
		}
	}
}

// countTickets lets the tickets through for which there is room, in their order.
func countTickets(tickets []*ticket, old []byte, ttl time.Duration) (now value, _ time.Duration, keep bool, err error) {
	n := 0
	if old != nil {
		if n, err = strconv.Atoi(string(old)); err != nil {
			return value{}, 0, false, fmt.Errorf("a counter of %s can't be read; delete it: %w", LimitBucket, err)
		}
	}
	before := n
	for _, t := range tickets {
		if t.room = n < t.most; t.room {
			n++
		}
	}
	return value{data: strconv.AppendInt(nil, int64(n), 10)}, ttl, n > before, nil
}
