package session

import (
	"time"

	"harkara/smpp/pdu"
)

// request is what holds a slot of the window.
type request[T any] struct {
	value   T
	command pdu.CommandID
}

// mark says that the request seq ends before octet end of the output.
type mark struct {
	seq uint32
	end int
}

// Room says how many requests the session takes now: none unless it is bound, and not as a receiver, nor while the SMSC
// seems deaf: what is in doubt must not be sent again on the link that lost it.
func (s *Session[T]) Room() int {
	if s.state != Bound || s.cfg.As == pdu.BindReceiver || s.deaf {
		return 0
	}
	return s.win.Free()
}

// Submit sends m as a submit_sm; its result comes with v. There must be Room. The error says which field of m can't go
// on the wire; nothing was sent then, and no result comes.
func (s *Session[T]) Submit(m *pdu.SM, v T, now time.Time) (err error) {
	s.must(s.Room() > 0, "Submit without room")
	seq := s.offer(pdu.SubmitSM, v, now)
	s.out, err = pdu.AppendSM(s.out, pdu.SubmitSM, seq, m)
	return s.offered(seq, err)
}

// Ask sends q as a query_sm or cancel_sm (id says which); its result comes with v. It needs Room and fails as Submit
// does. One that is not answered does no harm, though its result says InDoubt.
func (s *Session[T]) Ask(id pdu.CommandID, q *pdu.Inquiry, v T, now time.Time) (err error) {
	s.must(s.Room() > 0, "Ask without room")
	seq := s.offer(id, v, now)
	s.out, err = pdu.AppendInquiry(s.out, id, seq, q)
	return s.offered(seq, err)
}

// offer takes a slot of the window, which is free.
func (s *Session[T]) offer(id pdu.CommandID, v T, now time.Time) (seq uint32) {
	seq, _ = s.win.Offer(request[T]{v, id}, now, now.Add(s.cfg.Response))
	return seq
}

// offered notes where the request seq ends in the output, or gives back its slot where it could not be written.
func (s *Session[T]) offered(seq uint32, err error) error {
	if err != nil {
		s.win.Answer(seq)
		return err
	}
	s.marks = append(s.marks, mark{seq, len(s.out)})
	return nil
}
