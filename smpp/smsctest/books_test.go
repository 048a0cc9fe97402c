package smsctest

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// take gives messages to an SMSC one by one and returns its books.
func take(t *testing.T, cfg Config, messages ...pdu.SM) Books {
	t.Helper()
	var books Books
	bubble(t, cfg, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransmitter)
		for i, m := range messages {
			c.submit(uint32(i+2), m)
			if got := c.want(pdu.SubmitSMResp, uint32(i+2)); got.Status != pdu.ESME_ROK {
				t.Errorf("message %d is answered %s", i, got.Status)
			}
		}
		books = s.Books()
	})
	return books
}

// show writes a message for comparison: text, segments by number with how often each came.
func show(m Message) string {
	var segments []string
	for i := range m.Segments {
		segments = append(segments, fmt.Sprintf("%dx%d", m.Segments[i].Number, m.Segments[i].Times()))
	}
	return fmt.Sprintf("%s→%s %d %q %d of %d: %s", m.Source, m.To.Digits(), m.DataCoding, m.Text.Reveal(), len(m.Segments),
		m.Total, strings.Join(segments, " "))
}

func ucs2(s string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(unit >> 8))
		b.WriteByte(byte(unit))
	}
	return b.String()
}

// change alters a message.
func change(m pdu.SM, f func(*pdu.SM)) pdu.SM {
	f(&m)
	return m
}

func sar(to, octets string, ref uint16, total, number byte) pdu.SM {
	return change(text(to, octets), func(m *pdu.SM) {
		m.TLVs = []pdu.TLV{
			{Tag: pdu.TagSarMsgRefNum, Value: []byte{byte(ref >> 8), byte(ref)}},
			{Tag: pdu.TagSarTotalSegments, Value: []byte{total}},
			{Tag: pdu.TagSarSegmentSeqnum, Value: []byte{number}},
		}
	})
}

// TestMessages holds the books' texts against made-up messages.
func TestMessages(t *testing.T) {
	const to, other = "919800000001", "919800000002"
	unicode := func(m *pdu.SM) { m.DataCoding = 8 }
	hindi := ucs2("कोड 483921 😀")
	tests := []struct {
		name       string
		sent       []pdu.SM
		want       []string
		duplicates uint64
	}{
		{"one", []pdu.SM{text(to, "Code 483921")}, []string{`ACMEBK→919800000001 0 "Code 483921" 1 of 1: 1x1`}, 0},
		{"GSM-7 with extensions", []pdu.SM{text(to, "\x00 \x1b\x65 \x02")},
			[]string{`ACMEBK→919800000001 0 "@ € $" 1 of 1: 1x1`}, 0},
		{"Hindi", []pdu.SM{change(text(to, hindi), unicode)},
			[]string{`ACMEBK→919800000001 8 "कोड 483921 😀" 1 of 1: 1x1`}, 0},
		{"Latin-1", []pdu.SM{change(text(to, "caf\xe9"), func(m *pdu.SM) { m.DataCoding = 3 })},
			[]string{`ACMEBK→919800000001 3 "café" 1 of 1: 1x1`}, 0},
		{"octets", []pdu.SM{change(text(to, "\x01\xff"), func(m *pdu.SM) { m.DataCoding = 4 })},
			[]string{`ACMEBK→919800000001 4 "01ff" 1 of 1: 1x1`}, 0},
		{"the same thrice, another number once", []pdu.SM{text(to, "a"), text(other, "a"), text(to, "a"), text(to, "a")},
			[]string{`ACMEBK→919800000001 0 "a" 1 of 1: 1x3`, `ACMEBK→919800000002 0 "a" 1 of 1: 1x1`}, 2},
		{"16-bit reference, out of order", []pdu.SM{udh(to, "\x06\x08\x04\x01\x02\x02\x02world"),
			udh(other, "\x06\x08\x04\x01\x02\x02\x01elsewhere"), udh(to, "\x06\x08\x04\x01\x02\x02\x01hello ")},
			[]string{`ACMEBK→919800000001 0 "hello world" 2 of 2: 1x1 2x1`,
				`ACMEBK→919800000002 0 "elsewhere" 1 of 2: 1x1`}, 0},
		{"8-bit reference, one segment twice", []pdu.SM{udh(to, "\x05\x00\x03\x07\x03\x01a"),
			udh(to, "\x05\x00\x03\x07\x03\x03c"), udh(to, "\x05\x00\x03\x07\x03\x01a")},
			[]string{`ACMEBK→919800000001 0 "ac" 2 of 3: 1x2 3x1`}, 1},
		{"a reference that comes round", []pdu.SM{udh(to, "\x05\x00\x03\x07\x02\x01a"), udh(to, "\x05\x00\x03\x07\x02\x02b"),
			udh(to, "\x05\x00\x03\x07\x02\x01c"), udh(to, "\x05\x00\x03\x07\x02\x02d")},
			[]string{`ACMEBK→919800000001 0 "ab" 2 of 2: 1x1 2x1`, `ACMEBK→919800000001 0 "cd" 2 of 2: 1x1 2x1`}, 0},
		{"a user data header without concatenation", []pdu.SM{udh(to, "\x03\x24\x01\x06text")},
			[]string{`ACMEBK→919800000001 0 "text" 1 of 1: 1x1`}, 0},
		{"a character cut in two", []pdu.SM{change(udh(to, "\x06\x08\x04\x00\x01\x02\x01"+hindi[:len(hindi)-2]), unicode),
			change(udh(to, "\x06\x08\x04\x00\x01\x02\x02"+hindi[len(hindi)-2:]), unicode)},
			[]string{`ACMEBK→919800000001 8 "कोड 483921 😀" 2 of 2: 1x1 2x1`}, 0},
		{"SAR", []pdu.SM{sar(to, "hello ", 7, 2, 1), sar(to, "world", 7, 2, 2)},
			[]string{`ACMEBK→919800000001 0 "hello world" 2 of 2: 1x1 2x1`}, 0},
		{"message_payload", []pdu.SM{change(text(to, ""), func(m *pdu.SM) {
			m.TLVs = []pdu.TLV{{Tag: pdu.TagMessagePayload, Value: []byte(strings.Repeat("x", 300))}}
		})}, []string{`ACMEBK→919800000001 0 "` + strings.Repeat("x", 300) + `" 1 of 1: 1x1`}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			books := take(t, Config{}, tt.sent...)
			var got []string
			for _, m := range books.Messages {
				got = append(got, show(m))
			}
			if g, w := strings.Join(got, "\n"), strings.Join(tt.want, "\n"); g != w {
				t.Errorf("messages\n got %s\nwant %s", g, w)
			}
			if books.Accepted != uint64(len(tt.sent)) || books.Duplicates != tt.duplicates {
				t.Errorf("%d accepted, %d duplicates, want %d and %d", books.Accepted, books.Duplicates, len(tt.sent),
					tt.duplicates)
			}
		})
	}
}

func TestBrokenSegments(t *testing.T) {
	for name, m := range map[string]pdu.SM{
		"a header longer than the text":    udh("919800000001", "\x05\x00\x03\x01"),
		"no octets":                        udh("919800000001", ""),
		"an element past the header's end": udh("919800000001", "\x03\x00\x05\x01text"),
		"half an element":                  udh("919800000001", "\x01\x00text"),
		"an 8-bit reference of 4 octets":   udh("919800000001", "\x06\x00\x04\x01\x02\x03\x04text"),
		"segment 0":                        udh("919800000001", "\x05\x00\x03\x01\x02\x00text"),
		"SAR segment 3 of 2":               sar("919800000001", "text", 1, 2, 3),
		"SAR reference of one octet": change(sar("919800000001", "text", 1, 2, 2), func(m *pdu.SM) {
			m.TLVs[0].Value = m.TLVs[0].Value[:1]
		}),
	} {
		t.Run(name, func(t *testing.T) {
			if p, ok := partOf(&m); ok {
				t.Errorf("it is taken for %+v", p)
			}
		})
	}
}

// TestSegmentKeepsTheWholePDU looks for what compliance asks for in the books: TLVs in their order, validity, ids.
func TestSegmentKeepsTheWholePDU(t *testing.T) {
	sent := change(text("919800000001", "made up"), func(m *pdu.SM) {
		m.Validity = "000000000500000R"
		m.TLVs = []pdu.TLV{
			{Tag: 0x1401, Value: []byte("1107000000000000001")}, {Tag: 0x1400, Value: []byte("1101000000000000001")},
		}
	})
	books := take(t, Config{}, sent, sent)
	segment := books.Messages[0].Segments[0]
	if got, want := fmt.Sprintf("%q", segment.SM), fmt.Sprintf("%q", sent); got != want {
		t.Errorf("submit_sm\n got %s\nwant %s", got, want)
	}
	const want = "[946684800000000001 946684800000000002] [DELIVRD DELIVRD]"
	if got := fmt.Sprint(segment.IDs, segment.Stats); got != want {
		t.Errorf("ids and stats %s, want %s", got, want)
	}
}

func TestKeep(t *testing.T) {
	for _, tt := range []struct {
		keep int
		want string
	}{{0, "[1 2 3 4 5]"}, {2, "[4 5]"}, {5, "[1 2 3 4 5]"}, {-1, "[]"}} {
		t.Run(fmt.Sprint(tt.keep), func(t *testing.T) {
			var sent []pdu.SM
			for i := range 5 {
				sent = append(sent, text("919800000001", fmt.Sprint(i+1)))
			}
			books := take(t, Config{Keep: tt.keep}, append(sent, sent[0])[:5]...)
			texts := []string{}
			for _, m := range books.Messages {
				texts = append(texts, m.Text.Reveal())
			}
			if got := fmt.Sprint(texts); got != tt.want {
				t.Errorf("kept %s, want %s", got, tt.want)
			}
			if books.Accepted != 5 || books.Texts != 5 {
				t.Errorf("%d accepted, %d texts, want 5", books.Accepted, books.Texts)
			}
		})
	}
}

func TestKey(t *testing.T) {
	byNumber := Config{Key: func(m *pdu.SM) string { return m.Dest }}
	books := take(t, byNumber, text("919800000001", "a"), text("919800000001", "b"), text("919800000002", "a"))
	if books.Duplicates != 1 {
		t.Errorf("%d duplicates by number, want 1", books.Duplicates)
	}
}

func TestSegmentCounters(t *testing.T) {
	books := take(t, Config{}, text("919800000001", "whole"), udh("919800000001", "\x05\x00\x03\x07\x02\x01a"),
		udh("919800000001", "\x05\x00\x03\x07\x02\x02b"), sar("919800000002", "x", 1, 1, 1))
	if books.Accepted != 4 || books.Texts != 3 || books.Segments != 3 {
		t.Errorf("%d accepted, %d texts, %d segments; want 4, 3, 3", books.Accepted, books.Texts, books.Segments)
	}
}

// TestBooksAreMasked: who logs the books does not log numbers and texts.
func TestBooksAreMasked(t *testing.T) {
	m := take(t, Config{}, text("919812345678", "Code 483921")).Messages[0]
	if got := fmt.Sprint(m.To, " ", m.Text); got != "********5678 ***" {
		t.Errorf("prints as %s", got)
	}
	if m.To != sms.MSISDN("919812345678") || m.Text != "Code 483921" {
		t.Error("the books do not hold the number or the text")
	}
}
