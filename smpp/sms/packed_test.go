package sms

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPack holds the packing against octets of 3GPP TS 23.038 §6.1.2 and of 23.040 §9.2.3.24, worked out by hand.
func TestPack(t *testing.T) {
	tests := []struct {
		name    string
		septets string
		fill    int
		packed  string
	}{
		{"nothing", "", 0, ""},
		{"one", "A", 0, "\x41"},
		{"two", "hi", 0, "\xe8\x34"},
		{"ten", "hellohello", 0, "\xe8\x32\x9b\xfd\x46\x97\xd9\xec\x37"},
		{"seven: a carriage return fills", "abcdefg", 0, "\x61\xf1\x98\x5c\x36\x9f\x1b"},
		{"eight: nothing to fill", "abcdefgh", 0, "\x61\xf1\x98\x5c\x36\x9f\xd1"},
		{"fifteen", "AAAAAAAAAAAAAAA", 0, "\xc1\x60\x30\x18\x0c\x06\x83\xc1\x60\x30\x18\x0c\x06\x1b"},
		{"@ at the end", "abcdef\x00", 0, "\x61\xf1\x98\x5c\x36\x03\x1a"},
		{"behind one bit", "A", 1, "\x82"},
		{"behind one bit, two", "hi", 1, "\xd0\x69"},
		{"behind two bits, seven to fill", "A", 2, "\x04\x1b"},
		{"behind two bits, two", "hi", 2, "\xa0\xd3"},
		{"behind six bits", "AAA", 6, "\x40\x30\x18\x04"},
	}
	for _, tt := range tests {
		packed := pack([]byte(tt.septets), tt.fill)
		if string(packed) != tt.packed {
			t.Errorf("%s: % x, want % x", tt.name, packed, tt.packed)
		}
		if septets := unpack(packed, tt.fill); string(septets) != tt.septets {
			t.Errorf("%s: back as %q", tt.name, septets)
		}
	}
}

func TestFillBits(t *testing.T) {
	for header, want := range map[int]int{0: 0, 4: 3, 6: 1, 7: 0, 9: 5, 10: 4, 12: 2, 13: 1} {
		if got := fillBits(header); got != want || (8*header+got)%7 != 0 {
			t.Errorf("header of %d octets: %d bits, want %d", header, got, want)
		}
	}
}

func TestPackedGoldenSegments(t *testing.T) {
	a := strings.Repeat("a", 152)
	tests := []struct {
		name    string
		long    Long
		text    string
		headers []string
		lengths []int // octets of each segment's payload
	}{
		{"160 septets", UDH16, a + "aaaaaaaa", []string{""}, []int{140}},
		{"161 septets", UDH16, a + "bbbbbbbbb",
			[]string{"\x06\x08\x04\xab\xcd\x02\x01", "\x06\x08\x04\xab\xcd\x02\x02"}, []int{133, 8}},
		{"8-bit reference", UDH8, a + "abbbbbbbb",
			[]string{"\x05\x00\x03\xcd\x02\x01", "\x05\x00\x03\xcd\x02\x02"}, []int{134, 8}},
		{"SAR", SAR, a + "bbbbbbbbb", []string{"", ""}, []int{133, 8}},
		{"payload", Payload, a + "bbbbbbbbb", []string{""}, []int{141}},
	}
	for _, tt := range tests {
		c := Coding{Packed: true, Long: tt.long}
		m, err := c.Encode(tt.text, 0xABCD)
		if err != nil || len(m.Segments) != len(tt.lengths) {
			t.Errorf("%s: %d segments, %v", tt.name, len(m.Segments), err)
			continue
		}
		for i, s := range m.Segments {
			if string(s.UDH) != tt.headers[i] || len(s.Payload) != tt.lengths[i] {
				t.Errorf("%s: segment %d: header % x, %d octets", tt.name, i+1, s.UDH, len(s.Payload))
			}
		}
	}
	c := Coding{Packed: true, Long: UDH8}
	m, _ := c.Encode(strings.Repeat("A", 2*153+1), 7) // the third part is one A behind one fill bit
	if got := m.Segments[2].Payload; string(got) != "\x82" {
		t.Errorf("the third part is % x, want 82", got)
	}
}

// TestPackedReturns holds that no carriage return that was meant is packed where it would read as filling.
func TestPackedReturns(t *testing.T) {
	only := Coding{Alphabets: []Encoding{GSM7}, Packed: true}
	either := Coding{Packed: true}
	for _, text := range []string{"1234567\r", strings.Repeat("a", 159) + "\r", strings.Repeat("a", 152) + "1234567\r"} {
		var unfit *UnfitError
		if _, err := only.Encode(text, 1); !errors.As(err, &unfit) || unfit.Character != '\r' || unfit.Position != len(text) {
			t.Errorf("%q: %v", text, err)
		}
		if m, err := either.Encode(text, 1); err != nil || m.Encoding != UCS2 {
			t.Errorf("%q: %s, %v", text, m.Encoding, err)
		}
	}
	for text, want := range map[string]string{
		"123456\r":     "\x31\xd9\x8c\x56\xb3\x35\x1a", // the return and its filling
		"12345678\r":   "\x31\xd9\x8c\x56\xb3\xdd\x70\x0d",
		"1234567\r\r":  "\x31\xd9\x8c\x56\xb3\xdd\x1a\x0d",
		"1234567\r\ra": "\x31\xd9\x8c\x56\xb3\xdd\x1a\x8d\x30",
	} {
		if m, err := only.Encode(text, 1); err != nil || string(m.Segments[0].Payload) != want {
			t.Errorf("%q: % x, %v", text, m.Segments, err)
		}
	}
	m, err := only.Encode(strings.Repeat("a", 151)+"\r"+strings.Repeat("b", 20), 1)
	if err != nil || len(m.Segments) != 2 {
		t.Fatal(m, err)
	}
	first := unpack(m.Segments[0].Payload, 0)
	second := unpack(m.Segments[1].Payload, 0)
	if len(first) != 151 || second[0] != '\r' {
		t.Errorf("the return is not moved to the second part: %q, %q", first, second)
	}
}

// TestPackedReturnByPayload has texts whose last part ends like filling, but not the whole, which is what is packed by
// message_payload, and the other way round: a pair of septets has moved the cut.
func TestPackedReturnByPayload(t *testing.T) {
	head := strings.Repeat("a", 151) + "€"
	for _, tt := range []struct {
		text         string
		udh, payload bool
	}{
		{head + strings.Repeat("b", 13) + "\r", false, true},
		{head + strings.Repeat("b", 14) + "\r", true, false},
		{head + strings.Repeat("b", 15) + "\r", true, true},
	} {
		for long, want := range map[Long]bool{UDH16: tt.udh, Payload: tt.payload} {
			c := Coding{Alphabets: []Encoding{GSM7}, Packed: true, Long: long}
			if _, err := c.Encode(tt.text, 1); (err == nil) != want {
				t.Errorf("%d characters by %s: %v", len([]rune(tt.text)), long, err)
			}
		}
	}
}

func TestPackIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		septets := rapid.SliceOfN(rapid.ByteRange(0, 0x7F), 0, 40).Draw(t, "septets")
		fill := rapid.IntRange(0, 6).Draw(t, "fill")
		if likeFilling(septets, fill) {
			return
		}
		packed := pack(septets, fill)
		if len(packed) != (fill+7*len(septets)+7)/8 && len(septets) > 0 {
			t.Fatalf("%d septets are %d octets", len(septets), len(packed))
		}
		if got := unpack(packed, fill); !bytes.Equal(got, septets) {
			t.Fatalf("% x behind %d bits came back as % x", septets, fill, got)
		}
	})
}
