package sms

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// zero is the coding that any SMSC takes.
var zero Coding

func TestEncodingAndSegments(t *testing.T) {
	tests := []struct {
		name     string
		text     string
		encoding Encoding
		lengths  []int // octets of each segment's payload
	}{
		{"empty", "", GSM7, []int{0}},
		{"one letter", "a", GSM7, []int{1}},
		{"160 septets", strings.Repeat("a", 160), GSM7, []int{160}},
		{"161 septets", strings.Repeat("a", 161), GSM7, []int{152, 9}},
		{"304 septets", strings.Repeat("a", 304), GSM7, []int{152, 152}},
		{"305 septets", strings.Repeat("a", 305), GSM7, []int{152, 152, 1}},
		{"80 pairs", strings.Repeat("€", 80), GSM7, []int{160}},
		{"159 letters and a pair", strings.Repeat("a", 159) + "€", GSM7, []int{152, 9}},
		{"pair across the cut", strings.Repeat("a", 151) + "€" + strings.Repeat("b", 20), GSM7, []int{151, 22}},
		{"pair before the cut", strings.Repeat("a", 150) + "€" + strings.Repeat("b", 20), GSM7, []int{152, 20}},
		{"all two-septet characters", "^{}\\[~]|€\f", GSM7, []int{20}},
		{"Greek capitals", "ΔΦΓΛΩΠΨΣΘΞ", GSM7, []int{10}},
		{"Greek capital outside the alphabet", "Α", UCS2, []int{2}},
		{"rupee sign", "₹", UCS2, []int{2}},
		{"curly quote", "it’s", UCS2, []int{8}},
		{"small c cedilla", "ç", UCS2, []int{2}},
		{"capital c cedilla", "Ç", GSM7, []int{1}},
		{"backtick", "`", UCS2, []int{2}},
		{"tab", "\t", UCS2, []int{2}},
		{"escape character", "\x1b", UCS2, []int{2}},
		{"NUL", "\x00", UCS2, []int{2}},
		{"replacement character", "\uFFFD", UCS2, []int{2}},
		{"70 units", strings.Repeat("अ", 70), UCS2, []int{140}},
		{"71 units", strings.Repeat("अ", 71), UCS2, []int{132, 10}},
		{"132 units", strings.Repeat("அ", 132), UCS2, []int{132, 132}},
		{"133 units", strings.Repeat("அ", 133), UCS2, []int{132, 132, 2}},
		{"35 emoji", strings.Repeat("😀", 35), UCS2, []int{140}},
		{"36 emoji", strings.Repeat("😀", 36), UCS2, []int{132, 12}},
		{"emoji across the cut", strings.Repeat("अ", 65) + "😀" + strings.Repeat("अ", 10), UCS2, []int{130, 24}},
		{"255 segments", strings.Repeat("a", 255*152), GSM7, repeat(152, 255)},
		{"255 segments of UCS-2", strings.Repeat("अ", 255*66), UCS2, repeat(132, 255)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := zero.Encode(tt.text, 0xABCD)
			if err != nil {
				t.Fatal(err)
			}
			if m.Encoding != tt.encoding {
				t.Errorf("encoding %s, want %s", m.Encoding, tt.encoding)
			}
			if len(m.Segments) != len(tt.lengths) {
				t.Fatalf("%d segments, want %d", len(m.Segments), len(tt.lengths))
			}
			for i, s := range m.Segments {
				if len(s.Payload) != tt.lengths[i] {
					t.Errorf("segment %d has %d octets, want %d", i+1, len(s.Payload), tt.lengths[i])
				}
			}
			size, err := zero.Measure(tt.text)
			if want := (Size{tt.encoding, 0, len(tt.lengths), len(tt.lengths)}); size != want || err != nil {
				t.Errorf("Measure: %+v, %v, want %+v", size, err, want)
			}
		})
	}
}

func repeat(n, times int) []int {
	all := make([]int, times)
	for i := range all {
		all[i] = n
	}
	return all
}

func TestEncodeGoldenOctets(t *testing.T) {
	tests := []struct{ text, payload string }{
		{"@£$¥èéùìòÇ\nØø\rÅå", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"},
		{"Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ", "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1c\x1d\x1e\x1f"},
		{"!\"#¤%&'()*+,-./", "\x21\x22\x23\x24\x25\x26\x27\x28\x29\x2a\x2b\x2c\x2d\x2e\x2f"},
		{"¡AZÄÖÑÜ§¿azäöñüà", "\x40\x41\x5a\x5b\x5c\x5d\x5e\x5f\x60\x61\x7a\x7b\x7c\x7d\x7e\x7f"},
		{"\f^{}\\[~]|€", "\x1b\x0a\x1b\x14\x1b\x28\x1b\x29\x1b\x2f\x1b\x3c\x1b\x3d\x1b\x3e\x1b\x40\x1b\x65"},
		{"₹5", "\x20\xb9\x00\x35"},
		{"नम", "\x09\x28\x09\x2e"},
		{"😀", "\xd8\x3d\xde\x00"},
	}
	for _, tt := range tests {
		m, err := zero.Encode(tt.text, 1)
		if err != nil {
			t.Fatalf("%q: %v", tt.text, err)
		}
		if got := string(m.Segments[0].Payload); got != tt.payload {
			t.Errorf("%q: % x, want % x", tt.text, got, tt.payload)
		}
		if m.Segments[0].UDH != nil {
			t.Errorf("%q: one segment has the header % x", tt.text, m.Segments[0].UDH)
		}
	}
}

func TestEncodeHeaders(t *testing.T) {
	m, err := zero.Encode(strings.Repeat("a", 400), 0xABCD)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"\x06\x08\x04\xab\xcd\x03\x01", "\x06\x08\x04\xab\xcd\x03\x02", "\x06\x08\x04\xab\xcd\x03\x03"}
	if len(m.Segments) != len(want) {
		t.Fatalf("%d segments", len(m.Segments))
	}
	for i, s := range m.Segments {
		if string(s.UDH) != want[i] {
			t.Errorf("segment %d: header % x, want % x", i+1, s.UDH, want[i])
		}
	}
}

func TestEncodeErrors(t *testing.T) {
	tests := []struct {
		name, text string
		want       error
	}{
		{"256 segments", strings.Repeat("a", 255*152+1), ErrTooLong},
		{"256 segments of UCS-2", strings.Repeat("अ", 255*66+1), ErrTooLong},
		{"lone continuation", "abc\x80", ErrNotText},
		{"cut rune", "\xe0\xa4", ErrNotText},
		{"surrogate in UTF-8", "\xed\xa0\x80", ErrNotText},
		{"not text behind a long one", strings.Repeat("अ", 300) + "\xff", ErrNotText},
	}
	for _, tt := range tests {
		m, err := zero.Encode(tt.text, 1)
		if !errors.Is(err, tt.want) || m.Segments != nil {
			t.Errorf("%s: Encode: %v, %d segments", tt.name, err, len(m.Segments))
		}
		if size, err := zero.Measure(tt.text); !errors.Is(err, tt.want) || size != (Size{}) {
			t.Errorf("%s: Measure: %+v, %v", tt.name, size, err)
		}
	}
}

func TestDecodeGSM7Oddities(t *testing.T) {
	tests := []struct{ octets, want string }{
		{"", ""},
		{"\x1b", " "},
		{"\x1b\x1b\x65", " €"},
		{"\x1ba", "a"},
		{"a\x1b\x80", "a\uFFFD"},
		{"\xff", "\uFFFD"},
	}
	for _, tt := range tests {
		if got := plain.decode([]byte(tt.octets)); got != tt.want {
			t.Errorf("% x: %q, want %q", tt.octets, got, tt.want)
		}
	}
}

func TestDecodeUCS2Oddities(t *testing.T) {
	tests := []struct{ octets, want string }{
		{"", ""},
		{"\x00", "\uFFFD"},
		{"\x00a\x00", "a\uFFFD"},
		{"\xd8\x3d", "\uFFFD"},
		{"\xd8\x3d\x00a", "\uFFFDa"},
		{"\xde\x00\xd8\x3d", "\uFFFD\uFFFD"},
		{"\xd8\x3d\xd8\x3d\xde\x00", "\uFFFD😀"},
	}
	for _, tt := range tests {
		if got := DecodeUCS2([]byte(tt.octets)); got != tt.want {
			t.Errorf("% x: %q, want %q", tt.octets, got, tt.want)
		}
	}
}

// checkMessage holds a message against everything that Encode promises about text.
func checkMessage(t interface{ Fatalf(string, ...any) }, text string, ref uint16, m Message) {
	decode, whole, part := plain.decode, 160, 152
	if m.Encoding == UCS2 {
		decode, whole, part = DecodeUCS2, 140, 132
	}
	var together strings.Builder
	for i, s := range m.Segments {
		if len(m.Segments) == 1 {
			if s.UDH != nil || len(s.Payload) > whole {
				t.Fatalf("the one segment: header % x, %d octets", s.UDH, len(s.Payload))
			}
		} else {
			want := []byte{6, 8, 4, byte(ref >> 8), byte(ref), byte(len(m.Segments)), byte(i + 1)}
			if string(s.UDH) != string(want) || len(s.Payload) == 0 || len(s.Payload) > part {
				t.Fatalf("segment %d: header % x, want % x, %d octets", i+1, s.UDH, want, len(s.Payload))
			}
		}
		together.WriteString(decode(s.Payload)) // decoded one by one: a split pair would not come out whole
	}
	if together.String() != text {
		t.Fatalf("%q came out as %q", text, together.String())
	}
	inAlphabet := !strings.ContainsFunc(text, func(r rune) bool { return gsmCode(r) == gsmNone })
	if inAlphabet != (m.Encoding == GSM7) {
		t.Fatalf("%q is %s", text, m.Encoding)
	}
}

func TestEncodeKeepsEveryText(t *testing.T) {
	gsm := rapid.SampledFrom([]rune(strings.ReplaceAll(gsmAlphabet, "\x1b", "^{}\\[~]|€\f")))
	mixed := rapid.OneOf(gsm, gsm, gsm, rapid.SampledFrom([]rune("₹अஅ😀🪔’–\u0000\uFFFD\U0010FFFF")), rapid.Rune())
	rapid.Check(t, func(t *rapid.T) {
		runes := rapid.SampledFrom([]*rapid.Generator[rune]{gsm, mixed}).Draw(t, "runes")
		text := strings.ToValidUTF8(rapid.StringOfN(runes, 0, 700, -1).Draw(t, "text"), "")
		ref := rapid.Uint16().Draw(t, "ref")
		m, err := zero.Encode(text, ref)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		checkMessage(t, text, ref, m)
		size, err := zero.Measure(text)
		if want := (Size{m.Encoding, 0, len(m.Segments), m.Parts}); size != want || err != nil {
			t.Fatalf("Measure: %+v, %v; Encode: %+v", size, err, want)
		}
	})
}

func FuzzEncode(f *testing.F) {
	for _, seed := range []string{"", "a", "€", "अ", "😀", "\x80", strings.Repeat("a", 151) + "€€",
		strings.Repeat("अ", 65) + "😀😀", strings.Repeat("^", 200), "\xed\xa0\x80"} {
		f.Add(seed, uint16(0xFFFF))
	}
	f.Fuzz(func(t *testing.T, text string, ref uint16) {
		m, err := zero.Encode(text, ref)
		if !utf8.ValidString(text) {
			if !errors.Is(err, ErrNotText) {
				t.Fatalf("%q is not text, but: %v", text, err)
			}
			return
		}
		if errors.Is(err, ErrTooLong) {
			if n := len(utf16.Encode([]rune(text))); n <= 255*65 {
				t.Fatalf("%d units are said to be too long", n)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		checkMessage(t, text, ref, m)
	})
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"", "\x1b", "\x1b\x1b", "\xd8\x00", "\xdc\x00\xd8\x00\x00", "abc"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, text := range []string{plain.decode(b), DecodeUCS2(b)} {
			if !utf8.ValidString(text) {
				t.Fatalf("% x came out as %q", b, text)
			}
		}
	})
}

// made-up text of 100 characters
const sample = "483921 is your ACME Bank code for login. It is valid for 10 minutes. Do not share it with anyone. OK"

func BenchmarkEncode(b *testing.B) {
	for _, bb := range []struct{ name, text string }{
		{"100 ASCII", sample}, {"400 ASCII", strings.Repeat(sample, 4)}, {"100 Devanagari", strings.Repeat("अनमोल", 20)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := zero.Encode(bb.text, 7); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMeasure(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := zero.Measure(sample); err != nil {
			b.Fatal(err)
		}
	}
}
