package smsctest

import (
	"strconv"
	"time"

	"harkara/smpp/pdu"
)

// esmClassReceipt says that a deliver_sm carries an SMSC delivery receipt (SMPP 3.4 §5.2.12).
const esmClassReceipt = 0x04

// Values of the TLV message_state (SMPP 3.4 §5.2.28).
var (
	stateDelivered     = []byte{2}
	stateUndeliverable = []byte{5}
)

// appendReceipt appends the deliver_sm of a receipt, from the handset to the source of the message.
func (s *SMSC) appendReceipt(dst []byte, seq uint32, r *record) []byte {
	s.text = s.appendReceiptText(s.text[:0], r)
	m := &s.out
	*m = pdu.SM{
		SourceTON: r.dest.ton, SourceNPI: r.dest.npi, Source: r.dest.digits,
		DestTON: r.source.ton, DestNPI: r.source.npi, Dest: r.source.digits,
		ESMClass:     esmClassReceipt,
		ShortMessage: s.text,
		TLVs:         m.TLVs[:0],
	}
	if !s.cfg.TextOnly {
		at := len(s.text)
		s.text = append(strconv.AppendUint(s.text, r.id, 10), 0)
		state := stateDelivered
		if r.stat != "DELIVRD" {
			state = stateUndeliverable
		}
		m.TLVs = append(m.TLVs, pdu.TLV{Tag: pdu.TagReceiptedMessageID, Value: s.text[at:]},
			pdu.TLV{Tag: pdu.TagMessageState, Value: state})
	}
	out, err := pdu.AppendSM(dst, pdu.DeliverSM, seq, m)
	if err != nil {
		panic("smsctest: a receipt is no legal deliver_sm: " + err.Error())
	}
	return out
}

// appendReceiptText writes a receipt's text in the form of SMPP 3.4 Appendix B. Its text: field has an asterisk for
// each of the message's first 20 octets: not even a simulator quotes a code.
func (s *SMSC) appendReceiptText(dst []byte, r *record) []byte {
	const stars = "********************"
	dlvrd := "001"
	if r.stat != "DELIVRD" {
		dlvrd = "000"
	}
	dst = append(dst, "id:"...)
	dst = strconv.AppendUint(dst, r.id, 10)
	dst = append(append(dst, " sub:001 dlvrd:"...), dlvrd...)
	dst = s.appendDate(append(dst, " submit date:"...), r.came)
	dst = s.appendDate(append(dst, " done date:"...), r.done)
	dst = append(append(dst, " stat:"...), r.stat...)
	dst = append(append(dst, " err:"...), r.err...)
	return append(append(dst, " text:"...), stars[:min(len(stars), r.length)]...)
}

// appendDate writes YYMMDDhhmm in UTC.
func (s *SMSC) appendDate(dst []byte, at time.Duration) []byte {
	return s.start.Add(at).UTC().AppendFormat(dst, "0601021504")
}
