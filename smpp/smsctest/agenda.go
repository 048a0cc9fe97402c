package smsctest

import (
	"cmp"
	"slices"
	"time"
)

// agenda holds what is due later, gathered by the millisecond: however many tasks share one, it costs one timer, and a
// task costs an append. Times count from the SMSC's start. Tasks of one millisecond come out in the order in which
// they were added.
type agenda[T any] struct {
	ticks   []int64 // milliseconds that have tasks, the latest first: the next one is cut off the end
	buckets map[int64][]T
	spare   [][]T // emptied buckets, to be used again
}

// maxSpare bounds the emptied buckets that are held.
const maxSpare = 16

// add notes v for the first whole millisecond at or after at.
func (a *agenda[T]) add(at time.Duration, v T) {
	tick := int64((at + time.Millisecond - 1) / time.Millisecond)
	bucket, ok := a.buckets[tick]
	if !ok {
		if a.buckets == nil {
			a.buckets = map[int64][]T{}
		}
		i, _ := slices.BinarySearchFunc(a.ticks, tick, func(have, want int64) int { return cmp.Compare(want, have) })
		a.ticks = slices.Insert(a.ticks, i, tick)
		if n := len(a.spare); n > 0 {
			bucket, a.spare = a.spare[n-1], a.spare[:n-1]
		}
	}
	a.buckets[tick] = append(bucket, v)
}

// next gives the time of the earliest task.
func (a *agenda[T]) next() (time.Duration, bool) {
	if len(a.ticks) == 0 {
		return 0, false
	}
	return time.Duration(a.ticks[len(a.ticks)-1]) * time.Millisecond, true
}

// take removes the earliest bucket that is due at now and gives its tasks; nil where none is. The caller hands the
// slice to giveBack when it is done.
func (a *agenda[T]) take(now time.Duration) []T {
	at, ok := a.next()
	if !ok || at > now {
		return nil
	}
	last := len(a.ticks) - 1
	bucket := a.buckets[a.ticks[last]]
	delete(a.buckets, a.ticks[last])
	a.ticks = a.ticks[:last]
	return bucket
}

// giveBack takes an emptied bucket for later use.
func (a *agenda[T]) giveBack(bucket []T) {
	if len(a.spare) < maxSpare {
		clear(bucket)
		a.spare = append(a.spare, bucket[:0])
	}
}
