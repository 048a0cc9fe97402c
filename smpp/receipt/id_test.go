package receipt

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"harkara/smpp/sms"
)

func TestCanonical(t *testing.T) {
	tests := []struct {
		raw  string
		form Form
		want sms.MessageID
	}{
		{"", Text, ""}, {"  ", Hex, ""}, {" aB-1 ", Text, "aB-1"}, {"007", Text, "007"},
		{"007", Dec, "7"}, {"0", Dec, "0"}, {"000", Dec, "0"}, {" 42 ", Dec, "42"}, {"4a", Dec, "4a"}, {"-5", Dec, "-5"},
		{"+5", Dec, "+5"}, {"1_0", Dec, "1_0"}, {"007x", Dec, "007x"},
		{"ff", Hex, "255"}, {"FF", Hex, "255"}, {"0xFf", Hex, "255"}, {"0Xff", Hex, "255"}, {"00ff", Hex, "255"}, {"0", Hex, "0"},
		{"0x", Hex, "0x"}, {"0x0", Hex, "0"}, {"10", Hex, "16"}, {"fg", Hex, "fg"}, {"-ff", Hex, "-ff"}, {"0x0xff", Hex, "0x0xff"},
		{"ffffffffffffffff", Hex, "18446744073709551615"}, {"10000000000000000", Hex, "18446744073709551616"},
		{"0b5a2c1e-7f3d-4c8b-9a6e-1d2f3a4b5c6d", Hex, "0b5a2c1e-7f3d-4c8b-9a6e-1d2f3a4b5c6d"},
		{strings.Repeat("9", 65), Dec, sms.MessageID(strings.Repeat("9", 65))},
		{"0" + strings.Repeat("9", 65), Dec, sms.MessageID("0" + strings.Repeat("9", 65))}, // too long to be a number
	}
	for _, tt := range tests {
		if got := Canonical(tt.raw, tt.form); got != tt.want {
			t.Errorf("%q as %s is %q, want %q", tt.raw, tt.form, got, tt.want)
		}
	}
}

func TestHexEqualsDecimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 26).Draw(t, "n"))
		hex := fmt.Sprintf(rapid.SampledFrom([]string{"%x", "%X", "0x%x", "0X%X", "00%x"}).Draw(t, "form"), n)
		dec := strings.Repeat("0", rapid.IntRange(0, 2).Draw(t, "zeros")) + n.String()
		if h, d := Canonical(hex, Hex), Canonical(dec, Dec); h != d || string(h) != n.String() {
			t.Fatalf("%q is %q, %q is %q", hex, h, dec, d)
		}
	})
}

func TestForms(t *testing.T) {
	for _, f := range []Form{Text, Dec, Hex} {
		if got, err := ParseForm(f.String()); got != f || err != nil {
			t.Errorf("%s came back as %s, %v", f, got, err)
		}
	}
	if _, err := ParseForm("HEX"); err == nil || err.Error() != `form of message ids "HEX" is not one of text, dec, hex` {
		t.Error(err)
	}
	if got := Form(9).String(); got != "form(9)" {
		t.Error(got)
	}
}

func BenchmarkCanonical(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = Canonical("0x499602d2", Hex)
	}
}
