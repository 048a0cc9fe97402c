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

// last gives the place of the newest, nil where the queue is empty.
func (q *queue[T]) last() *T {
	if q.n == 0 {
		return nil
	}
	return &q.ring[(q.head+q.n-1)&(len(q.ring)-1)]
}

// pop takes the oldest; the queue is not empty.
func (q *queue[T]) pop() T {
	var zero T
	v := q.ring[q.head]
	q.ring[q.head] = zero
	q.head = (q.head + 1) & (len(q.ring) - 1)
	q.n--
	return v
}

// lastSecond counts events in the second that ends now: an event leaves it exactly one second after it came. Events of
// one time, as those of one read are, share a place.
type lastSecond struct {
	moments queue[moment]
	n       int
}

type moment struct {
	at time.Duration
	n  int
}

func (l *lastSecond) count(now time.Duration) int {
	for l.moments.len() > 0 && l.moments.first().at <= now-time.Second {
		l.n -= l.moments.pop().n
	}
	return l.n
}

func (l *lastSecond) add(now time.Duration) {
	l.n++
	if last := l.moments.last(); last != nil && last.at == now {
		last.n++
		return
	}
	l.moments.push(moment{now, 1})
}
