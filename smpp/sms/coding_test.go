package sms

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestCodingSizes(t *testing.T) {
	a, u, c := strings.Repeat("a", 400), strings.Repeat("अ", 200), strings.Repeat("ç", 400)
	latin := []Encoding{GSM7, Latin1, UCS2}
	tests := []struct {
		name    string
		coding  Coding
		text    string
		want    Size
		lengths []int // octets of each segment's payload
	}{
		{"udh", Coding{}, a[:305], Size{GSM7, 0, 3, 3}, []int{152, 152, 1}},
		{"udh8", Coding{Long: UDH8}, a[:307], Size{GSM7, 0, 3, 3}, []int{153, 153, 1}},
		{"sar", Coding{Long: SAR}, a[:305], Size{GSM7, 0, 3, 3}, []int{152, 152, 1}},
		{"payload", Coding{Long: Payload}, a[:305], Size{GSM7, 0, 1, 3}, []int{305}},
		{"payload of one", Coding{Long: Payload}, a[:160], Size{GSM7, 0, 1, 1}, []int{160}},
		{"sar of one", Coding{Long: SAR}, a[:160], Size{GSM7, 0, 1, 1}, []int{160}},
		{"pair across the cut by udh8", Coding{Long: UDH8}, a[:152] + "€" + a[:20], Size{GSM7, 0, 2, 2}, []int{152, 22}},
		{"pair across the cut by sar", Coding{Long: SAR}, a[:151] + "€" + a[:20], Size{GSM7, 0, 2, 2}, []int{151, 22}},
		{"pair across the SMSC's cut", Coding{Long: Payload}, a[:151] + "€" + a[:152], Size{GSM7, 0, 1, 3}, []int{305}},
		{"UCS-2 by udh8", Coding{Long: UDH8}, u[:3*135], Size{UCS2, 0, 3, 3}, []int{134, 134, 2}},
		{"UCS-2 by sar", Coding{Long: SAR}, u[:3*133], Size{UCS2, 0, 3, 3}, []int{132, 132, 2}},
		{"UCS-2 by payload", Coding{Long: Payload}, u[:3*133], Size{UCS2, 0, 1, 3}, []int{266}},
		{"emoji across the cut by udh8", Coding{Long: UDH8}, u[:3*66] + "😀" + u[:3*10], Size{UCS2, 0, 2, 2}, []int{132, 24}},
		{"Latin-1 whole", Coding{Alphabets: latin}, c[:2*140], Size{Latin1, 0, 1, 1}, []int{140}},
		{"Latin-1 in two", Coding{Alphabets: latin}, c[:2*141], Size{Latin1, 0, 2, 2}, []int{133, 8}},
		{"Latin-1 in three", Coding{Alphabets: latin}, c[:2*267], Size{Latin1, 0, 3, 3}, []int{133, 133, 1}},
		{"Latin-1 by udh8", Coding{Alphabets: latin, Long: UDH8}, c[:2*269], Size{Latin1, 0, 3, 3}, []int{134, 134, 1}},
		{"Latin-1 by sar", Coding{Alphabets: latin, Long: SAR}, c[:2*141], Size{Latin1, 0, 2, 2}, []int{133, 8}},
		{"GSM-7 before Latin-1", Coding{Alphabets: latin}, "é", Size{GSM7, 0, 1, 1}, []int{1}},
		{"UCS-2 behind both", Coding{Alphabets: latin}, "ç₹", Size{UCS2, 0, 1, 1}, []int{4}},
		{"UCS-2 always", Coding{Alphabets: []Encoding{UCS2}}, "a", Size{UCS2, 0, 1, 1}, []int{2}},
		{"no text", Coding{Alphabets: []Encoding{Latin1}}, "", Size{Latin1, 0, 1, 1}, []int{0}},
		{"255 by payload", Coding{Long: Payload}, strings.Repeat("a", 255*152), Size{GSM7, 0, 1, 255}, []int{38760}},
	}
	for _, tt := range tests {
		m, err := tt.coding.Encode(tt.text, 0xABCD)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		lengths := make([]int, len(m.Segments))
		for i, s := range m.Segments {
			lengths[i] = len(s.Payload)
		}
		if got, err := tt.coding.Measure(tt.text); got != tt.want || err != nil || !slices.Equal(lengths, tt.lengths) {
			t.Errorf("%s: %+v, octets %d, %v; want %+v, octets %d", tt.name, got, lengths, err, tt.want, tt.lengths)
		}
	}
}

func TestCodingHeadersAndReferences(t *testing.T) {
	long := strings.Repeat("a", 200)
	tests := []struct {
		long    Long
		text    string
		ref     uint16
		headers []string
	}{
		{UDH16, long, 0xABCD, []string{"\x06\x08\x04\xab\xcd\x02\x01", "\x06\x08\x04\xab\xcd\x02\x02"}},
		{UDH8, long, 0x00CD, []string{"\x05\x00\x03\xcd\x02\x01", "\x05\x00\x03\xcd\x02\x02"}},
		{SAR, long, 0xABCD, []string{"", ""}},
		{Payload, long, 0, []string{""}},
		{UDH16, "short", 0, []string{""}},
		{UDH8, "short", 0, []string{""}},
	}
	for _, tt := range tests {
		c := Coding{Long: tt.long}
		m, err := c.Encode(tt.text, 0xABCD)
		headers := make([]string, len(m.Segments))
		for i, s := range m.Segments {
			headers[i] = string(s.UDH)
		}
		if err != nil || m.Ref != tt.ref || m.Long != tt.long || !slices.Equal(headers, tt.headers) {
			t.Errorf("%s: reference %04x, headers %q, %v; want %04x, %q", tt.long, m.Ref, headers, err, tt.ref, tt.headers)
		}
	}
	// A national text's header says its language, whoever joins the parts.
	c := Coding{Long: SAR, Languages: []Language{Tamil}}
	m, err := c.Encode(strings.Repeat("வ", 200), 1)
	if err != nil || len(m.Segments) != 2 || string(m.Segments[1].UDH) != "\x03\x25\x01\x0b" ||
		len(m.Segments[0].Payload) != 148 {
		t.Errorf("Tamil by SAR: %q, %v", m.Segments, err)
	}
}

func TestUnfit(t *testing.T) {
	gsm, latin := []Encoding{GSM7}, []Encoding{GSM7, Latin1}
	tests := []struct {
		name      string
		coding    Coding
		text      string
		character rune
		position  int
	}{
		{"rupee sign", Coding{Alphabets: gsm}, "€ 5 or ₹ 5", '₹', 8},
		{"first", Coding{Alphabets: gsm}, "अ", 'अ', 1},
		{"one that Latin-1 has", Coding{Alphabets: gsm}, "aç₹", 'ç', 2},
		{"one that neither has", Coding{Alphabets: latin}, "aç₹", '₹', 3},
		{"each has another", Coding{Alphabets: latin}, "çaΔ", 'Δ', 3},
		{"each has another, the other way", Coding{Alphabets: latin}, "Δaç", 'ç', 3},
		{"packed", Coding{Alphabets: gsm, Packed: true}, "packed ₹", '₹', 8},
		{"another language's", Coding{Alphabets: gsm, Languages: []Language{Hindi}}, "नமa", 'ம', 2},
		{"escape", Coding{Alphabets: gsm, Languages: []Language{Hindi}}, "a\x1b", '\x1b', 2},
		{"of no language that is allowed", Coding{Alphabets: gsm, Languages: []Language{Language(1)}}, "aन", 'न', 2},
		{"behind the longest", Coding{Alphabets: latin}, strings.Repeat("a", 255*152+1) + "₹", '₹', 255*152 + 2},
	}
	for _, tt := range tests {
		_, err := tt.coding.Encode(tt.text, 1)
		var unfit *UnfitError
		if !errors.As(err, &unfit) || unfit.Character != tt.character || unfit.Position != tt.position {
			t.Errorf("%s: %v, want %q at %d", tt.name, err, tt.character, tt.position)
		}
		if _, measured := tt.coding.Measure(tt.text); measured == nil || measured.Error() != err.Error() {
			t.Errorf("%s: Measure: %v, Encode: %v", tt.name, measured, err)
		}
	}
	c := Coding{Alphabets: latin, Languages: []Language{Urdu}}
	const want = "no alphabet of the SMSC (gsm7, latin1, urdu) holds character 8 (U+20B9) with those before it: " +
		"change it or allow ucs2"
	if _, err := c.Encode("483921: ₹5"[1:], 1); err.Error() != want {
		t.Error(err)
	}
	for _, text := range []string{"a\x80", "₹\xff"} {
		if _, err := c.Encode(text, 1); !errors.Is(err, ErrNotText) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, long := range []Long{UDH16, SAR, Payload} {
		c := Coding{Alphabets: []Encoding{Latin1}, Long: long}
		if _, err := c.Encode(strings.Repeat("a", 255*133+1), 1); !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: %v", long, err)
		}
	}
}

// checkCoding holds what Encode and Measure promise of a text in any coding, by what a receiver makes of the octets.
func checkCoding(t interface{ Fatalf(string, ...any) }, c *Coding, text string, ref uint16) {
	m, err := c.Encode(text, ref)
	size, measured := c.Measure(text)
	if err != nil {
		if measured == nil || measured.Error() != err.Error() {
			t.Fatalf("Encode: %v, Measure: %v", err, measured)
		}
		checkRefusal(t, c, text, err)
		return
	}
	if want := (Size{m.Encoding, m.Language, len(m.Segments), m.Parts}); measured != nil || size != want {
		t.Fatalf("Measure: %+v, %v; Encode: %+v", size, measured, want)
	}
	if c.Long == Payload && len(m.Segments) != 1 || c.Long != Payload && len(m.Segments) != m.Parts {
		t.Fatalf("%d segments of %d parts by %s", len(m.Segments), m.Parts, c.Long)
	}
	var together strings.Builder
	for i, s := range m.Segments {
		h := checkSegment(t, c, &m, i, ref)
		part, ok := Decode(m.Encoding.DataCoding(), c.Packed, h, s.Payload)
		if !ok {
			t.Fatalf("segment %d is not read", i+1)
		}
		together.WriteString(part)
	}
	if together.String() != text {
		t.Fatalf("%q came out as %q", text, together.String())
	}
}

// checkSegment holds the header and the size of segment i, and gives the header.
func checkSegment(t interface{ Fatalf(string, ...any) }, c *Coding, m *Message, i int, ref uint16) (h UDH) {
	s := m.Segments[i]
	if s.UDH != nil {
		var text []byte
		var err error
		if h, text, err = CutUDH(slices.Concat(s.UDH, s.Payload)); err != nil || string(text) != string(s.Payload) {
			t.Fatalf("segment %d: header % x: %v", i+1, s.UDH, err)
		}
	}
	if c.Long == UDH8 {
		ref &= 0xFF
	}
	joined := m.Parts > 1 && (c.Long == UDH16 || c.Long == UDH8)
	want := UDH{Length: h.Length, Locking: h.Locking, Single: h.Single}
	if joined {
		want.Concat, want.Ref, want.Total, want.Number = true, ref, byte(m.Parts), byte(i+1)
	}
	if h != want || max(h.Locking, h.Single) != m.Language || m.Language != 0 && !slices.Contains(c.Languages, m.Language) {
		t.Fatalf("segment %d: header % x is %+v, want %+v in %s", i+1, s.UDH, h, want, m.Language)
	}
	air := h.Length // octets of the header on the handset
	if m.Parts > 1 && !joined {
		air = max(1, air) + 6
	}
	bits := 8 * len(s.Payload)
	if m.Encoding == GSM7 && !c.Packed {
		bits = 7 * len(s.Payload)
	}
	if limit := 1120 - 8*air; c.Long != Payload || m.Parts == 1 {
		if bits > limit {
			t.Fatalf("segment %d of %d: %d bits, %d have room", i+1, m.Parts, bits, limit)
		}
	} else if bits > m.Parts*limit || bits+8 <= (m.Parts-1)*(limit-39) { // a cut leaves less than 39 bits over
		t.Fatalf("%d bits go as %d parts of %d", bits, m.Parts, limit)
	}
	return h
}

func checkRefusal(t interface{ Fatalf(string, ...any) }, c *Coding, text string, err error) {
	var unfit *UnfitError
	switch {
	case errors.Is(err, ErrNotText):
		if utf8.ValidString(text) {
			t.Fatalf("%q is text", text)
		}
	case errors.Is(err, ErrTooLong):
		if len(text) < 255*66 {
			t.Fatalf("%d octets of UTF-8 are too long", len(text))
		}
	case errors.As(err, &unfit):
		runes := []rune(text)
		if slices.Contains(c.alphabets(), UCS2) || runes[unfit.Position-1] != unfit.Character {
			t.Fatalf("%q: %v", text, err)
		}
		before, _ := c.Measure(string(runes[:unfit.Position-1]))
		if before.Parts == 0 && !c.Packed { // a shorter one may end in a carriage return of its own
			t.Fatalf("%q: %v, but what is before it doesn't fit either", text, err)
		}
	default:
		t.Fatalf("%q: %v", text, err)
	}
}

// drawnCoding makes a coding of any seed.
func drawnCoding(seed uint64) *Coding {
	r := rand.New(rand.NewPCG(seed, 0))
	c := &Coding{Packed: r.IntN(2) == 0, Long: Long(r.IntN(4))}
	for _, i := range r.Perm(3)[:r.IntN(4)] {
		c.Alphabets = append(c.Alphabets, Encoding(i))
	}
	for _, i := range r.Perm(10)[:r.IntN(4)*r.IntN(2)] {
		c.Languages = append(c.Languages, Bengali+Language(i))
	}
	return c
}

// drawnRunes gives the characters of one table, or of all.
func drawnRunes(c *Coding) *rapid.Generator[rune] {
	gsm := rapid.SampledFrom([]rune(strings.ReplaceAll(gsmAlphabet, "\x1b", "^{}\\[~]|€\f\r\r\r")))
	kinds := []*rapid.Generator[rune]{gsm, gsm, rapid.RuneFrom([]rune("ça\r")), rapid.OneOf(gsm, rapid.Rune())}
	for _, l := range c.Languages {
		of := &national()[l]
		table := slices.DeleteFunc(slices.Concat(of.locking[:], of.single[:]), func(r rune) bool { return r == 0 })
		kinds = append(kinds, rapid.SampledFrom(table), rapid.SampledFrom(of.locking[0x2F:0x33]))
	}
	return rapid.OneOf(kinds...)
}

// drawText draws a text whose length is often about where another short message begins.
func drawText(t *rapid.T, runes *rapid.Generator[rune]) string {
	borders := []int{0, 8, 66, 70, 133, 140, 148, 152, 160, 2 * 67, 2 * 133, 2 * 148, 2 * 152, 700}
	about := rapid.SampledFrom(borders).Draw(t, "about")
	n := max(0, about+rapid.IntRange(-4, 4).Draw(t, "more"))
	return strings.ToValidUTF8(rapid.StringOfN(runes, n, n, -1).Draw(t, "text"), "")
}

func TestCodingKeepsEveryText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawnCoding(rapid.Uint64().Draw(t, "coding"))
		runes := drawnRunes(c)
		if rapid.Bool().Draw(t, "narrow") {
			runes = rapid.SampledFrom(rapid.SliceOfN(runes, 1, 3).Draw(t, "alphabet"))
		}
		text := drawText(t, runes)
		checkCoding(t, c, text, rapid.Uint16().Draw(t, "ref"))
	})
}

// TestLanguagesNeverCost holds that a text with languages allowed is never dearer, and is the same where it costs the
// same; and that SAR and Payload count as 16-bit headers do.
func TestLanguagesNeverCost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawnCoding(rapid.Uint64().Draw(t, "coding"))
		text := drawText(t, drawnRunes(c))
		with, err := c.Measure(text)
		without := *c
		without.Languages = nil
		if size, plainly := without.Measure(text); plainly == nil && (err != nil || with.Parts > size.Parts ||
			with.Parts == size.Parts && with != size) {
			t.Fatalf("%+v, %v; without languages %+v", with, err, size)
		}
		udh, other := *c, *c
		udh.Long, other.Long = UDH16, rapid.SampledFrom([]Long{SAR, Payload}).Draw(t, "long")
		udh.Packed, other.Packed = false, false
		a, errA := udh.Measure(text)
		if b, errB := other.Measure(text); a.Parts != b.Parts || a.Encoding != b.Encoding || (errA == nil) != (errB == nil) {
			t.Fatalf("%+v, %v by headers, %+v, %v by %s", a, errA, b, errB, other.Long)
		}
	})
}

func FuzzCoding(f *testing.F) {
	for i, text := range []string{"", "a", "€", "अ", "😀", "\x80", strings.Repeat("a", 151) + "€€", strings.Repeat("ç", 141),
		strings.Repeat("अ", 65) + "😀😀", strings.Repeat("^", 200), "1234567\r", strings.Repeat("न", 156),
		"A" + strings.Repeat("वு", 80)} {
		f.Add(text, uint64(i), uint16(0xABCD))
		f.Add(text, uint64(i+100), uint16(1))
	}
	f.Fuzz(func(t *testing.T, text string, coding uint64, ref uint16) {
		checkCoding(t, drawnCoding(coding), text, ref)
	})
}

func BenchmarkNational(b *testing.B) {
	c := Coding{Languages: []Language{Hindi}}
	text := strings.Repeat("अनमोल", 30)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Encode(text, 7); err != nil {
			b.Fatal(err)
		}
	}
}
