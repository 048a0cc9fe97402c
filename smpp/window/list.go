package window

// place is the list that a slot is on.
type place uint8

const (
	free place = iota
	waiting
	late
)

const none int32 = -1

// slot is one place of the ring, linked into the list of waiting or of late entries, oldest first.
type slot[T any] struct {
	entry      Entry[T]
	prev, next int32
	where      place
}

// list is a doubly linked list through the slots: answers come in any order, expiry goes from the head.
type list struct {
	head, tail int32
	length     int
}

// put appends slot i to l.
func (w *Window[T]) put(l *list, i int32, where place) {
	s := &w.slots[i]
	s.prev, s.next, s.where = l.tail, none, where
	if l.tail == none {
		l.head = i
	} else {
		w.slots[l.tail].next = i
	}
	l.tail = i
	l.length++
}

// take unlinks slot i from l.
func (w *Window[T]) take(l *list, i int32) {
	s := &w.slots[i]
	if s.prev == none {
		l.head = s.next
	} else {
		w.slots[s.prev].next = s.next
	}
	if s.next == none {
		l.tail = s.prev
	} else {
		w.slots[s.next].prev = s.prev
	}
	l.length--
}

// release unlinks slot i from its list and clears it, so that nothing of the entry is kept alive.
func (w *Window[T]) release(i int32) {
	if w.slots[i].where == late {
		w.take(&w.late, i)
	} else {
		w.take(&w.waiting, i)
	}
	w.slots[i] = slot[T]{}
}
