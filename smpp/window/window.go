package window

import "time"

// MaxNumber is the highest sequence number; after it comes 1 again (SMPP 3.4 §5.1.4: 0x00000001 to 0x7FFFFFFF).
const MaxNumber uint32 = 0x7FFFFFFF

// Entry is one outstanding request.
type Entry[T any] struct {
	Value    T
	Seq      uint32
	Offered  time.Time
	Written  time.Time // zero while its octets have not all been given to the network
	Deadline time.Time // the answer is awaited until then
}

// Outcome says what an answer was to.
type Outcome uint8

// What an answer can be to.
const (
	Unknown Outcome = iota // nothing: never sent, or a second answer
	Matched                // an entry that waited for it
	Late                   // an entry that Expire has reported already
)

// Window is the set of outstanding requests, at most size of them. Make it with New.
type Window[T any] struct {
	slots         []slot[T] // ring; the slot of number n is n & mask
	mask          uint32
	size          int
	next          uint32 // the number to try next
	waiting, late list
	overdue       *overdue[T] // nil while nothing ever was
}

// New returns an empty window of the given size (at least 1) that counts from 1.
func New[T any](size int) *Window[T] {
	size = max(size, 1)
	length := 2
	for length < 2*size {
		length *= 2
	}
	w := &Window[T]{slots: make([]slot[T], length), mask: uint32(length - 1), size: size, next: 1}
	w.waiting, w.late = list{head: none, tail: none}, list{head: none, tail: none}
	return w
}

// Number takes the next sequence number without a slot, for a request that its owner tracks itself (enquire_link).
func (w *Window[T]) Number() uint32 {
	for w.slots[w.next&w.mask].where != free {
		w.next = follow(w.next)
	}
	n := w.next
	w.next = follow(n)
	return n
}

// follow returns the number after n, wrapping from MaxNumber to 1.
func follow(n uint32) uint32 {
	if n >= MaxNumber {
		return 1
	}
	return n + 1
}

// Offer registers v, before it is written, and returns its sequence number; ok is false when the window is full.
// Deadlines must not run backwards from one Offer to the next (one timeout per session): Expire looks at the oldest
// entry first.
func (w *Window[T]) Offer(v T, now, deadline time.Time) (seq uint32, ok bool) {
	if w.Free() == 0 {
		return 0, false
	}
	seq = w.Number()
	i := int32(seq & w.mask)
	w.slots[i].entry = Entry[T]{Value: v, Seq: seq, Offered: now, Deadline: deadline}
	w.put(&w.waiting, i, waiting)
	return seq, true
}

// Written marks that the octets of seq have all been given to the network.
func (w *Window[T]) Written(seq uint32, now time.Time) {
	if s := &w.slots[seq&w.mask]; s.where != free && s.entry.Seq == seq {
		s.entry.Written = now
	}
}

// Find returns the value of the entry that seq belongs to, and what an answer to it would be: Unknown where there is
// none, and v the zero value.
func (w *Window[T]) Find(seq uint32) (v T, outcome Outcome) {
	s := &w.slots[seq&w.mask]
	if outcome = s.outcome(seq); outcome != Unknown {
		return s.entry.Value, outcome
	}
	if w.overdue != nil {
		if e, ok := w.overdue.entries[seq]; ok {
			return e.Value, Late
		}
	}
	return v, Unknown
}

// Answer ends the entry that seq belongs to, frees its slot, and says what the answer was to. The entry is the zero
// Entry when the outcome is Unknown.
func (w *Window[T]) Answer(seq uint32) (Entry[T], Outcome) {
	s := &w.slots[seq&w.mask]
	outcome := s.outcome(seq)
	if outcome == Unknown {
		if w.overdue != nil {
			if e, ok := w.overdue.take(seq); ok {
				return e, Late
			}
		}
		return Entry[T]{}, Unknown
	}
	entry := s.entry
	w.release(int32(seq & w.mask))
	return entry, outcome
}

// outcome says what an answer to seq would be, whose slot s is.
func (s *slot[T]) outcome(seq uint32) Outcome {
	switch {
	case s.where == free || s.entry.Seq != seq:
		return Unknown
	case s.where == late:
		return Late
	}
	return Matched
}

// Expire appends to dst every entry whose deadline is not after now, in the order of the offers, and holds them as
// late; late entries whose second timeout has passed lose their slots, and are remembered without them.
func (w *Window[T]) Expire(now time.Time, dst []Entry[T]) []Entry[T] {
	for i := w.waiting.head; i != none && !w.slots[i].entry.Deadline.After(now); i = w.waiting.head {
		dst = append(dst, w.slots[i].entry)
		w.take(&w.waiting, i)
		w.put(&w.late, i, late)
	}
	for i := w.late.head; i != none && !w.slots[i].entry.freed().After(now); i = w.late.head {
		if w.overdue == nil {
			w.overdue = &overdue[T]{}
		}
		w.overdue.keep(w.slots[i].entry)
		w.release(i)
	}
	return dst
}

// freed is when a late entry gives up its slot: one more timeout after its deadline.
func (e *Entry[T]) freed() time.Time { return e.Deadline.Add(e.Deadline.Sub(e.Offered)) }

// NextDeadline returns when Expire has something to do next; ok is false when nothing is held.
func (w *Window[T]) NextDeadline() (at time.Time, ok bool) {
	if i := w.waiting.head; i != none {
		at, ok = w.slots[i].entry.Deadline, true
	}
	if i := w.late.head; i != none {
		if freed := w.slots[i].entry.freed(); !ok || freed.Before(at) {
			at, ok = freed, true
		}
	}
	return at, ok
}

// Abandon empties the window at the close of the session. It returns the entries that nothing has been reported of,
// in the order of the offers: those whose octets were all written (in doubt), and the rest (never sent). Late entries
// were reported by Expire and are dropped.
func (w *Window[T]) Abandon() (written, unwritten []Entry[T]) {
	for i := w.waiting.head; i != none; i = w.waiting.head {
		if e := w.slots[i].entry; e.Written.IsZero() {
			unwritten = append(unwritten, e)
		} else {
			written = append(written, e)
		}
		w.release(i)
	}
	for i := w.late.head; i != none; i = w.late.head {
		w.release(i)
	}
	w.overdue = nil
	return written, unwritten
}

// Len returns how many entries wait for their answer; late ones are not among them.
func (w *Window[T]) Len() int { return w.waiting.length }

// Free returns how many more entries the window takes; waiting and late ones both hold their slots.
func (w *Window[T]) Free() int { return w.size - w.waiting.length - w.late.length }

// Size returns how many entries the window holds at most.
func (w *Window[T]) Size() int { return w.size }
