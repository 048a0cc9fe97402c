package pdu

import (
	"errors"
	"fmt"
)

// Inquiry is the body of a query_sm (SMPP 3.4 §4.8.1) or cancel_sm (§4.9.1): it names a message that was submitted. The
// addresses are those of its submit_sm; many SMSCs compare them.
type Inquiry struct {
	ServiceType          string // cancel_sm only
	MessageID            string // as the SMSC wrote it in its submit_sm_resp
	SourceTON, SourceNPI byte
	Source               string
	DestTON, DestNPI     byte   // cancel_sm only
	Dest                 string // cancel_sm only
}

// AppendInquiry appends a QuerySM or CancelSM. On an error dst is returned as it came; the error names the field that
// can't go on the wire. A cancel_sm without a message_id is one of them, although the standard has it: it would cancel
// every message from the source to the destination. What a query_sm does not have is left out.
func AppendInquiry(dst []byte, id CommandID, seq uint32, q *Inquiry) ([]byte, error) {
	if err := q.check(id); err != nil {
		return dst, fmt.Errorf("write %s: %w", id, err)
	}
	start := len(dst)
	dst = AppendHeader(dst, id, ESME_ROK, seq)
	if id == CancelSM {
		dst = appendText(dst, q.ServiceType)
	}
	dst = appendText(dst, q.MessageID)
	dst = append(dst, q.SourceTON, q.SourceNPI)
	dst = appendText(dst, q.Source)
	if id == CancelSM {
		dst = append(dst, q.DestTON, q.DestNPI)
		dst = appendText(dst, q.Dest)
	}
	return setLength(dst, start), nil
}

// check holds q against the limits of the standard.
func (q *Inquiry) check(id CommandID) error {
	switch {
	case id != QuerySM && id != CancelSM:
		return errors.New("it is neither query_sm nor cancel_sm")
	case q.MessageID == "":
		return errors.New("message_id is empty, it must name the message")
	}
	if err := checkText("service_type", q.ServiceType, maxServiceType); err != nil {
		return err
	}
	if err := checkText("message_id", q.MessageID, maxMessageID); err != nil {
		return err
	}
	if err := checkText("source_addr", q.Source, maxAddress); err != nil {
		return err
	}
	return checkText("destination_addr", q.Dest, maxAddress)
}

// ParseInquiry reads a QuerySM or CancelSM; the error names the field and the octet. TLVs, which the standard does not
// give them, are passed over.
func ParseInquiry(f Frame) (Inquiry, error) {
	body, err := f.body(QuerySM, CancelSM)
	if err != nil {
		return Inquiry{}, fmt.Errorf("read an inquiry: %w", err)
	}
	c := cursor{body: body}
	id := f.Header().ID
	var q Inquiry
	if id == CancelSM {
		q.ServiceType = c.str("service_type")
	}
	q.MessageID = c.str("message_id")
	q.SourceTON, q.SourceNPI = c.octet("source_addr_ton"), c.octet("source_addr_npi")
	q.Source = c.str("source_addr")
	if id == CancelSM {
		q.DestTON, q.DestNPI = c.octet("dest_addr_ton"), c.octet("dest_addr_npi")
		q.Dest = c.str("destination_addr")
	}
	c.skipTLVs()
	if c.err != nil {
		return Inquiry{}, fmt.Errorf("read %s: %w", id, c.err)
	}
	return q, nil
}

// QueryAnswer is the body of a query_sm_resp (SMPP 3.4 §4.8.2).
type QueryAnswer struct {
	MessageID string
	FinalDate string // SMPP time, 16 characters; empty while the message has no final state
	State     byte   // message_state (§5.2.28)
	ErrorCode byte   // the network's or SMSC's own code of why delivery failed
}

// AppendQueryResp appends a QuerySMResp. One that refuses has no body, as a submit_sm_resp has none, and a is not looked
// at. The caller keeps the strings within their 64 and 16 octets, without a NUL.
func AppendQueryResp(dst []byte, status Status, seq uint32, a *QueryAnswer) []byte {
	start := len(dst)
	dst = AppendHeader(dst, QuerySMResp, status, seq)
	if status != ESME_ROK {
		return dst
	}
	dst = appendText(dst, a.MessageID)
	dst = appendText(dst, a.FinalDate)
	return setLength(append(dst, a.State, a.ErrorCode), start)
}

// ParseQueryResp reads the body of a QuerySMResp; the error names the field and the octet. TLVs are passed over. A
// final_date of "0" or of another length than the standard's is given as it came.
func ParseQueryResp(f Frame) (QueryAnswer, error) {
	body, err := f.body(QuerySMResp)
	if err != nil {
		return QueryAnswer{}, fmt.Errorf("read a query_sm_resp: %w", err)
	}
	c := cursor{body: body}
	a := QueryAnswer{
		MessageID: c.str("message_id"),
		FinalDate: c.str("final_date"),
		State:     c.octet("message_state"),
		ErrorCode: c.octet("error_code"),
	}
	c.skipTLVs()
	if c.err != nil {
		return QueryAnswer{}, fmt.Errorf("read query_sm_resp: %w", c.err)
	}
	return a, nil
}
