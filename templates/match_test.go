package templates

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"harkara/dlt"
	"harkara/smpp/sms"
)

func TestMatch(t *testing.T) {
	tests := []struct {
		content, text string
		want          []string
	}{
		{"No variable.", "No variable.", nil},
		{"{#var#}", "x", []string{"x"}},
		{"{#var#} is your OTP", "483921 is your OTP", []string{"483921"}},
		{"Dear {#var#}, {#var#} due. -ACMEBK", "Dear A, B, Rs 5, due due. -ACMEBK", []string{"A, B, Rs 5", "due"}},
		{"{#num#}{#num#}", "1234", []string{"123", "4"}},
		{"{#num#}{#alp#}{#num#}", "12ab34", []string{"12", "ab3", "4"}},
		{"{#var#}{#var#}", strings.Repeat("x", 60), []string{strings.Repeat("x", 30), strings.Repeat("x", 30)}},
		{"{#num#} {#num#}", "1 2", []string{"1", "2"}},
		{"{#var#}.{#var#}", "a.b.c", []string{"a.b", "c"}},
		{"See {#url#} now", "See https://example.com/a?b=c now", []string{"https://example.com/a?b=c"}},
		{"Call {#cbn#} or {#cbn#}.", "Call 1800 123 4567 or +919812345678.", []string{"1800 123 4567", "+919812345678"}},
		{"Mail {#email#}.", "Mail care@example.com.", []string{"care@example.com"}},
		{"आपका OTP {#num#} है।\r\n-ACMEBK", "आपका OTP 483921 है।\r\n-ACMEBK", []string{"483921"}},
	}
	for _, tt := range tests {
		got, v := compile(t, tt.content).Match(sms.Secret(tt.text))
		if v != nil || !slices.Equal(reveal(got), tt.want) {
			t.Errorf("%q against %q: got %q, %v; want %q", tt.text, tt.content, reveal(got), v, tt.want)
		}
	}
}

// Of two starts that reach the same end, the later goes on to ends that the earlier is too long for.
func TestMatchTriesEveryStartOfAForm(t *testing.T) {
	c := &Compiled{literals: []string{"", "", ""}, slots: []Slot{{dlt.Numeric, 2}, {dlt.URL, 5}}}
	got, v := c.Match("11a.aaa")
	if want := []string{"11", "a.aaa"}; v != nil || !slices.Equal(reveal(got), want) {
		t.Errorf("got %q, %v; want %q", reveal(got), v, want)
	}
}

func TestMatchNamesTheFirstDifference(t *testing.T) {
	tests := []struct {
		content, text string
		position      int
		detail        string
	}{
		{"Dear {#var#}, your code", "Dear Bob; your code", 9, `expected "," after variable 1 (untyped, up to 30 characters), found ";"`},
		{"Dear {#var#}, your code is {#var#}.", "Dear Bob, yor code is 1.", 13, `expected "u", found "r"`},
		{"Dear {#var#}, your code is {#var#}.", "Dear Bob,  your code is 1.", 11, `expected "y", found " "`},
		{"Dear {#var#}, your code", "dear Bob, your code", 1, `expected "D", found "d"`},
		{"Dear Bob", "Dear", 5, `expected " ", found the end of the text`},
		{"Dear Bob", "Dear Bob.", 9, `expected the end of the text, found "."`},
		{"Dear Bob", "", 1, `expected "D", found the end of the text`},
		{"OTP {#num#} is valid", "OTP 48a921 is valid", 7, `expected " " after variable 1 (numeric, up to 40 characters), found "a"`},
		{"OTP {#num#} is valid", "OTP abc is valid", 5, `expected variable 1 (numeric), found "a"`},
		{"OTP {#num#}", "OTP ", 5, `expected variable 1 (numeric), found the end of the text`},
		{"OTP {#num#}", "OTP 1234", 0, ""},
		{"OTP {#num#}", "OTP 1234 ", 9, `expected the end of the text after variable 1 (numeric, up to 40 characters), found " "`},
		{"OTP {#num#} is", "OTP 1234", 9, `expected " " after variable 1 (numeric, up to 40 characters), found the end of the text`},
		{"Hi {#var#}, bye", "Hi " + strings.Repeat("x", 31) + ", bye", 34,
			`expected "," after variable 1 (untyped, up to 30 characters), found "x"`},
		{"Hi {#var#}, bye", "Hi " + strings.Repeat("7", 31) + ", bye", 34,
			`expected "," after variable 1 (untyped, up to 30 characters), found a digit`},
		{"Hi {#var#}", "Hi a\nb", 5, `expected the end of the text after variable 1 (untyped, up to 30 characters), found "\n"`},
		{"a\r\nb {#var#}", "a\nb x", 2, `expected "\r", found "\n"`},
		{"Don't share {#var#}", "Don’t share x", 4, `expected "'", found "’"`},
		{"Go {#url#} now", "Go nowhere now", 4, `expected variable 1 (url), found "n"`},
		{"ओटीपी {#num#} है।", "ओटीपी 12 है.", 12, `expected "।", found "."`},
		{"{#var#} ok", "a ok b ok c", 10, `expected the end of the text, found " "`}, // the second "ok" is nearer
		{"OTP {#num#}", "OTP \xff", 5, "expected UTF-8, found another encoding"},
	}
	for _, tt := range tests {
		_, v := compile(t, tt.content).Match(sms.Secret(tt.text))
		if tt.detail == "" {
			if v != nil {
				t.Errorf("%q against %q: %v, want a match", tt.text, tt.content, v)
			}
			continue
		}
		if v == nil || v.Reason != dlt.TextMismatch || v.Position != tt.position || !strings.HasSuffix(v.Detail, ": "+tt.detail) {
			t.Errorf("%q against %q:\n got %+v\nwant position %d: %s", tt.text, tt.content, v, tt.position, tt.detail)
		}
	}
}

var valueOf = map[dlt.VarType]*rapid.Generator[string]{
	dlt.Untyped:      rapid.StringOfN(rapid.SampledFrom([]rune("ab .{#}1अ🙂")), 1, 30, -1),
	dlt.Unknown:      rapid.StringOfN(rapid.SampledFrom([]rune("ab.")), 1, 30, -1),
	dlt.Numeric:      rapid.StringOfN(rapid.SampledFrom([]rune("0123456789")), 1, 40, -1),
	dlt.Alphanumeric: rapid.StringOfN(rapid.SampledFrom([]rune("ab 12,.अ")), 1, 40, -1),
	dlt.URL:          rapid.StringMatching(`(https?://)?[a-z]{1,5}\.(in|com)(/[a-z0-9]{0,10})?`),
	dlt.URLOTT:       rapid.StringMatching(`https://wa\.me/91[0-9]{10}`),
	dlt.CBN:          rapid.StringMatching(`\+?[0-9]{8,12}`),
	dlt.Email:        rapid.StringMatching(`[a-z]{1,8}@[a-z]{1,8}\.com`),
}

var tags = map[dlt.VarType]string{
	dlt.Untyped: "{#var#}", dlt.Unknown: "{#dob#}", dlt.Numeric: "{#num#}", dlt.Alphanumeric: "{#alp#}",
	dlt.URL: "{#urg#}", dlt.URLOTT: "{#uro#}", dlt.CBN: "{#cbn#}", dlt.Email: "{#email#}",
}

// What is rendered matches, and what Match finds renders to the same text.
func TestMatchTakesWhatRenderMakes(t *testing.T) {
	types := []dlt.VarType{dlt.Untyped, dlt.Unknown, dlt.Numeric, dlt.Alphanumeric, dlt.URL, dlt.URLOTT, dlt.CBN, dlt.Email}
	literal := rapid.StringOfN(rapid.SampledFrom([]rune("ab .,1\r\nअ")), 0, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		content := literal.Draw(t, "literal")
		var vars []sms.Secret
		for range rapid.IntRange(0, 5).Draw(t, "variables") {
			typ := rapid.SampledFrom(types).Draw(t, "type")
			vars = append(vars, sms.Secret(valueOf[typ].Draw(t, "value")))
			content += tags[typ] + literal.Draw(t, "literal")
		}
		if content == "" {
			return
		}
		c, err := Compile(dlt.Template{Content: content})
		if err != nil {
			t.Fatal(err)
		}
		text, v := c.Render(vars)
		if v != nil {
			t.Fatalf("%q with %q: %v", content, reveal(vars), v)
		}
		if n := utf8.RuneCountInString(text.Reveal()); n > c.WorstCase() {
			t.Fatalf("%d characters, the worst case is %d", n, c.WorstCase())
		}
		found, v := c.Match(text)
		if v != nil {
			t.Fatalf("%q does not match %q: %v", text.Reveal(), content, v)
		}
		if again, v := c.Render(found); v != nil || again != text {
			t.Fatalf("%q: found %q, which renders to %q, %v", text.Reveal(), reveal(found), again.Reveal(), v)
		}
	})
}

// Match agrees with trying every division, on texts of few characters, where near misses are common.
func TestMatchAgreesWithTryingAll(t *testing.T) {
	types := []dlt.VarType{dlt.Untyped, dlt.Numeric, dlt.URL}
	text := rapid.StringOfN(rapid.SampledFrom([]rune("a1.\n")), 0, 12, -1)
	literal := rapid.StringOfN(rapid.SampledFrom([]rune("a1.")), 0, 2, -1)
	rapid.Check(t, func(t *rapid.T) {
		c := &Compiled{literals: []string{literal.Draw(t, "literal")}}
		for range rapid.IntRange(0, 3).Draw(t, "slots") {
			slot := Slot{rapid.SampledFrom(types).Draw(t, "type"), rapid.IntRange(1, 6).Draw(t, "most")}
			c.slots = append(c.slots, slot)
			c.literals = append(c.literals, literal.Draw(t, "literal"))
		}
		for _, l := range c.literals {
			c.chars += utf8.RuneCountInString(l)
		}
		in := text.Draw(t, "text")
		vars, v := c.Match(sms.Secret(in))
		if want := tryAll(c, 0, in); (v == nil) != want {
			t.Fatalf("%q against %q %v: %v, want a match %v", in, c.literals, c.slots, v, want)
		}
		if v != nil && (v.Position < 1 || v.Position > utf8.RuneCountInString(in)+1) {
			t.Fatalf("%q: position %d", in, v.Position)
		}
		if v == nil {
			if again, v := c.Render(vars); v != nil || again.Reveal() != in {
				t.Fatalf("%q: found %q, which renders to %q, %v", in, reveal(vars), again.Reveal(), v)
			}
		}
	})
}

// tryAll says whether rest can be the i-th literal and all that follows it.
func tryAll(c *Compiled, i int, rest string) bool {
	rest, ok := strings.CutPrefix(rest, c.literals[i])
	if !ok || i == len(c.slots) {
		return ok && rest == ""
	}
	for end := 1; end <= len(rest); end++ {
		if reason, _ := c.slots[i].Type.Check(rest[:end], c.slots[i].MaxLen); reason == "" && tryAll(c, i+1, rest[end:]) {
			return true
		}
	}
	return false
}

// FuzzMatch asks that any text gets an answer within the text, and that what matches renders to the same text.
func FuzzMatch(f *testing.F) {
	f.Add("{#var#} is your OTP", "483921 is your OTP")
	f.Add("{#num#}{#alp#}{#url#}.", "12ab34example.com.")
	f.Add("a{#var#}{#var#}b{#email#}", "a\xff")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, content, text string) {
		if len(content) > 200 || len(text) > 400 {
			return // long ones only cost time
		}
		c, err := Compile(dlt.Template{Content: content})
		if err != nil {
			return
		}
		vars, v := c.Match(sms.Secret(text))
		if v != nil {
			if v.Position < 1 || v.Position > len(text)+1 {
				t.Fatalf("position %d in %q", v.Position, text)
			}
			return
		}
		if again, v := c.Render(vars); v != nil || again.Reveal() != text {
			t.Fatalf("%q against %q: found %q, which renders to %q, %v", text, content, reveal(vars), again.Reveal(), v)
		}
	})
}

// A text of 2,000 characters with 20 adjacent variables, 600 of the characters theirs.
func BenchmarkMatch(b *testing.B) {
	c := compile(b, strings.Repeat("abcdefghi ", 70)+strings.Repeat("{#var#}", 20)+strings.Repeat(" jklmnopqr", 70))
	text := sms.Secret(strings.Repeat("abcdefghi ", 70) + strings.Repeat("x", 600) + strings.Repeat(" jklmnopqr", 70))
	b.ReportAllocs()
	for b.Loop() {
		if _, v := c.Match(text); v != nil {
			b.Fatal(v)
		}
	}
}
