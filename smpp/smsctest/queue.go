package smsctest

import "time"

// queue is a first-in first-out queue in a ring that grows by doubling. The zero value is empty.
type queue[T any] struct {
	ring []T // length 0 or a power of two
	head int
	n    int
}

func (q *queue[T]) len() int { return q.n }

func (q *queue[T]) push(v T) {
	if q.n == len(q.ring) {
		grown := make([]T, max(16, 2*len(q.ring)))
		copied := copy(grown, q.ring[q.head:])
		copy(grown[copied:], q.ring[:q.head])
		q.ring, q.head = grown, 0
	}
	q.ring[(q.head+q.n)&(len(q.ring)-1)] = v
	q.n++
}

// at gives the ith oldest, from 0.
func (q *queue[T]) at(i int) T { return q.ring[(q.head+i)&(len(q.ring)-1)] }

// first gives the oldest; the queue is not empty.
func (q *queue[T]) first() T { return q.ring[q.head] }

// pop takes the oldest; the queue is not empty.
func (q *queue[T]) pop() T {
	var zero T
	v := q.ring[q.head]
	q.ring[q.head] = zero
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.n--
	return v
}

// lastSecond counts events in the second that ends now: an event leaves it exactly one second after it came.
type lastSecond struct{ times queue[time.Duration] }

func (l *lastSecond) count(now time.Duration) int {
	for l.times.len() > 0 && l.times.first() <= now-time.Second {
		l.times.pop()
	}
	return l.times.len()
}

func (l *lastSecond) add(now time.Duration) { l.times.push(now) }
