package dlt

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// check asks for the length, then the type, as the operators do (codes 635, then 5307).
func check(r Rules, t VarType, value string) (Reason, string) {
	if reason, detail := r.CheckLength(t, value); reason != "" {
		return reason, detail
	}
	return r.CheckType(t, value)
}

func TestCheck(t *testing.T) {
	const ok = Reason("")
	tests := []struct {
		typ   VarType
		value string
		want  Reason
	}{
		{Untyped, "483921", ok},
		{Untyped, "Aarav & Co. (2)", ok},
		{Untyped, "आरव", ok},
		{Untyped, "🙂", ok},
		{Untyped, " ", ok},
		{Untyped, strings.Repeat("x", 30), ok},
		{Untyped, strings.Repeat("x", 31), VariableTooLong},
		{Untyped, strings.Repeat("अ", 30), ok}, // characters, not bytes
		{Untyped, strings.Repeat("अ", 31), VariableTooLong},
		{Untyped, "", VariableWrongType},
		{Untyped, "a\nb", VariableWrongType},
		{Untyped, "a\r", VariableWrongType},
		{Untyped, "a\tb", VariableWrongType},
		{Untyped, "a\x00", VariableWrongType},
		{Untyped, "a\u2028b", VariableWrongType},
		{Untyped, "a\xff", VariableWrongType},
		{Unknown, "as untyped", ok},
		{Unknown, "a\nb", VariableWrongType},
		{Numeric, "0", ok},
		{Numeric, strings.Repeat("1", 40), ok},
		{Numeric, strings.Repeat("1", 41), VariableTooLong},
		{Numeric, strings.Repeat("x", 41), VariableTooLong}, // length comes first
		{Numeric, "12.5", VariableWrongType},
		{Numeric, "1,200", VariableWrongType},
		{Numeric, "12 34", VariableWrongType},
		{Numeric, "-1", VariableWrongType},
		{Numeric, "१२", VariableWrongType},
		{Numeric, "", VariableWrongType},
		{Alphanumeric, "Priya Sharma", ok},
		{Alphanumeric, "27.9.2026", ok},
		{Alphanumeric, "11.40am", ok},
		{Alphanumeric, "₹1,499", ok},
		{Alphanumeric, "क्\u200dष", ok}, // with a joiner
		{Alphanumeric, "தமிழ்", ok},
		{Alphanumeric, "hi 🙂", VariableWrongType},
		{Alphanumeric, "a\nb", VariableWrongType},
		{Alphanumeric, "a\xffb", VariableWrongType},
		{URL, "https://example.com", ok},
		{URL, "HTTP://example.com/a?b=c&d=%20#e", ok},
		{URL, "example.com/a", ok},
		{URL, "example.com/?to=http://example.in", ok}, // no scheme of its own
		{URL, "example.com/a\tb", VariableWrongType},
		{URL, "https://example.com\\a", VariableWrongType},
		{URL, "a.example.co.in:8080/x", ok},
		{URL, "https://example.com/" + strings.Repeat("x", 100), ok},
		{URL, "https://example.com/" + strings.Repeat("x", 101), VariableTooLong},
		{URL, "example", VariableWrongType},
		{URL, "https://", VariableWrongType},
		{URL, "https:///a", VariableWrongType},
		{URL, "ftp://example.com", VariableWrongType},
		{URL, "javascript:alert(1)", VariableWrongType},
		{URL, "https://user@example.com", VariableWrongType},
		{URL, "https://exa mple.com", VariableWrongType},
		{URL, "https://-a.com", VariableWrongType},
		{URL, "https://a..com", VariableWrongType},
		{URL, "https://example.com.", VariableWrongType},
		{URL, "https://example.com:", VariableWrongType},
		{URL, "https://example.com:123456", VariableWrongType},
		{URL, "https://10.0.0.1/a", VariableWrongType},
		{URL, "https://example.c/a", VariableWrongType},
		{URL, "https://example.com/<a>", VariableWrongType},
		{URL, "https://उदाहरण.com", VariableWrongType},
		{URLOTT, "https://wa.me/919812345678", ok},
		{URLOTT, "wa me", VariableWrongType},
		{CBN, "+919812345678", ok},
		{CBN, "18001234567", ok},
		{CBN, "1800-123-4567", ok},
		{CBN, "+91 11 2345 6789", ok},
		{CBN, "1234567", VariableWrongType},
		{CBN, "1234567890123", VariableWrongType},
		{CBN, "98123+45678", VariableWrongType},
		{CBN, "98123--45678", VariableWrongType},
		{CBN, "-9812345678", VariableWrongType},
		{CBN, "9812345678-", VariableWrongType},
		{CBN, "9812345678x", VariableWrongType},
		{CBN, "+", VariableWrongType},
		{Email, "care@example.com", ok},
		{Email, "a.b+c@mail.example.co.in", ok},
		{Email, "care", VariableWrongType},
		{Email, "@example.com", VariableWrongType},
		{Email, "care@example", VariableWrongType},
		{Email, ".care@example.com", VariableWrongType},
		{Email, "a..b@example.com", VariableWrongType},
		{Email, "a@b@example.com", VariableWrongType},
		{Email, "a b@example.com", VariableWrongType},
	}
	for _, tt := range tests {
		got, detail := check(RulesOf(""), tt.typ, tt.value)
		if got != tt.want || (got == "") != (detail == "") {
			t.Errorf("%s %q: got %q (%s), want %q", tt.typ, tt.value, got, detail, tt.want)
		}
	}
}

func TestCheckDetail(t *testing.T) {
	tests := []struct {
		typ    VarType
		value  string
		maxLen int
		want   string
	}{
		{Untyped, "", 30, "empty"},
		{Untyped, "तीस", 2, "3 characters, 2 allowed"},
		{Numeric, "48x921", 40, "character 3 is not one that a numeric variable may hold"},
		{URL, "nothing", 120, "not a URL, such as https://example.com/a or example.com/a"},
		{Email, "nothing", 40, "not an e-mail address, such as care@example.com"},
		{CBN, "1930", 40, "not a call-back number of 8 to 12 digits"},
	}
	for _, tt := range tests {
		rules := Rules{Untyped: tt.maxLen, Numeric: tt.maxLen, Alphanumeric: tt.maxLen, URL: tt.maxLen}
		if _, got := check(rules, tt.typ, tt.value); got != tt.want {
			t.Errorf("%s: detail %q, want %q", tt.typ, got, tt.want)
		}
	}
}

// Where punctuation is refused, alphanumeric values hold letters, marks, digits and spaces; other types stay as they are.
func TestCheckPunctuation(t *testing.T) {
	tests := []struct {
		typ   VarType
		value string
		want  string // the start of the detail; empty where it may stand
	}{
		{Alphanumeric, "Priya Sharma 2", ""},
		{Alphanumeric, "தமிழ்", ""},
		{Alphanumeric, "क्\u200dष ४२", ""},
		{Alphanumeric, "azAZ09", ""},
		{Alphanumeric, "27.9.2026", "character 3 is neither letter, digit nor space"},
		{Alphanumeric, "a@b", "character 2 is neither"},
		{Alphanumeric, "a[", "character 2 is neither"},
		{Alphanumeric, "a`", "character 2 is neither"},
		{Alphanumeric, "a{", "character 2 is neither"},
		{Alphanumeric, "₹5", "character 1 is neither"},
		{Alphanumeric, "राम।", "character 4 is neither"},
		{Alphanumeric, "hi 🙂", "character 4 is not one that"},
		{Untyped, "27.9.2026", ""},
		{Email, "a.b@example.com", ""},
		{CBN, "1800-123-4567", ""},
	}
	for _, tt := range tests {
		reason, got := (&Rules{}).CheckType(tt.typ, tt.value)
		if (got == "") != (tt.want == "") || !strings.HasPrefix(got, tt.want) || (reason == "") != (got == "") {
			t.Errorf("%s %q: %s %q, want %q", tt.typ, tt.value, reason, got, tt.want)
		}
		if reason, got := (&Rules{Punctuation: true}).CheckType(tt.typ, tt.value); strings.Contains(got, "neither") {
			t.Errorf("%s %q: %s %q where punctuation passes", tt.typ, tt.value, reason, got)
		}
	}
}

// A type whose whole rule is per character takes a value exactly when it takes every character of it.
func TestCheckPerCharacter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom([]VarType{Untyped, Unknown, Numeric, Alphanumeric}).Draw(t, "type")
		value := rapid.StringN(1, 20, -1).Draw(t, "value")
		want := true
		for _, r := range value {
			want = want && typ.Allows(r)
		}
		rules := Rules{Punctuation: true}
		if got, detail := rules.CheckType(typ, value); (got == "") != want || !typ.PerCharacter() {
			t.Fatalf("%s %q: %q (%s), want allowed %v", typ, value, got, detail, want)
		}
	})
}

// passing are values that pass, for what passing costs.
var passing = []struct {
	typ   VarType
	value string
}{{Untyped, "483921"}, {Numeric, "483921"}, {Alphanumeric, "Priya Sharma"}, {Alphanumeric, "प्रिया शर्मा"},
	{URL, "https://example.com/track/8841"}, {CBN, "1800-123-4567"}, {Email, "care@example.com"}}

func TestCheckAllocates(t *testing.T) {
	for _, tt := range passing {
		rules := RulesOf(Jio)
		if n := testing.AllocsPerRun(100, func() { _, _ = check(rules, tt.typ, tt.value) }); n != 0 {
			t.Errorf("%s: %v allocations for a value that passes, want none", tt.typ, n)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	rules := RulesOf("")
	for _, bb := range passing {
		b.Run(string(bb.typ), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if reason, _ := check(rules, bb.typ, bb.value); reason != "" {
					b.Fatal(reason)
				}
			}
		})
	}
}
