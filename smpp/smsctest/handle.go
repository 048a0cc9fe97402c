package smsctest

import (
	"time"

	"harkara/smpp/pdu"
)

// systemID is how the SMSC calls itself in bind responses.
const systemID = "smsctest"

// maxSeq is the largest legal sequence number (SMPP 3.4 §5.1.4).
const maxSeq = 0x7FFFFFFF

// handle does with one PDU what SMPP 3.4 §2.2 and §4 ask of an SMSC.
func (s *SMSC) handle(b *bind, f pdu.Frame, now time.Duration) {
	h := f.Header()
	if !h.ID.IsResponse() && (h.Seq == 0 || h.Seq > maxSeq) {
		s.books.IllegalSeqs++
		s.say(b, pdu.GenericNack, pdu.ESME_RUNKNOWNERR, h.Seq)
		return
	}
	switch h.ID {
	case pdu.SubmitSM:
		s.submit(b, f, h.Seq, now)
	case pdu.DeliverSMResp, pdu.DataSMResp, pdu.GenericNack:
		s.ack(b, h, now)
	case pdu.BindTransmitter, pdu.BindReceiver, pdu.BindTransceiver:
		s.bind(b, f, h)
	case pdu.QuerySM:
		s.query(b, f, h.Seq, now)
	case pdu.CancelSM:
		s.cancel(b, f, h.Seq, now)
	case pdu.EnquireLink:
		s.say(b, pdu.EnquireLinkResp, pdu.ESME_ROK, h.Seq)
	case pdu.Unbind:
		s.say(b, pdu.UnbindResp, pdu.ESME_ROK, h.Seq)
		b.leaving = true
	default:
		if h.ID.IsResponse() {
			s.books.StrayAnswers++
			return
		}
		s.books.UnknownPDUs++
		s.say(b, pdu.GenericNack, pdu.ESME_RINVCMDID, h.Seq)
	}
}

// say sends a PDU that is its header alone.
func (s *SMSC) say(b *bind, id pdu.CommandID, status pdu.Status, seq uint32) {
	b.out = pdu.AppendHeader(b.out, id, status, seq)
	s.touch(b)
}

// garbled answers a command_length that can't be right; the stream is lost with it.
func (s *SMSC) garbled(b *bind) {
	s.mu.Lock()
	defer s.release()
	s.books.Malformed++
	s.say(b, pdu.GenericNack, pdu.ESME_RINVCMDLEN, 0)
}

// bind answers a bind; one that is refused ends the connection, but for a second bind on a bound one.
func (s *SMSC) bind(b *bind, f pdu.Frame, h pdu.Header) {
	if b.bound {
		s.books.BindsRefused++
		s.say(b, h.ID.Response(), pdu.ESME_RALYBND, h.Seq)
		return
	}
	status := s.admit(f)
	if status != pdu.ESME_ROK {
		s.books.BindsRefused++
		status = orDefault(s.cfg.BindStatus, status)
		b.leaving = true
	} else {
		s.books.Binds++
		b.bound = true
		b.transmits = h.ID != pdu.BindReceiver
		b.receives = h.ID != pdu.BindTransmitter
		if b.receives {
			s.receivers = append(s.receivers, b)
		}
	}
	b.out = pdu.AppendBindResp(b.out, h.ID.Response(), status, h.Seq, systemID)
	s.touch(b)
}

// admit holds a bind against the account.
func (s *SMSC) admit(f pdu.Frame) pdu.Status {
	who, err := pdu.ParseBind(f)
	switch {
	case err != nil:
		s.books.Malformed++
		return pdu.ESME_RINVCMDLEN
	case s.cfg.SystemID != "" && who.SystemID != s.cfg.SystemID:
		return pdu.ESME_RINVSYSID
	case s.cfg.SystemID != "" && who.Password != s.cfg.Password:
		return pdu.ESME_RINVPASWD
	case s.cfg.MaxBinds != 0 && s.counters().Bound >= s.cfg.MaxBinds:
		return pdu.ESME_RALYBND
	}
	return pdu.ESME_ROK
}
