package pdu

import (
	"encoding/hex"
	"fmt"
	"unicode/utf8"

	"github.com/fiorix/go-smpp/smpp/pdu/pdutext"

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

// text shows a short_message or message_payload: its header, then the text by its data_coding or its octets.
func (p *page) text(b []byte, t textField) string {
	shown := fmt.Sprintf("%d octets", len(b))
	if t.esmClass&ESMClassUDHI != 0 {
		header, rest, ok := cutUDH(b)
		if !ok {
			return shown + ", the user data header is longer than the message"
		}
		shown += ", " + describeUDH(header)
		b = rest
	}
	text, ok := decodeText(b, t.dataCoding)
	switch {
	case !ok:
		return shown + ", " + p.octets(b)
	case !p.reveal:
		return fmt.Sprintf("%s, %d characters, hidden", shown, utf8.RuneCountInString(text))
	}
	return fmt.Sprintf("%s, %d characters %q", shown, utf8.RuneCountInString(text), text)
}

// cutUDH parts a user data header, with its length octet, from the text behind it.
func cutUDH(b []byte) (header, rest []byte, ok bool) {
	if len(b) == 0 || 1+int(b[0]) > len(b) {
		return nil, nil, false
	}
	n := 1 + int(b[0])
	return b[:n], b[n:], true
}

// describeUDH names the two concatenation headers (3GPP TS 23.040 §9.2.3.24); others are shown as octets.
func describeUDH(h []byte) string {
	switch {
	case len(h) == 6 && h[1] == 0x00 && h[2] == 3:
		return fmt.Sprintf("segment %d of %d, reference 0x%02x", h[5], h[4], h[3])
	case len(h) == 7 && h[1] == 0x08 && h[2] == 4:
		return fmt.Sprintf("segment %d of %d, reference 0x%02x%02x", h[6], h[5], h[3], h[4])
	}
	return "header " + hex.EncodeToString(h)
}

// decodeText gives the text of b; ok is false where the data_coding is of no text that is known here.
func decodeText(b []byte, dataCoding byte) (text string, ok bool) {
	switch dataCoding {
	case 0:
		return sms.DecodeGSM7(b), true
	case 1, 3: // Latin-1 holds ASCII
		return string(pdutext.Latin1(b).Decode()), true
	case 8:
		return sms.DecodeUCS2(b), true
	}
	return "", false
}
