package session

import (
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/window"
)

// response takes a response to one of our requests.
func (s *Session[T]) response(h pdu.Header, f pdu.Frame, now time.Time) {
	switch {
	case h.ID == pdu.EnquireLinkResp && h.Seq == s.probeSeq && s.probeSeq != 0:
		s.probeSeq = 0
	case (h.ID == pdu.UnbindResp || h.ID == pdu.GenericNack) && s.state == Unbinding && h.Seq == s.unbindSeq:
		s.end(ErrStopped)
	default:
		s.answered(h, f, now)
	}
}

// afterwards takes what was read before the end, or came behind the SMSC's unbind: an answer to a request is still one,
// until Close has given up the request.
func (s *Session[T]) afterwards(h pdu.Header, f pdu.Frame, now time.Time) {
	if _, outcome := s.win.Find(h.Seq); h.ID.IsResponse() && outcome != window.Unknown {
		s.answered(h, f, now)
	}
}

// answered makes the result of a request from its response or generic_nack. A response of another command than the
// request's answers nothing: the request waits on.
func (s *Session[T]) answered(h pdu.Header, f pdu.Frame, now time.Time) {
	asked, outcome := s.win.Find(h.Seq)
	if outcome == window.Unknown || h.ID != asked.command.Response() && h.ID != pdu.GenericNack {
		s.counts.Unknown++
		return
	}
	entry, _ := s.win.Answer(h.Seq)
	r := s.result(&entry, s.verdict(asked.command, h), now)
	r.Status, r.Late = h.Status, outcome == window.Late
	switch h.ID {
	case pdu.SubmitSMResp:
		id, _ := pdu.RawMessageID(f) // fails on other commands only
		r.MessageID = s.ids.keep(id)
	case pdu.QuerySMResp:
		s.queried(r, f)
	}
}

// verdict is what the answer h says of a request. A nack keeps its status (an SMSC may throttle with it) but is never an
// acceptance. The table is of submits; the three statuses that only a query or cancel can have are its plain no.
func (s *Session[T]) verdict(command pdu.CommandID, h pdu.Header) Verdict {
	v := s.cfg.Statuses.Submit(h.Status)
	switch {
	case h.ID == pdu.GenericNack && v == Accepted:
		return BadPDU
	case command == pdu.SubmitSM:
		return v
	case h.Status == pdu.ESME_RQUERYFAIL, h.Status == pdu.ESME_RCANCELFAIL, h.Status == pdu.ESME_RINVMSGID:
		return Refused
	}
	return v
}

// queried adds what the SMSC knows of the message.
func (s *Session[T]) queried(r *Result[T], f pdu.Frame) {
	if r.Status != pdu.ESME_ROK {
		return
	}
	answer, err := pdu.ParseQueryResp(f)
	if err != nil {
		r.Verdict = BadPDU
		s.counts.Unknown++
		return
	}
	r.Query = &answer
}

// result adds a result. The pointer is good until the next one.
func (s *Session[T]) result(e *window.Entry[request[T]], v Verdict, now time.Time) *Result[T] {
	since := e.Written
	if since.IsZero() {
		since = e.Offered
	}
	s.results = append(s.results, Result[T]{
		Value: e.Value.value, Command: e.Value.command, Verdict: v, At: now, Wait: now.Sub(since),
	})
	return &s.results[len(s.results)-1]
}
