package session

import (
	"time"

	"harkara/smpp/pdu"
)

// Output returns the octets that wait to be written. They are valid until the next call that is not Flushed.
func (s *Session[T]) Output() []byte { return s.out }

// Flushed says that the first n octets of Output were given to the network. A request counts as written when its last
// octet was: of a PDU cut short the SMSC makes nothing.
func (s *Session[T]) Flushed(n int, now time.Time) {
	done := 0
	for ; done < len(s.marks) && s.marks[done].end <= n; done++ {
		s.win.Written(s.marks[done].seq, now)
	}
	s.out = s.out[:copy(s.out, s.out[n:])]
	s.marks = s.marks[:copy(s.marks, s.marks[done:])]
	for i := range s.marks {
		s.marks[i].end -= n
	}
}

// Take returns the results and the PDUs to hand on since the last Take. Both slices are reused by it: they are valid
// until the next event.
func (s *Session[T]) Take() (results []Result[T], deliveries []pdu.Frame) {
	results, deliveries = s.results, s.deliveries
	s.results, s.deliveries = s.results[:0], s.deliveries[:0]
	return results, deliveries
}

// State returns where the session stands.
func (s *Session[T]) State() State { return s.state }

// Fault returns why the session is closed; nil before.
func (s *Session[T]) Fault() error { return s.fault }

// Outstanding returns how many slots of the window are held: requests that wait for their answer, and late ones.
func (s *Session[T]) Outstanding() int { return s.win.Size() - s.win.Free() }

// Counts returns what the session has counted so far.
func (s *Session[T]) Counts() Counts { return s.counts }

// Tick does what time has made due. It is called at the time of Wake or later.
func (s *Session[T]) Tick(now time.Time) {
	if s.state == Opening || s.state == Closed {
		return
	}
	s.expired = s.win.Expire(now, s.expired[:0])
	for i := range s.expired {
		s.deaf = s.deaf || s.responded.Before(s.expired[i].Offered)
		s.result(&s.expired[i], InDoubt, now)
	}
	clear(s.expired)
	switch s.state {
	case Binding:
		if !now.Before(s.due) {
			s.end(ErrBindTimeout)
		}
	case Bound, Draining:
		s.probe(now)
		s.drained(now)
	case Unbinding:
		if !now.Before(s.due) {
			s.end(ErrStopped)
		}
	}
}

// probe asks a silent SMSC, or one that seems deaf, whether it lives, and gives it up when it does not answer.
func (s *Session[T]) probe(now time.Time) {
	switch {
	case !s.probeDue.IsZero():
		if !now.Before(s.probeDue) {
			s.end(ErrSilent)
		}
	case s.deaf || !now.Before(s.heard.Add(s.cfg.EnquireLink)):
		s.probeSeq = s.win.Number()
		s.probeDue = now.Add(s.cfg.Response)
		s.out = pdu.AppendHeader(s.out, pdu.EnquireLink, pdu.ESME_ROK, s.probeSeq)
	}
}

// Wake returns when Tick has something to do; ok is false when it never will.
func (s *Session[T]) Wake() (at time.Time, ok bool) {
	if s.state == Opening || s.state == Closed {
		return time.Time{}, false
	}
	at, ok = s.win.NextDeadline()
	sooner := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	if s.state != Bound {
		sooner(s.due)
	}
	if s.state == Bound || s.state == Draining {
		if s.probeDue.IsZero() {
			sooner(s.heard.Add(s.cfg.EnquireLink))
		} else {
			sooner(s.probeDue)
		}
	}
	return at, ok
}
