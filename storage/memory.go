package storage

import (
	"cmp"
	"slices"
	"time"

	"harkara/smpp/sms"
)

// handle is how an SMSC names an accepted segment.
type handle struct {
	smsc sms.SMSCID
	id   sms.MessageID
}

// place is the segment that a handle names.
type place struct {
	m                *message
	attempt, segment int
	answeredAt       time.Time
}

// early is a receipt whose attempt is not known yet.
type early struct {
	fact    fact
	state   sms.State
	at      time.Time
	failure sms.Failure
	row     *receiptRow // while it is in the batch at hand
}

// reuseAfter is how long a handle names its segment. SMSCs use their ids again; a receipt comes within three days.
const reuseAfter = 7 * 24 * time.Hour

// memory is the projector's working set: a cache of what the database knows, oldest out. earlyReceipts is complete
// unless earlyLost.
type memory struct {
	limit    int
	messages map[sms.Key]*message
	order    queue[*message]
	places   map[handle]place

	earlyLimit    int
	earlyReceipts map[handle][]early
	earlyOrder    queue[handle]
	earlyCount    int
	earlyLost     bool
}

func newMemory(limit, earlyLimit int) *memory {
	return &memory{
		limit: limit, messages: map[sms.Key]*message{}, places: map[handle]place{},
		earlyLimit: earlyLimit, earlyReceipts: map[handle][]early{},
	}
}

// add begins to remember a message.
func (w *memory) add(m *message) {
	w.messages[m.key] = m
	w.order.push(m)
}

// name remembers what an SMSC calls a segment; the newest use of an id counts.
func (w *memory) name(m *message, a *attempt, s *segment) {
	h := handle{a.smsc, s.answer.MessageID}
	if old, ok := w.places[h]; ok && old.m != m && old.answeredAt.After(s.answer.At) {
		return
	}
	w.places[h] = place{m, a.number, s.index, s.answer.At}
}

// find returns the segment that a receipt of some time is about.
func (w *memory) find(h handle, at time.Time) (place, bool) {
	p, ok := w.places[h]
	return p, ok && at.Sub(p.answeredAt) <= reuseAfter
}

// wait keeps a receipt until its attempt's answer comes.
func (w *memory) wait(h handle, e early) {
	if h.id == "" {
		return // nothing will ever match it
	}
	if len(w.earlyReceipts[h]) == 0 {
		w.earlyOrder.push(h)
	}
	w.earlyReceipts[h] = append(w.earlyReceipts[h], e)
	w.earlyCount++
}

// take returns the receipts that waited for an answer of some time, in the order that they came, and forgets them.
func (w *memory) take(h handle, answered time.Time) []early {
	waiting := w.earlyReceipts[h]
	if len(waiting) == 0 {
		return nil
	}
	delete(w.earlyReceipts, h)
	w.earlyCount -= len(waiting)
	kept := waiting[:0]
	for _, e := range waiting {
		if answered.Sub(e.at) <= reuseAfter {
			kept = append(kept, e)
		}
	}
	slices.SortFunc(kept, func(a, b early) int { return cmp.Compare(a.fact, b.fact) })
	return kept
}

// trim forgets the oldest messages beyond the limit, and the oldest early receipts. No batch may be at hand.
func (w *memory) trim(now time.Time) {
	for len(w.messages) > w.limit {
		m := w.order.pop()
		delete(w.messages, m.key)
		for _, a := range m.attempts {
			for i := range a.segments {
				h := handle{a.smsc, a.segments[i].answer.MessageID}
				if p, ok := w.places[h]; ok && p.m == m {
					delete(w.places, h)
				}
			}
		}
	}
	for w.earlyOrder.len() > 0 {
		h := w.earlyOrder.peek()
		waiting := w.earlyReceipts[h]
		old := len(waiting) > 0 && now.Sub(waiting[len(waiting)-1].at) > reuseAfter
		if len(waiting) > 0 && !old && w.earlyCount <= w.earlyLimit {
			return
		}
		w.earlyOrder.pop()
		w.earlyLost = w.earlyLost || len(waiting) > 0 && !old
		w.earlyCount -= len(waiting)
		delete(w.earlyReceipts, h)
	}
}

// queue is first in, first out.
type queue[T any] struct {
	items []T
	head  int
}

func (q *queue[T]) push(item T) { q.items = append(q.items, item) }
func (q *queue[T]) len() int    { return len(q.items) - q.head }
func (q *queue[T]) peek() T     { return q.items[q.head] }

func (q *queue[T]) pop() T {
	item := q.items[q.head]
	var none T
	q.items[q.head] = none
	if q.head++; q.head > 1024 && q.head > len(q.items)/2 {
		q.items = append(q.items[:0], q.items[q.head:]...)
		q.head = 0
	}
	return item
}
