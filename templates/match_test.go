package templates

import (
	"slices"
	"strings"
	"testing"

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
		{"a\r\n{#var#}\r\rb", "a\nx\r\n\nb", []string{"x"}}, // whatever form the breaks have
		{"a\r{#var#}\n", "a\r\nx\r", []string{"x"}},
		{"{#url#}{#url#}", "https://acme.examplehttps://acme.example", []string{"https://acme.example", "https://acme.example"}},
		{"आपका OTP {#num#} है।\r\n-ACMEBK", "आपका OTP 483921 है।\r\n-ACMEBK", []string{"483921"}},
	}
	for _, tt := range tests {
		got, v := compile(t, tt.content).Match(sms.Secret(tt.text), usual())
		if v != nil || !slices.Equal(reveal(got), tt.want) {
			t.Errorf("%q against %q: got %q, %v; want %q", tt.text, tt.content, reveal(got), v, tt.want)
		}
	}
}

// Of two starts that reach the same end, the later goes on to ends that the earlier is too long for.
func TestMatchTriesEveryStartOfAForm(t *testing.T) {
	s := usual()
	s.Rules.Numeric, s.Rules.URL = 2, 5
	got, v := compile(t, "{#num#}{#url#}").Match("11a.aaa", s)
	if want := []string{"11", "a.aaa"}; v != nil || !slices.Equal(reveal(got), want) {
		t.Errorf("got %q, %v; want %q", reveal(got), v, want)
	}
}

// Where the longest values do not pass the checks and others do, it finds those; where none do, it says why.
func TestMatchChecksWhatItFinds(t *testing.T) {
	s := usual()
	s.Rules.CTA, s.Rules.Punctuation = true, false
	s.CTAs = whitelisted(dlt.CTA{Type: dlt.CTAStatic, Value: "https://acme.example/a"})
	tests := []struct {
		content, text string
		want          []string
		reason        dlt.Reason
		position      int
	}{
		{"{#url#}{#var#}", "https://acme.example/abc", []string{"https://acme.example/a", "bc"}, "", 0},
		{"{#alp#}{#var#}", "a.b", []string{"a", ".b"}, "", 0},
		{"See {#url#}", "See https://acme.example/b", nil, dlt.CTANotWhitelisted, 1},
		{"{#alp#}{#var#} {#url#}", "a.b https://acme.example/a", []string{"a", ".b", "https://acme.example/a"}, "", 0},
		{"{#var#} {#alp#} x", "a b.c x", nil, dlt.VariableWrongType, 2},
		{"{#num#} {#url#}", "x https://acme.example/b", nil, dlt.TextMismatch, 1},
	}
	for _, tt := range tests {
		got, v := compile(t, tt.content).Match(sms.Secret(tt.text), s)
		if v == nil {
			v = &dlt.Violation{}
		}
		if !slices.Equal(reveal(got), tt.want) || v.Reason != tt.reason || v.Position != tt.position {
			t.Errorf("%q against %q: %q, %+v; want %q, %s at %d", tt.text, tt.content, reveal(got), v, tt.want, tt.reason, tt.position)
		}
	}
}

// A whitelist that the rules do not ask for does not matter to the second look either.
func TestMatchLooksAgainByTheRules(t *testing.T) {
	s := usual()
	s.Rules.Punctuation = false
	got, v := compile(t, "{#alp#}{#var#} {#url#}").Match("a.b acme.example", s)
	if want := []string{"a", ".b", "acme.example"}; v != nil || !slices.Equal(reveal(got), want) {
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
		{"Code {#alp#}", "CodeA7K9", 5, `expected " ", found a letter`}, // which may be the code's
		{"Dear Bob", "Dear Bob.", 9, `expected the end of the text, found "."`},
		{"Dear Bob", "", 1, `expected "D", found the end of the text`},
		{"OTP {#num#} is valid", "OTP 48a921 is valid", 7, `expected " " after variable 1 (numeric, up to 40 characters), found a letter`},
		{"OTP {#num#} is valid", "OTP abc is valid", 5, `expected variable 1 (numeric), found a letter`},
		{"OTP {#num#}", "OTP ", 5, `expected variable 1 (numeric), found the end of the text`},
		{"OTP {#num#}", "OTP 1234", 0, ""},
		{"OTP {#num#}", "OTP 1234 ", 9, `expected the end of the text after variable 1 (numeric, up to 40 characters), found " "`},
		{"OTP {#num#} is", "OTP 1234", 9, `expected " " after variable 1 (numeric, up to 40 characters), found the end of the text`},
		{"Hi {#var#}, bye", "Hi " + strings.Repeat("x", 31) + ", bye", 34,
			`expected "," after variable 1 (untyped, up to 30 characters), found a letter`},
		{"Hi {#var#}, bye", "Hi " + strings.Repeat("7", 31) + ", bye", 34,
			`expected "," after variable 1 (untyped, up to 30 characters), found a digit`},
		{"Hi {#var#}", "Hi a\nb", 5, `expected the end of the text after variable 1 (untyped, up to 30 characters), found a line break`},
		{"a\r\nb {#var#}", "ab x", 2, `expected a line break, found a letter`},
		{"a\n\r\n\rb {#num#}.", "a\r\n\n\rb 5,", 9, `expected "." after variable 1 (numeric, up to 40 characters), found ","`},
		{"ओटीपी {#num#}", "ओटीपी ४८", 7, `expected variable 1 (numeric), found a digit`},
		{"Don't share {#var#}", "Don’t share x", 4, `expected "'", found "’"`},
		{"Go {#url#} now", "Go nowhere now", 4, `expected variable 1 (url), found a letter`},
		{"ओटीपी {#num#} है।", "ओटीपी 12 है.", 12, `expected "।", found "."`},
		{"{#var#} ok", "a ok b ok c", 10, `expected the end of the text, found " "`}, // the second "ok" is nearer
		{"OTP {#num#}", "OTP \xff", 5, "expected UTF-8, found another encoding"},
		{"Dear {#var#}{#num#} is your OTP", "Dear Bob is your OTP", 9, `expected variable 2 (numeric), found " "`},
		{"{#var#}{#num#}{#alp#}", "abc", 4, `expected variable 2 (numeric), found the end of the text`},
		{"{#var#}abc{#num#}", "qzbc abx", 8, `expected "c", found "x"`}, // "abx" and "zbc" are as near, and "abx" begins right
		{"Dear {#var#}{#num#}", "Dear Bob", 9, `expected variable 2 (numeric), found the end of the text`},
	}
	for _, tt := range tests {
		_, v := compile(t, tt.content).Match(sms.Secret(tt.text), usual())
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
