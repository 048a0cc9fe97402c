package templates

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// FuzzMatch asks that any text gets an answer within the text under any rules, that what matches renders to the same
// text but for line breaks and is lenient's too, and that no detail tells a digit of the text.
func FuzzMatch(f *testing.F) {
	f.Add("{#var#} is your OTP", "483921 is your OTP", uint8(0), uint8(30))
	f.Add("{#num#}{#alp#}{#url#}.", "12ab34example.com.", uint8(1), uint8(40))
	f.Add("a{#var#}{#var#}b{#email#}", "a\xff", uint8(2), uint8(3))
	f.Add("a\r\n{#var#}\rb", "a\nx\r\nb", uint8(4+8), uint8(1))
	f.Add("{#alp#}{#var#}{#url#}", "a.bhttps://acme.example/a", uint8(3+4), uint8(120))
	f.Add("", "", uint8(0), uint8(0))
	ctas := whitelisted(dlt.CTA{Type: dlt.CTAStatic, Value: "https://acme.example/a"}, dlt.CTA{Type: dlt.CTAOTT, Value: "a.in"},
		dlt.CTA{Type: dlt.CTANumber, Value: "18001234567"}, dlt.CTA{Type: dlt.CTAEmail, Value: "a@acme.example"})
	f.Fuzz(func(t *testing.T, content, text string, switches, most uint8) {
		if len(content) > 200 || len(text) > 400 {
			return // long ones only cost time
		}
		c, err := Compile(dlt.Template{Content: content})
		if err != nil {
			return
		}
		n := int(most)
		rules := dlt.Rules{Untyped: n, Numeric: n, Alphanumeric: n, URL: n, CTA: switches&1 != 0, Punctuation: switches&2 != 0,
			Newline: []dlt.Newline{dlt.AsStored, dlt.LF, dlt.CRLF, dlt.LF}[switches>>2&3]}
		s := Scrub{Rules: &rules, CTAs: ctas}
		loose := c.Lenient(sms.Secret(text), s)
		vars, v := c.Match(sms.Secret(text), s)
		for _, v := range []*dlt.Violation{v, loose} {
			if v != nil {
				checkDifference(t, v, text, len(c.slots))
			}
		}
		if v != nil {
			return
		}
		if loose != nil {
			t.Fatalf("%q matches %q, and leniently does not: %v", text, content, loose)
		}
		again, v := c.Render(vars, s)
		if v != nil || toLF.Replace(again.Reveal()) != toLF.Replace(text) {
			t.Fatalf("%q against %q: found %q, which renders to %q, %v", text, content, reveal(vars), again.Reveal(), v)
		}
		c.Warnings(vars, s)
	})
}

func checkDifference(t *testing.T, v *dlt.Violation, text string, variables int) {
	if v.Reason != dlt.TextMismatch {
		if v.Position < 1 || v.Position > variables {
			t.Fatalf("%v at variable %d of %d", v, v.Position, variables)
		}
		return
	}
	at := []rune(text)
	if v.Position < 1 || v.Position > len(at)+1 {
		t.Fatalf("position %d in %q", v.Position, text)
	}
	if v.Position <= len(at) && unicode.IsDigit(at[v.Position-1]) && utf8.ValidString(text) && !strings.HasSuffix(v.Detail, "found a digit") {
		t.Fatalf("%q tells a digit of %q", v.Detail, text)
	}
}
