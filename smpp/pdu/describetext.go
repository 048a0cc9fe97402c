package pdu

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"harkara/smpp/sms"
)

// textField is what the fields before a text say about it.
type textField struct{ esmClass, dataCoding byte }

// note keeps an octet that matters for the text.
func (t *textField) note(name string, n byte) {
	switch name {
	case "esm_class":
		t.esmClass = n
	case "data_coding":
		t.dataCoding = n
	}
}

// text shows a short_message or message_payload: its header, then the text by its data_coding or its octets. GSM-7 is
// read as one septet an octet: no field says that it is packed.
func (p *page) text(b []byte, t textField) string {
	shown := fmt.Sprintf("%d octets", len(b))
	var header sms.UDH
	if t.esmClass&ESMClassUDHI != 0 {
		h, rest, err := sms.CutUDH(b)
		if err != nil {
			return shown + ", " + err.Error()
		}
		shown += ", " + describeUDH(h, b)
		header, b = h, rest
	}
	text, ok := sms.Decode(t.dataCoding, false, header, b)
	switch {
	case !ok:
		return shown + ", " + p.octets(b)
	case !p.reveal:
		return fmt.Sprintf("%s, %d characters, hidden", shown, utf8.RuneCountInString(text))
	}
	return fmt.Sprintf("%s, %d characters %q", shown, utf8.RuneCountInString(text), text)
}

// describeUDH names the concatenation and the national tables of the header at the front of b (3GPP TS 23.040
// §9.2.3.24); one with neither is shown as octets.
func describeUDH(h sms.UDH, b []byte) string {
	var says []string
	if h.Concat {
		says = append(says, fmt.Sprintf("segment %d of %d, reference 0x%02x", h.Number, h.Total, h.Ref))
	}
	if h.Locking != 0 {
		says = append(says, fmt.Sprintf("locking shift table %s", h.Locking))
	}
	if h.Single != 0 {
		says = append(says, fmt.Sprintf("single shift table %s", h.Single))
	}
	if len(says) == 0 {
		return "header " + hex.EncodeToString(b[:h.Length])
	}
	return strings.Join(says, ", ")
}
