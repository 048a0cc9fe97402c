package smsctest

import (
	"encoding/binary"
	"strconv"
	"time"

	"harkara/smpp/pdu"
)

// Message types of esm_class (SMPP 3.4 §5.2.12).
const (
	esmClassReceipt      = 0x04
	esmClassIntermediate = 0x20
)

// appendReceipt appends the PDU of a receipt, from the handset to the source of the message.
func (s *SMSC) appendReceipt(dst []byte, d *delivery) []byte {
	r, how := d.record, &dialects[s.cfg.Dialect]
	n := &s.notice
	*n = notice{id: r.id(), came: s.date(r.came), done: s.date(r.due), state: r.state, err: r.err, length: r.length}
	class := byte(esmClassReceipt)
	if d.enroute {
		class, n.state, n.err, n.done = esmClassIntermediate, stateEnroute, "", n.came
	}
	s.text = s.text[:0]
	if how.text != nil {
		s.text = how.text(s.text, n)
	}
	m := &s.out
	*m = pdu.SM{
		SourceTON: r.dest.ton, SourceNPI: r.dest.npi, Source: r.dest.digits,
		DestTON: r.source.ton, DestNPI: r.source.npi, Dest: r.source.digits,
		ESMClass: class,
		TLVs:     m.TLVs[:0],
	}
	if d.command == pdu.DataSM {
		m.TLVs = append(m.TLVs, pdu.TLV{Tag: pdu.TagMessagePayload, Value: s.text})
	} else {
		m.ShortMessage = s.text
	}
	if !s.cfg.TextOnly || how.text == nil {
		s.addStatus(m, n, how.text == nil)
	}
	if s.cfg.EchoUserRef && r.hasUserRef {
		ref := s.scratch(byte(r.userRef>>8), byte(r.userRef))
		m.TLVs = append(m.TLVs, pdu.TLV{Tag: pdu.TagUserMessageReference, Value: ref})
	}
	out, err := pdu.AppendSM(dst, d.command, d.seq, m)
	if err != nil {
		panic("smsctest: a receipt is no legal " + d.command.String() + ": " + err.Error())
	}
	return out
}

// addStatus adds the TLVs that tell id and state, and the error where the text does not.
func (s *SMSC) addStatus(m *pdu.SM, n *notice, withError bool) {
	at := len(s.text)
	s.text = append(appendID(s.text, n.id), 0)
	m.TLVs = append(m.TLVs, pdu.TLV{Tag: pdu.TagReceiptedMessageID, Value: s.text[at:]},
		pdu.TLV{Tag: pdu.TagMessageState, Value: s.scratch(n.state)})
	if !withError || n.err == "" {
		return
	}
	// The code has two octets: one with letters, or above 65535, can't be told so.
	if code, err := strconv.ParseUint(n.err, 10, 16); err == nil {
		const gsm = 3 // the network type (SMPP 3.4 §5.3.2.31)
		m.TLVs = append(m.TLVs, pdu.TLV{Tag: pdu.TagNetworkErrorCode, Value: s.scratch(gsm, byte(code>>8), byte(code))})
	}
}

// scratch gives a slice of the octets behind the text of the receipt that is being written.
func (s *SMSC) scratch(octets ...byte) []byte {
	at := len(s.text)
	s.text = append(s.text, octets...)
	return s.text[at:]
}

// date gives a time since the start by the clock, in UTC.
func (s *SMSC) date(at time.Duration) time.Time { return s.start.Add(at).UTC() }

// userRef reads user_message_reference (SMPP 3.4 §5.3.2.17) of a submit_sm.
func userRef(m *pdu.SM) (ref uint16, ok bool) {
	v, ok := m.TLV(pdu.TagUserMessageReference)
	if !ok || len(v) != 2 {
		return 0, false
	}
	return binary.BigEndian.Uint16(v), true
}
