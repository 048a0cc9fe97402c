package smsctest

import (
	"fmt"
	"strings"
	"testing"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// TestLongTexts sends texts in every form that the gateway knows, their segments backwards, and reads the books.
func TestLongTexts(t *testing.T) {
	texts := map[string]string{
		"whole":      "Code 483921 is made up {€}",
		"GSM-7":      strings.Repeat("0123456789 €{made up}~ ", 20),
		"Latin-1":    strings.Repeat("ñ café ç made up ", 20),
		"Unicode":    strings.Repeat("आपका कोड 483921 है 😀 ", 12),
		"Devanagari": strings.Repeat("आपका कोड 483921 है ", 20),
	}
	latin1, hindi := []sms.Encoding{sms.GSM7, sms.Latin1, sms.UCS2}, []sms.Language{sms.Hindi}
	for _, long := range []sms.Long{sms.UDH16, sms.UDH8, sms.SAR, sms.Payload} {
		for name, coding := range map[string]sms.Coding{
			"plain": {Long: long}, "packed": {Long: long, Packed: true}, "latin1": {Long: long, Alphabets: latin1},
			"hindi": {Long: long, Languages: hindi}, "hindi packed": {Long: long, Languages: hindi, Packed: true},
		} {
			t.Run(fmt.Sprint(long, " ", name), func(t *testing.T) {
				var sent []pdu.SM
				want := map[string]int{}
				for _, text := range texts {
					message, err := coding.Encode(text, uint16(260+len(sent)))
					if err != nil {
						t.Fatal(err)
					}
					parts := submits(message)
					for i := range parts {
						sent = append(sent, parts[len(parts)-1-i])
					}
					want[text] = len(parts)
				}
				books := take(t, Config{Packed: coding.Packed}, sent...)
				for _, m := range books.Messages {
					if want[m.Text.Reveal()] != m.Total || len(m.Segments) != m.Total {
						t.Errorf("%d segments of %d make the text %q", len(m.Segments), m.Total, m.Text.Reveal())
					}
				}
				if len(books.Messages) != len(texts) {
					t.Errorf("%d messages, want %d", len(books.Messages), len(texts))
				}
			})
		}
	}
}

// submits makes the submit_sm of an encoded text.
func submits(message sms.Message) []pdu.SM {
	var all []pdu.SM
	for i, segment := range message.Segments {
		m := text("919800000001", string(segment.UDH)+string(segment.Payload))
		m.DataCoding = message.Encoding.DataCoding()
		if len(segment.UDH) > 0 {
			m.ESMClass = pdu.ESMClassUDHI
		}
		if message.Long == sms.SAR && len(message.Segments) > 1 {
			m.TLVs = sar("", "", message.Ref, byte(len(message.Segments)), byte(i+1)).TLVs
		}
		if len(m.ShortMessage) > 254 {
			m.TLVs = append(m.TLVs, pdu.TLV{Tag: pdu.TagMessagePayload, Value: m.ShortMessage})
			m.ShortMessage = nil
		}
		all = append(all, m)
	}
	return all
}

// TestReferencesOfTwoKinds: texts under one number as a reference of 8 bits, of 16 bits and of SAR are three.
func TestReferencesOfTwoKinds(t *testing.T) {
	const to = "919800000001"
	books := take(t, Config{},
		udh(to, "\x05\x00\x03\x07\x02\x01a"), udh(to, "\x06\x08\x04\x00\x07\x02\x01c"), sar(to, "e", 7, 2, 1),
		udh(to, "\x05\x00\x03\x07\x02\x02b"), udh(to, "\x06\x08\x04\x00\x07\x02\x02d"), sar(to, "f", 7, 2, 2))
	var got []string
	for _, m := range books.Messages {
		got = append(got, m.Text.Reveal())
	}
	if want := "ab cd ef"; strings.Join(got, " ") != want {
		t.Errorf("texts %q, want %s", got, want)
	}
}
