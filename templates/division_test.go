package templates

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"harkara/dlt"
	"harkara/smpp/sms"
)

var valueOf = map[dlt.VarType]*rapid.Generator[string]{
	dlt.Untyped:      rapid.StringOfN(rapid.SampledFrom([]rune("ab .{#}1अ🙂")), 1, 30, -1),
	dlt.Unknown:      rapid.StringOfN(rapid.SampledFrom([]rune("ab.")), 1, 30, -1),
	dlt.Numeric:      rapid.StringOfN(rapid.SampledFrom([]rune("0123456789")), 1, 40, -1),
	dlt.Alphanumeric: rapid.StringOfN(rapid.SampledFrom([]rune("ab 12अ")), 1, 40, -1),
	dlt.URL:          rapid.StringMatching(`(https?://)?[a-z]{1,5}\.(in|com)(/[a-z0-9]{0,10})?`),
	dlt.URLOTT:       rapid.StringMatching(`https://wa\.me/91[0-9]{10}`),
	dlt.CBN:          rapid.StringMatching(`\+?91[6-9][0-9]{9}`),
	dlt.Email:        rapid.StringMatching(`[a-z]{1,8}@[a-z]{1,8}\.com`),
}

var tags = map[dlt.VarType]string{
	dlt.Untyped: "{#var#}", dlt.Unknown: "{#dob#}", dlt.Numeric: "{#num#}", dlt.Alphanumeric: "{#alp#}",
	dlt.URL: "{#urg#}", dlt.URLOTT: "{#uro#}", dlt.CBN: "{#cbn#}", dlt.Email: "{#email#}",
}

var ctaOf = map[dlt.VarType]dlt.CTAType{
	dlt.URL: dlt.CTAStatic, dlt.URLOTT: dlt.CTAOTT, dlt.CBN: dlt.CTANumber, dlt.Email: dlt.CTAEmail,
}

var forms = rapid.SampledFrom([]dlt.Newline{dlt.AsStored, dlt.LF, dlt.CRLF})

// What is rendered matches, what Match finds renders to the same text, and a lenient operator agrees.
func TestMatchTakesWhatRenderMakes(t *testing.T) {
	types := []dlt.VarType{dlt.Untyped, dlt.Unknown, dlt.Numeric, dlt.Alphanumeric, dlt.URL, dlt.URLOTT, dlt.CBN, dlt.Email}
	literal := rapid.StringOfN(rapid.SampledFrom([]rune("ab .,1\r\nअ")), 0, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		s := inForm(forms.Draw(t, "form"))
		s.Rules.CTA, s.Rules.Punctuation = rapid.Bool().Draw(t, "CTA"), rapid.Bool().Draw(t, "punctuation")
		content := literal.Draw(t, "literal")
		var vars []sms.Secret
		var ctas []dlt.CTA
		for range rapid.IntRange(0, 5).Draw(t, "variables") {
			typ := rapid.SampledFrom(types).Draw(t, "type")
			value := valueOf[typ].Draw(t, "value")
			vars = append(vars, sms.Secret(value))
			ctas = append(ctas, dlt.CTA{Type: ctaOf[typ], Value: value})
			content += tags[typ] + literal.Draw(t, "literal")
		}
		if content == "" {
			return
		}
		s.CTAs = whitelisted(ctas...)
		c, err := Compile(dlt.Template{Content: content})
		if err != nil {
			t.Fatal(err)
		}
		text, v := c.Render(vars, s)
		if v != nil {
			t.Fatalf("%q with %q: %v", content, reveal(vars), v)
		}
		if n := utf8.RuneCountInString(text.Reveal()); n > c.WorstCase(s.Rules) {
			t.Fatalf("%d characters, the worst case is %d", n, c.WorstCase(s.Rules))
		}
		checkMatch(t, c, text, s)
		other := s
		other.Rules = inForm(forms.Draw(t, "another form")).Rules
		other.Rules.CTA, other.Rules.Punctuation = s.Rules.CTA, s.Rules.Punctuation
		if _, v := c.Match(text, other); v != nil {
			t.Fatalf("%q does not match %q in the form %s: %v", text.Reveal(), content, other.Rules.Newline, v)
		}
	})
}

// checkMatch asks that the text, which Render made, matches.
func checkMatch(t *rapid.T, c *Compiled, text sms.Secret, s Scrub) {
	found, v := c.Match(text, s)
	if v != nil {
		t.Fatalf("%q does not match %q: %v", text.Reveal(), c.stored.literals, v)
	}
	if again, v := c.Render(found, s); v != nil || again != text {
		t.Fatalf("%q: found %q, which renders to %q, %v", text.Reveal(), reveal(found), again.Reveal(), v)
	}
	if v := c.Lenient(text, s); v != nil {
		t.Fatalf("%q is lenient's %v", text.Reveal(), v)
	}
}

// drawn is a template of few characters and short variables, where near misses are common.
func drawn(t *rapid.T, types []dlt.VarType) (*Compiled, Scrub) {
	s := usual()
	most := rapid.IntRange(0, 6)
	s.Rules.Untyped, s.Rules.Numeric = most.Draw(t, "untyped"), most.Draw(t, "numeric")
	s.Rules.Alphanumeric, s.Rules.URL = most.Draw(t, "alphanumeric"), most.Draw(t, "URL")
	s.Rules.CTA, s.Rules.Punctuation = rapid.Bool().Draw(t, "CTA"), rapid.Bool().Draw(t, "punctuation")
	s.CTAs = whitelisted(dlt.CTA{Type: dlt.CTAStatic, Value: "a.aa"}, dlt.CTA{Type: dlt.CTAStatic, Value: "1.a1"})
	literal := rapid.StringOfN(rapid.SampledFrom([]rune("a1.\n\r")), 0, 3, -1)
	content := literal.Draw(t, "literal")
	for range rapid.IntRange(0, 3).Draw(t, "slots") {
		content += tags[rapid.SampledFrom(types).Draw(t, "type")] + literal.Draw(t, "literal")
	}
	c, err := Compile(dlt.Template{Content: content + "."})
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

var fewCharacters = rapid.StringOfN(rapid.SampledFrom([]rune("aa1..\n\r")), 0, 12, -1)

// Match agrees with trying every division.
func TestMatchAgreesWithTryingAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, s := drawn(t, []dlt.VarType{dlt.Untyped, dlt.Numeric, dlt.Alphanumeric, dlt.URL})
		in := fewCharacters.Draw(t, "text") + "."
		vars, v := c.Match(sms.Secret(in), s)
		fits := func(t dlt.VarType, value string) bool {
			long, _ := s.Rules.CheckLength(t, value)
			wrong, _ := s.Rules.CheckType(t, value)
			return long == "" && wrong == "" && (t != dlt.URL || !s.Rules.CTA || s.CTAs.Allows(t, value, s.At))
		}
		if want := tryAll(c, 0, toLF.Replace(in), toLF.Replace, fits); (v == nil) != want {
			t.Fatalf("%q against %q %v: %v, want a match %v", in, c.lf.literals, c.slots, v, want)
		}
		if v != nil {
			if most := utf8.RuneCountInString(in) + 1; v.Position < 1 || v.Position > most {
				t.Fatalf("%q: position %d", in, v.Position)
			}
			return
		}
		again, v := c.Render(vars, s)
		if v != nil || toLF.Replace(again.Reveal()) != toLF.Replace(in) {
			t.Fatalf("%q: found %q, which renders to %q, %v", in, reveal(vars), again.Reveal(), v)
		}
		if v := c.Lenient(sms.Secret(in), s); v != nil {
			t.Fatalf("%q is lenient's %v", in, v)
		}
	})
}

// A literal is found wherever it stands, however it repeats itself.
func TestLiteralIsFoundEverywhere(t *testing.T) {
	of := func(most int) *rapid.Generator[[]rune] {
		return rapid.SliceOfN(rapid.SampledFrom([]rune("aab")), 1, most)
	}
	m := &matcher{text: []rune("aabaaabaaa")}
	if got, want := m.after([]rune("aabaaa"), []int32{0, 1, 2, 3, 4}), []int32{6, 10}; !slices.Equal(got, want) {
		t.Fatalf("ends at %v, want %v", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := &matcher{text: of(40).Draw(t, "text")}
		literal := of(8).Draw(t, "literal")
		var starts, want []int32
		for p := range len(m.text) + 1 {
			if !rapid.Bool().Draw(t, "starts") {
				continue
			}
			starts = append(starts, int32(p))
			if strings.HasPrefix(string(m.text[p:]), string(literal)) {
				want = append(want, int32(p+len(literal)))
			}
		}
		if got := m.after(literal, starts); !slices.Equal(got, want) {
			t.Fatalf("%q in %q from %v: %v, want %v", string(literal), string(m.text), starts, got, want)
		}
	})
}

// Lenient agrees with trying every division of what is left.
func TestLenientAgreesWithTryingAll(t *testing.T) {
	left := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || strings.ContainsRune("~`!@#$%^&*()_+={}[]|\\/:;\"'<>,.?-", r) { // Airtel's list
				return -1
			}
			return r
		}, s)
	}
	rapid.Check(t, func(t *rapid.T) {
		c, s := drawn(t, []dlt.VarType{dlt.Untyped, dlt.Numeric, dlt.Alphanumeric, dlt.URL})
		in := fewCharacters.Draw(t, "text")
		fits := func(t dlt.VarType, value string) bool {
			allowed := strings.IndexFunc(value, func(r rune) bool { return !t.Allows(r) }) < 0
			needed := value != "" || t == dlt.Untyped || t == dlt.Alphanumeric
			return allowed && needed && utf8.RuneCountInString(value) <= s.Rules.MaxLen(t)
		}
		v := c.Lenient(sms.Secret(in), s)
		if want := tryAll(c, 0, left(in), left, fits); (v == nil) != want {
			t.Fatalf("%q against %q %v: %v, want a match %v", in, c.stored.literals, c.slots, v, want)
		}
		if v != nil && (v.Position < 1 || v.Position > utf8.RuneCountInString(in)+1) {
			t.Fatalf("%q: position %d", in, v.Position)
		}
	})
}

// tryAll says whether rest can be the i-th literal, as it is compared, and all that follows it.
func tryAll(c *Compiled, i int, rest string, compared func(string) string, fits func(dlt.VarType, string) bool) bool {
	rest, ok := strings.CutPrefix(rest, compared(c.stored.literals[i]))
	if !ok || i == len(c.slots) {
		return ok && rest == ""
	}
	for end := 0; end <= len(rest); end++ {
		if fits(c.slots[i], rest[:end]) && tryAll(c, i+1, rest[end:], compared, fits) {
			return true
		}
	}
	return false
}
