package pdu

import (
	"bytes"

	"harkara/smpp/sms"
)

// Mask returns a copy of f that may be kept and shown: of the same length and structure, with the same header, still to
// be decoded. Of an address the digits but the last four become '*', so do passwords, texts behind their user data
// header (UCS-2: U+002A), and the values of TLVs over three octets that are not known to be ids. A delivery receipt
// keeps its known fields (see maskReceipt). A body that can't be read is masked whole.
//
// Ids stay, as they settle what went where: system_id, message_id, receipted_message_id, and in a submit_sm the TLVs of
// DLT.
func Mask(f Frame) Frame {
	masked := Frame(bytes.Clone(f))
	if len(masked) < HeaderLength {
		fill(masked)
		return masked
	}
	m := masker{id: masked.Header().ID}
	if body := masked.Body(); !m.body(body) {
		fill(body)
	}
	return masked
}

// masker is what it takes to know about a PDU before its text.
type masker struct {
	id                   CommandID
	esmClass, dataCoding byte
}

// body masks a body in place; it returns false where the body can't be read to its end.
func (m *masker) body(body []byte) bool {
	if (m.id == SubmitSMResp || m.id == DataSMResp) && len(body) <= maxMessageID && bytes.IndexByte(body, 0) < 0 {
		return true // a message_id whose NUL was forgotten, as ParseMessageID takes it
	}
	fields, ok := layouts[m.id]
	if !ok {
		return false
	}
	c := cursor{body: body}
	for _, f := range fields {
		m.field(&c, f)
	}
	for t, ok := c.tlv(); ok; t, ok = c.tlv() {
		m.tlv(t)
	}
	return c.err == nil
}

// field masks one field.
func (m *masker) field(c *cursor, f fieldSpec) {
	switch f.kind {
	case octet:
		n := c.octet(f.name)
		switch f.name {
		case "esm_class":
			m.esmClass = n
		case "data_coding":
			m.dataCoding = n
		}
	case plain:
		c.text(f.name)
	case address:
		maskDigits(c.textOctets(f.name))
	case when:
		if s := c.textOctets(f.name); !isTime(s) {
			maskDigits(s)
		}
	case password:
		fill(c.textOctets(f.name))
	case message:
		m.text(c.octets(f.name, int(c.octet("sm_length"))))
	}
}

// tlv masks the value of a TLV, by the rules of describing one.
func (m *masker) tlv(t TLV) {
	switch {
	case t.Tag == TagMessagePayload:
		m.text(t.Value)
	case len(t.Value) > 3 && !isID(t.Tag, m.id):
		fill(t.Value)
	}
}

// text masks a short_message or message_payload.
func (m *masker) text(b []byte) {
	if m.esmClass&ESMClassUDHI != 0 {
		header := maskUDH(b)
		if header == 0 {
			fill(b)
			return
		}
		b = b[header:]
	}
	width := 1
	if m.dataCoding == sms.UCS2.DataCoding() {
		width = 2
	}
	if m.id != SubmitSM && isReceipt(m.esmClass) {
		if len(b) > 0 && b[0] != 0 { // SMSCs say UCS-2 of receipts that are ASCII
			width = 1
		}
		maskReceipt(b, width)
		return
	}
	fillText(b, width)
}

// isID says whether a TLV is known to hold neither a number nor a text: receipted_message_id, and those of DLT, which are
// registered ids in a submit_sm; what an SMSC puts into the same vendor tags is its own affair.
func isID(t Tag, in CommandID) bool {
	return t == TagReceiptedMessageID || t >= 0x1400 && t <= 0x1402 && in == SubmitSM
}
