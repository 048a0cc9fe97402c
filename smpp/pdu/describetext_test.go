package pdu

import (
	"strings"
	"testing"
)

func TestDescribeText(t *testing.T) {
	tests := []struct {
		name   string
		m      SM
		reveal bool
		want   string // the text's line, its runs of spaces as one
	}{
		{"locking shift", SM{ESMClass: 0x40, ShortMessage: []byte("\x03\x25\x01\x06\x2f\x42")}, true,
			`short_message 6 octets, locking shift table hindi, 2 characters "नम"`},
		{"segment with both tables", SM{ESMClass: 0x40, ShortMessage: []byte("\x0c\x08\x04\xab\xcd\x02\x01\x25\x01\x06\x24\x01\x06\x2f\x1b\x1d")}, true,
			`short_message 16 octets, segment 1 of 2, reference 0xabcd, locking shift table hindi, single shift table hindi, 2 characters "न१"`},
		{"hidden", SM{ESMClass: 0x40, ShortMessage: []byte("\x03\x24\x01\x0b\x1b\x1d")}, false,
			"short_message 6 octets, single shift table tamil, 1 characters, hidden"},
		{"Turkish, which has no tables here", SM{ESMClass: 0x40, ShortMessage: []byte("\x03\x25\x01\x01ab")}, true,
			"short_message 6 octets, locking shift table language(1), 2 octets 6162"},
		{"message_payload", SM{ESMClass: 0x40, TLVs: []TLV{{TagMessagePayload, []byte("\x03\x25\x01\x0b\x49")}}}, true,
			`TLV message_payload 5 octets, locking shift table tamil, 1 characters "வ"`},
		{"broken element", SM{ESMClass: 0x40, ShortMessage: []byte("\x03\x00\x05\x01483921")}, false,
			"short_message 10 octets, element 0x00 is longer than the user data header"},
		{"Latin-1 is not Windows-1252", SM{DataCoding: 3, ShortMessage: []byte("\xe9\x80")}, true,
			`short_message 2 octets, 2 characters "é\u0080"`},
	}
	for _, tt := range tests {
		b, err := AppendSM(nil, DeliverSM, 1, &tt.m)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		got := Describe(b, tt.reveal)
		for line := range strings.Lines(got) {
			found = found || strings.Join(strings.Fields(line), " ") == tt.want
		}
		if !found {
			t.Errorf("%s: no line %q in\n%s", tt.name, tt.want, got)
		}
	}
}
