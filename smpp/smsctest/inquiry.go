package smsctest

import (
	"strconv"
	"time"

	"harkara/smpp/pdu"
)

// query answers a query_sm (SMPP 3.4 §4.8): the message is ENROUTE until its receipt is due, then it has its final
// state, whether a receipt tells of it or not.
func (s *SMSC) query(b *bind, f pdu.Frame, seq uint32, now time.Duration) {
	s.books.Queries++
	q, status := s.inquiry(b, f)
	r := s.find(&q)
	if status == pdu.ESME_ROK && r == nil {
		status = pdu.ESME_RQUERYFAIL
	}
	var a pdu.QueryAnswer
	if status == pdu.ESME_ROK {
		a = pdu.QueryAnswer{MessageID: q.MessageID, State: stateEnroute}
		if now >= r.due {
			a.State, a.ErrorCode = r.state, octetOf(r.err)
			a.FinalDate = s.date(r.due).Format(toSeconds) + "000+" // tenths, quarters of an hour from UTC (§7.1.1.1)
		}
	} else {
		s.books.QueriesFailed++
	}
	b.out = pdu.AppendQueryResp(b.out, status, seq, &a)
	s.touch(b)
}

// octetOf gives an err as the one octet of a query_sm_resp, 0 where there is none or it does not fit.
func octetOf(err string) byte {
	code, fail := strconv.ParseUint(err, 10, 8)
	if fail != nil {
		return 0
	}
	return byte(code)
}

// cancel answers a cancel_sm (SMPP 3.4 §4.9): a message whose receipt is not due yet is never delivered, and where it
// has a receipt that comes at its time and says DELETED. A cancel_sm without a message_id, for all messages between two
// addresses, is not served.
func (s *SMSC) cancel(b *bind, f pdu.Frame, seq uint32, now time.Duration) {
	s.books.Cancels++
	q, status := s.inquiry(b, f)
	r := s.find(&q)
	switch {
	case status != pdu.ESME_ROK:
	case r == nil || r.dest.digits != q.Dest || now >= r.due:
		status = pdu.ESME_RCANCELFAIL
	default:
		r.state, r.err, r.due = stateDeleted, "", now
		s.books.Cancelled++
	}
	s.say(b, pdu.CancelSMResp, status, seq)
}

// inquiry reads a query_sm or cancel_sm.
func (s *SMSC) inquiry(b *bind, f pdu.Frame) (pdu.Inquiry, pdu.Status) {
	if !b.transmits {
		return pdu.Inquiry{}, pdu.ESME_RINVBNDSTS
	}
	q, err := pdu.ParseInquiry(f)
	if err != nil {
		s.books.Malformed++
		return q, pdu.ESME_RINVCMDLEN
	}
	return q, pdu.ESME_ROK
}

// find gives the message that q names by the id of its answer and its source, nil where it is not among the kept ones.
func (s *SMSC) find(q *pdu.Inquiry) *record {
	base := 10
	if s.hexAnswers() {
		base = 16
	}
	id, err := strconv.ParseUint(q.MessageID, base, 64)
	if err != nil {
		return nil
	}
	serial := id
	if id < paddedIDs { // the latest message that was written so
		serial = s.lastID - (s.lastID-id)%paddedIDs
	}
	r := s.books.find(serial)
	if r == nil || r.id() != id || r.source.digits != q.Source {
		return nil
	}
	return r
}

// hexAnswers says whether ids are hexadecimal in answers.
func (s *SMSC) hexAnswers() bool { return s.rate[HexID] > 0 || dialects[s.cfg.Dialect].padded }
