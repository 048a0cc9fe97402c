package sms

import (
	"slices"
	"testing"
)

func TestCutUDH(t *testing.T) {
	tests := []struct {
		name, octets string
		want         UDH
		text         string
	}{
		{"no elements", "\x00text", UDH{Length: 1}, "text"},
		{"8-bit reference", "\x05\x00\x03\xab\x03\x02text", UDH{Length: 6, Concat: true, Ref: 0xAB, Total: 3, Number: 2}, "text"},
		{"16-bit reference", "\x06\x08\x04\xab\xcd\x03\x02", UDH{Length: 7, Concat: true, Ref: 0xABCD, Total: 3, Number: 2}, ""},
		{"single shift", "\x03\x24\x01\x06text", UDH{Length: 4, Single: Hindi}, "text"},
		{"locking shift", "\x03\x25\x01\x0btext", UDH{Length: 4, Locking: Tamil}, "text"},
		{"language without tables", "\x03\x25\x01\x01text", UDH{Length: 4, Locking: 1}, "text"},
		{"all", "\x0b\x24\x01\x06\x00\x03\x01\x02\x01\x25\x01\x07", UDH{12, true, 1, 2, 1, Kannada, Hindi}, ""},
		{"unknown elements are passed over", "\x0b\x05\x04\x0b\x84\x00\x00\x70\x00\x24\x01\x06text", UDH{Length: 12, Single: Hindi}, "text"},
		{"the latter counts", "\x0a\x00\x03\x01\x02\x01\x00\x03\x02\x02\x02", UDH{Length: 11, Concat: true, Ref: 2, Total: 2, Number: 2}, ""},
		{"number above the total", "\x05\x00\x03\x01\x02\x03", UDH{Length: 6, Concat: true, Ref: 1, Total: 2, Number: 3}, ""},
	}
	for _, tt := range tests {
		h, text, err := CutUDH([]byte(tt.octets))
		if h != tt.want || string(text) != tt.text || err != nil {
			t.Errorf("%s: %+v, %q, %v; want %+v, %q", tt.name, h, text, err, tt.want, tt.text)
		}
	}
}

func TestCutUDHErrors(t *testing.T) {
	const past, element = "the user data header is longer than the message", "element 0x00 is longer than the user data header"
	tests := []struct{ name, octets, want string }{
		{"no octets", "", past},
		{"length and no header", "\x06", past},
		{"length past the end", "\x06\x08\x04\xab\xcd\x02", past},
		{"length of 255", "\xfftext", past},
		{"half an element", "\x01\x00text", element},
		{"element past the header's end", "\x03\x00\x05\x01text", element},
		{"element past the message's end", "\x02\x00\xff", element},
		{"second element past the end", "\x08\x24\x01\x06\x00\x09\x01\x02\x01text", element},
		{"8-bit reference of four octets", "\x06\x00\x04\x01\x02\x03\x04", "element 0x00 of the user data header has 4 octets"},
		{"16-bit reference of three octets", "\x05\x08\x03\x01\x02\x03", "element 0x08 of the user data header has 3 octets"},
		{"no language", "\x02\x24\x00", "element 0x24 of the user data header has 0 octets"},
		{"two languages", "\x04\x25\x02\x06\x07", "element 0x25 of the user data header has 2 octets"},
	}
	for _, tt := range tests {
		h, text, err := CutUDH([]byte(tt.octets))
		if err == nil || err.Error() != tt.want || h != (UDH{}) || text != nil {
			t.Errorf("%s: %+v, %q, %v; want %s", tt.name, h, text, err, tt.want)
		}
	}
}

func TestDecode(t *testing.T) {
	tests := []struct {
		name       string
		dataCoding byte
		packed     bool
		header     UDH
		octets     string
		text       string
		ok         bool
	}{
		{"GSM-7", 0, false, UDH{}, "\x00\x1b\x65", "@€", true},
		{"packed", 0, true, UDH{}, "\xe8\x32\x9b\xfd\x46\x97\xd9\xec\x37", "hellohello", true},
		{"packed behind a header", 0, true, UDH{Length: 6}, "\x82", "A", true},
		{"packed, filled", 0, true, UDH{}, "\x61\xf1\x98\x5c\x36\x9f\x1b", "abcdefg", true},
		{"packed, filled with zeros", 0, true, UDH{}, "\x61\xf1\x98\x5c\x36\x9f\x01", "abcdefg@", true},
		{"IA5", 1, false, UDH{}, "abc", "abc", true},
		{"Latin-1", 3, true, UDH{Length: 6}, "caf\xe9\x80", "café\u0080", true},
		{"UCS-2", 8, true, UDH{Length: 7}, "\x09\x28\xd8\x3d\xde\x00", "न😀", true},
		{"locking", 0, false, UDH{Locking: Hindi}, "\x2f\x42\x1b\x65", "नम€", true},
		{"single", 0, false, UDH{Single: Hindi}, "a\x1b\x1d\x1b\x65\x1b\x0d\x1b\x62", "a१€\rb", true},
		{"tables of two languages", 0, false, UDH{Locking: Tamil, Single: Hindi}, "\x49\x1b\x1d", "வ१", true},
		{"septet without a character", 0, false, UDH{Locking: Bengali}, "\x0c\x15", "\uFFFDক", true},
		{"language without tables", 0, false, UDH{Locking: 1}, "abc", "", false},
		{"single shift of a language without tables", 0, false, UDH{Single: 14}, "abc", "", false},
		{"binary", 4, false, UDH{}, "abc", "", false},
	}
	for _, tt := range tests {
		text, ok := Decode(tt.dataCoding, tt.packed, tt.header, []byte(tt.octets))
		if text != tt.text || ok != tt.ok {
			t.Errorf("%s: %q, %v; want %q, %v", tt.name, text, ok, tt.text, tt.ok)
		}
	}
}

// FuzzCutUDH holds that a header is read whole or refused, and that it can be written again as it was read.
func FuzzCutUDH(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		before := slices.Clone(b)
		h, text, err := CutUDH(b)
		if !slices.Equal(b, before) {
			t.Fatal("the octets are changed")
		}
		if err != nil {
			if h != (UDH{}) || text != nil {
				t.Fatalf("%+v, %q beside %v", h, text, err)
			}
			return
		}
		if h.Length != 1+int(b[0]) || string(text) != string(b[h.Length:]) {
			t.Fatalf("%d octets of header and %d of text of %d", h.Length, len(text), len(b))
		}
		long := UDH8
		if h.Ref > 0xFF {
			long = UDH16
		}
		if h.Concat && h.Total > 1 {
			again := appendUDH(nil, &tables{locking: h.Locking, single: h.Single}, long, h.Ref, int(h.Total), int(h.Number))
			if back, _, err := CutUDH(again); err != nil || back.Ref != h.Ref || back.Total != h.Total ||
				back.Number != h.Number || back.Locking != h.Locking || back.Single != h.Single {
				t.Fatalf("%+v came back as %+v, %v", h, back, err)
			}
		}
		for _, dataCoding := range []byte{0, 1, 3, 4, 8} {
			for _, packed := range []bool{false, true} {
				Decode(dataCoding, packed, h, text)
			}
		}
	})
}
