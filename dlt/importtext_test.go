package dlt

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNormalise(t *testing.T) {
	tags := map[string]VarType{"dob": Alphanumeric, "url": URLOTT, "odd": Unknown}
	tests := []struct{ raw, want, rule string }{
		{"plain {#num#} text", "plain {#num#} text", ""},
		{" two  spaces, ‘curly’, a\r\n b\t", " two  spaces, ‘curly’, a\r\n b\t", ""},
		{"a<br/>b", "a\nb", "br"},
		{"a<BR>b<br />c<br   />d", "a\nb\nc\nd", "br"},
		{"a<br/>\nb<br/>\r\nc<br/>\rd", "a\nb\nc\nd", "br"},
		{"a<br/><br/>b<br/>\n\nc", "a\n\nb\n\nc", "br"},
		{"a\r\nb<br/>c", "a\r\nb\nc", "br"}, // a CRLF of the text itself stays
		{"a<br/>  b\n   c ", "a\nb\nc ", "br+indent"},
		{"  a<br/>b", "  a\nb", "br"}, // the first line's indent is the text's
		{"a\n   b", "a\n   b", ""},    // so is any where no <br> stands
		{"a<br/> \tb", "a\n\tb", "br+indent"},
		{"a < b <b> <br <brx> </br> <br//>", "a < b <b> <br <brx> </br> <br//>", ""},
		{"<br", "<br", ""},
		{"#num# and #1", "{#numeric#} and #1", "tags"},
		{"{#Alp#}{#NUM#}", "{#Alp#}{#NUM#}", ""},
		{"{#dob#} #DOB# {#mob#}", "{#alphanumeric#} {#alphanumeric#} {#mob#}", "tags"},
		{"{#url#}{#uro#}", "{#urlott#}{#uro#}", "tags"}, // an alias goes before the table
		{"{#odd#}#odd#", "{#odd#}#odd#", ""},
		{"#cbn#<br/> #var#", "{#cbn#}\n{#var#}", "br+indent+tags"},
		{"{#dob} #num#", "{#dob} #num#", ""}, // refused anyway
	}
	for _, tt := range tests {
		if got, rule := normalise(tt.raw, tags); got != tt.want || rule != tt.rule {
			t.Errorf("normalise(%q) = %q, %q; want %q, %q", tt.raw, got, rule, tt.want, tt.rule)
		}
	}
}

// A text that was normalised is left alone the next time, and means without the aliases what it meant with them.
func TestNormaliseOnce(t *testing.T) {
	tags := map[string]VarType{"dob": Alphanumeric, "url": URLOTT}
	part := rapid.SampledFrom([]string{"a", " ", "अ", "\n", "\r\n", "<br/>", "<BR >", "{#num#}", "#num#", "{#dob#}", "#dob#", "{#x#}",
		"#", "{#url#}", "br", "/>", "{#", "#}"})
	rapid.Check(t, func(t *rapid.T) {
		raw := strings.Join(rapid.SliceOfN(part, 1, 12).Draw(t, "parts"), "")
		text, _ := normalise(raw, tags)
		if again := canonicalise("", text, tags); again != text && !strings.Contains(text, "{#url#}") {
			t.Fatalf("%q became %q, then %q", raw, text, again)
		}
		with, err := ParseContent(breakLines("", raw, nil), tags)
		if err != nil {
			return
		}
		plain, err := ParseContent(text, nil)
		if err != nil {
			t.Fatalf("%q became %q: %v", raw, text, err)
		}
		if a, b := typesOf(with), typesOf(plain); a != b {
			t.Fatalf("%q has the variables %s, %q has %s", raw, a, text, b)
		}
	})
}

func typesOf(tokens []Token) string {
	var types []string
	for _, t := range tokens {
		if t.Var != "" {
			types = append(types, string(t.Var))
		}
	}
	return strings.Join(types, " ")
}
