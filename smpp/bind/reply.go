package bind

import "harkara/smpp/pdu"

// Reply is the means to answer one deliver_sm or data_sm.
type Reply struct {
	To  Answerer
	PDU pdu.Header // of what is answered
}

// Answerer sends the response to a PDU.
type Answerer interface {
	Answer(to pdu.Header, status pdu.Status)
}

// Answer gives the SMSC its response. Call it exactly once, from any goroutine; it never blocks. When the connection is
// gone it does nothing: the SMSC then sends the PDU again on another one.
func (r Reply) Answer(status pdu.Status) { r.To.Answer(r.PDU, status) }

// owed takes the handler's answers to the loop. It has room for all of them, as no more than ReceiptsMax PDUs are handed
// on without one.
type owed chan response

// response is the handler's answer to the deliver_sm or data_sm with this header.
type response struct {
	to     pdu.Header
	status pdu.Status
}

// Answer is that of a Reply.
func (o owed) Answer(to pdu.Header, status pdu.Status) { o <- response{to, status} }
