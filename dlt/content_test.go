package dlt

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseContent(t *testing.T) {
	lit := func(s string) Token { return Token{Literal: s} }
	tests := []struct {
		in   string
		want []Token
	}{
		{"No variable.", []Token{lit("No variable.")}},
		{"{#var#}", []Token{{Var: Untyped, Tag: "{#var#}"}}},
		{"{#var#} is your OTP, {#VAR#}.", []Token{
			{Var: Untyped, Tag: "{#var#}"}, lit(" is your OTP, "), {Var: Untyped, Tag: "{#VAR#}"}, lit(".")}},
		{"{#var#}{#var#}", []Token{{Var: Untyped, Tag: "{#var#}"}, {Var: Untyped, Tag: "{#var#}"}}},
		{"{#numeric#}{#Number#}{#num#}", []Token{
			{Var: Numeric, Tag: "{#numeric#}"}, {Var: Numeric, Tag: "{#Number#}"}, {Var: Numeric, Tag: "{#num#}"}}},
		{"{#alphanumeric#}{#alp#}{#email#}", []Token{
			{Var: Alphanumeric, Tag: "{#alphanumeric#}"}, {Var: Alphanumeric, Tag: "{#alp#}"}, {Var: Email, Tag: "{#email#}"}}},
		{"{#url#}{#urg#}{#urlott#}{#uro#}{#cbn#}", []Token{
			{Var: URL, Tag: "{#url#}"}, {Var: URL, Tag: "{#urg#}"}, {Var: URLOTT, Tag: "{#urlott#}"},
			{Var: URLOTT, Tag: "{#uro#}"}, {Var: CBN, Tag: "{#cbn#}"}}},
		{"#num# or #VAR#", []Token{{Var: Numeric, Tag: "#num#"}, lit(" or "), {Var: Untyped, Tag: "#VAR#"}}},
		{"#num#num# {#num#}url#", []Token{{Var: Numeric, Tag: "#num#"}, lit("num# "), {Var: Numeric, Tag: "{#num#}"}, lit("url#")}},
		{"Order #1 of #12# and #dob#, @acme.example #{#num#}", []Token{
			lit("Order #1 of #12# and #dob#, @acme.example #"), {Var: Numeric, Tag: "{#num#}"}}},
		{"@acme.example #123456", []Token{lit("@acme.example #123456")}},
		{"#otp#url#", []Token{lit("#otp"), {Var: URL, Tag: "#url#"}}},
		{"[#cbn#] ##", []Token{lit("["), {Var: CBN, Tag: "#cbn#"}, lit("] ##")}},
		{"a {#dob#} b", []Token{lit("a "), {Var: Unknown, Tag: "{#dob#}"}, lit(" b")}},
		{" Zeile 1\r\n  {#var#}<br/>\n# {x} ", []Token{
			lit(" Zeile 1\r\n  "), {Var: Untyped, Tag: "{#var#}"}, lit("<br/>\n# {x} ")}},
		{"आपका OTP {#num#} है।", []Token{lit("आपका OTP "), {Var: Numeric, Tag: "{#num#}"}, lit(" है।")}},
	}
	for _, tt := range tests {
		got, err := ParseContent(tt.in, nil)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("ParseContent(%q) = %v, %v; want %v", tt.in, got, err, tt.want)
		}
	}
}

func TestParseContentRefuses(t *testing.T) {
	tests := []struct{ in, fault string }{
		{"", "has no text"},
		{"a\xff{#var#}", "not UTF-8"},
		{strings.Repeat("अ", MaxContent) + "a", "has 2001 characters; 2000 may be registered"},
		{"OTP {#var", "tag at character 5"},
		{"ओटीपी {#var#} {#var} x", "tag at character 15"},
		{"{##}", "tag at character 1"},
		{"{# var #}", "tag at character 1"},
		{"{#{#var#}", "tag at character 1"},
		{"x {#var#", "tag at character 3"},
	}
	for _, tt := range tests {
		got, err := ParseContent(tt.in, nil)
		if err == nil || !strings.Contains(err.Error(), tt.fault) || got != nil {
			t.Errorf("ParseContent(%.30q) = %v, %v; want an error with %q", tt.in, got, err, tt.fault)
		}
	}
	if _, err := ParseContent(strings.Repeat("अ", MaxContent), nil); err != nil {
		t.Errorf("a text of %d characters: %v", MaxContent, err)
	}
}

func TestParseContentWithAliases(t *testing.T) {
	tags := map[string]VarType{"dob": Alphanumeric, "url": URLOTT}
	got, err := ParseContent("{#DOB#}#dob#{#url#}{#num#}#amt#", tags)
	want := []Token{{Var: Alphanumeric, Tag: "{#DOB#}"}, {Var: Alphanumeric, Tag: "#dob#"}, {Var: URLOTT, Tag: "{#url#}"},
		{Var: Numeric, Tag: "{#num#}"}, {Literal: "#amt#"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}

// FuzzParseContent asks that tokens give the text back, that literals never touch, and that what is refused is refused
// for a reason that shows in the text.
func FuzzParseContent(f *testing.F) {
	for _, seed := range []string{"", "{#var#}", "a{#num#}{#alp#}b", "{#", "#}", "{#x", "{#{#var#}#}", "{##}", "अ{#URG#}\r\n", "\xff", "#num#", "#dob#x#var#",
		"{#dob#}#1 #", "@acme.example #{#num#}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		tokens, err := ParseContent(content, map[string]VarType{"dob": Email})
		if err != nil {
			if content != "" && utf8.ValidString(content) && utf8.RuneCountInString(content) <= MaxContent && !strings.Contains(content, "{#") {
				t.Fatalf("%q refused: %v", content, err)
			}
			return
		}
		var back strings.Builder
		for i, token := range tokens {
			if (token.Literal == "") == (token.Var == "") || (token.Var == "") != (token.Tag == "") {
				t.Fatalf("%q: token %d is %+v", content, i, token)
			}
			if i > 0 && token.Literal != "" && tokens[i-1].Literal != "" {
				t.Fatalf("%q: literals %d and %d touch", content, i-1, i)
			}
			back.WriteString(token.Literal + token.Tag)
		}
		if back.String() != content {
			t.Fatalf("%q came back as %q", content, back.String())
		}
	})
}
