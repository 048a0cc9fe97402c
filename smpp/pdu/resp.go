package pdu

import (
	"bytes"
	"fmt"
)

// AppendResp appends a SubmitSMResp, DeliverSMResp or DataSMResp. The caller keeps messageID within the 64 octets
// without a NUL that the standard allows; a deliver_sm_resp has it empty (SMPP 3.4 §4.6.2). A submit_sm_resp that
// refuses has no body (§4.4.2).
func AppendResp(dst []byte, id CommandID, status Status, seq uint32, messageID string) []byte {
	start := len(dst)
	dst = AppendHeader(dst, id, status, seq)
	if id == SubmitSMResp && status != ESME_ROK {
		return dst
	}
	return setLength(appendText(dst, messageID), start)
}

// ParseMessageID reads the message_id of a SubmitSMResp or DataSMResp. SMSCs leave the body out or forget the NUL:
// a body that is not there gives "", one without a NUL counts whole.
func ParseMessageID(f Frame) (string, error) {
	id, err := RawMessageID(f)
	return string(id), err
}

// maxBelieved is the longest message_id that is believed, in octets: no receipt can name a longer one, and the books
// can't hold any length.
const maxBelieved = 255

// RawMessageID is ParseMessageID without the copy: the octets alias f.
func RawMessageID(f Frame) ([]byte, error) {
	body, err := f.body(SubmitSMResp, DataSMResp)
	if err != nil {
		return nil, fmt.Errorf("read a message_id: %w", err)
	}
	id, _, _ := bytes.Cut(body, []byte{0})
	if len(id) > maxBelieved {
		return nil, nil
	}
	return id, nil
}
