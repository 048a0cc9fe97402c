package storage

import (
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

// reuseAfter is how long a handle names its segment. SMSCs use their ids again; a receipt comes within three days.
const reuseAfter = 7 * 24 * time.Hour

// memory is the projector's working set: a cache of what the database knows, oldest out.
type memory struct {
	limit    int
	messages map[sms.Key]*message
	order    queue[*message]
	places   map[handle]place
	doubts   map[reference][]place // some are named by now

	early   waiting[handle]
	unnamed waiting[reference] // those of them that have a reference
}

func newMemory(limit, earlyLimit int) *memory {
	return &memory{
		limit: limit, messages: map[sms.Key]*message{}, places: map[handle]place{}, doubts: map[reference][]place{},
		early: newWaiting[handle](earlyLimit), unnamed: newWaiting[reference](earlyLimit),
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

// wait keeps a receipt until its segment's answer, or the doubt about it, comes.
func (w *memory) wait(e *early) {
	if e.handle.id != "" {
		w.early.add(e.handle, e)
	}
	if e.ref != 0 {
		w.unnamed.add(e.reference(), e)
	}
}

// waitAgain is wait for a receipt that may have been forgotten under one of its names or under both.
func (w *memory) waitAgain(e *early) {
	underID, underRef := w.early.find(e.handle, e.fact), w.unnamed.find(e.reference(), e.fact)
	switch {
	case underID == nil && underRef == nil:
		w.wait(e)
	case underRef == nil && underID.ref != 0:
		w.unnamed.add(underID.reference(), underID)
	case underID == nil && underRef.handle.id != "":
		w.early.add(underRef.handle, underRef)
	}
}

// trim forgets the oldest messages beyond the limit, and the oldest early receipts. No batch may be at hand.
func (w *memory) trim(now time.Time) {
	w.trimMessages()
	w.early.trim(now)
	w.unnamed.trim(now)
}

func (w *memory) trimMessages() {
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
		w.forgetDoubts(m)
	}
}

// forget lets go of all messages; they are looked up again. No batch may be at hand.
func (w *memory) forget() {
	limit := w.limit
	w.limit = 0
	w.trimMessages()
	w.limit = limit
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
