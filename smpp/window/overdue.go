package window

// overdueMax is how many entries are remembered after they gave up their slots: answers that come minutes late still
// bring their message_id, and memory is bounded whatever an SMSC leaves unanswered.
const overdueMax = 4096

// overdue is what was never answered and holds no slot any more, the oldest forgotten first.
type overdue[T any] struct {
	entries map[uint32]Entry[T]
	order   [overdueMax]uint32 // ring of their numbers
	next    int                // where the next one goes; what stands there is the oldest
}

// keep remembers an entry. A number that was answered meanwhile stands in the ring until its turn: deleting it again
// does nothing, as numbers come back after 2^31 requests only.
func (o *overdue[T]) keep(e Entry[T]) {
	if o.entries == nil {
		o.entries = map[uint32]Entry[T]{}
	}
	delete(o.entries, o.order[o.next])
	o.order[o.next], o.entries[e.Seq] = e.Seq, e
	o.next = (o.next + 1) % overdueMax
}

// take forgets an entry and returns it.
func (o *overdue[T]) take(seq uint32) (e Entry[T], ok bool) {
	if e, ok = o.entries[seq]; ok {
		delete(o.entries, seq)
	}
	return e, ok
}
