package session

import (
	"time"

	"harkara/smpp/pdu"
)

// Receive takes one PDU from the SMSC. A deliver_sm's frame is handed on by Take as it is.
func (s *Session[T]) Receive(f pdu.Frame, now time.Time) {
	h := f.Header()
	switch {
	case s.state == Opening:
		return
	case s.state == Closed:
		s.afterwards(h, f, now)
		return
	}
	s.heard = now
	if h.ID.IsResponse() {
		s.responded, s.deaf = now, false
	}
	if !s.deaf { // what a deaf SMSC says of its own accord is no answer to the probe
		s.probeDue = time.Time{}
	}
	switch {
	case !h.ID.IsResponse():
		s.request(h, f)
	case s.state == Binding:
		s.bindResponse(h, now)
	default:
		s.response(h, f, now)
	}
	s.drained(now)
}

// bindResponse takes a response while the bind is the only request that can have one. A nack numbered 0 is to a PDU
// that the SMSC could not read (SMPP 3.4 §4.3), so it is the bind's too.
func (s *Session[T]) bindResponse(h pdu.Header, now time.Time) {
	answer := h.ID == s.cfg.As.Response() && h.Seq == s.bindSeq
	nack := h.ID == pdu.GenericNack && (h.Seq == s.bindSeq || h.Seq == 0)
	switch {
	case answer && h.Status == pdu.ESME_ROK:
		s.state, s.due = Bound, time.Time{}
	case answer || nack:
		s.end(&BindError{h.Status, s.cfg.Statuses})
	default:
		s.counts.Unknown++
	}
}

// request takes a request of the SMSC.
func (s *Session[T]) request(h pdu.Header, f pdu.Frame) {
	switch h.ID {
	case pdu.EnquireLink:
		s.out = pdu.AppendHeader(s.out, pdu.EnquireLinkResp, pdu.ESME_ROK, h.Seq)
	case pdu.Unbind:
		s.out = pdu.AppendHeader(s.out, pdu.UnbindResp, pdu.ESME_ROK, h.Seq)
		s.end(ErrUnbound)
	case pdu.DeliverSM, pdu.DataSM:
		s.deliver(h, f)
	case pdu.AlertNotification: // has no response (SMPP 3.4 §4.12), and we ask for none
	case pdu.Outbind, pdu.BindReceiver, pdu.BindTransmitter, pdu.BindTransceiver:
		s.out = pdu.AppendHeader(s.out, pdu.GenericNack, pdu.ESME_RINVBNDSTS, h.Seq)
		s.counts.Unknown++
	default:
		s.out = pdu.AppendHeader(s.out, pdu.GenericNack, pdu.ESME_RINVCMDID, h.Seq)
		s.counts.Unknown++
	}
}

// deliver hands a deliver_sm or data_sm on, or answers it at once with the reason why not. Config.Busy asks the SMSC to
// send it again later (ESME_RX_T_APPN, SMPP 3.4 §5.1.3).
func (s *Session[T]) deliver(h pdu.Header, f pdu.Frame) {
	s.counts.Received++
	status := pdu.ESME_ROK
	switch {
	case s.state == Binding:
		status = pdu.ESME_RINVBNDSTS
	case s.state != Bound || s.owed >= s.cfg.ReceiptsMax:
		status = s.cfg.Busy
		s.counts.Deferred++
	case pdu.CheckSM(f) != nil:
		status = pdu.ESME_RSYSERR
		s.counts.Unknown++
	default:
		s.owed++
		s.deliveries = append(s.deliveries, f)
		return
	}
	s.out = pdu.AppendResp(s.out, h.ID.Response(), status, h.Seq, "")
}
