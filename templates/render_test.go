package templates

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"harkara/dlt"
	"harkara/smpp/sms"
)

func compile(t testing.TB, content string, types ...dlt.VarType) *Compiled {
	t.Helper()
	c, err := Compile(dlt.Template{ID: "1107000000000000001", Content: content, VarTypes: types})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// usual is a scrub by the rules that all operators take, CTAs aside.
func usual() Scrub {
	rules := dlt.RulesOf("")
	rules.CTA = false
	return Scrub{Rules: &rules}
}

// inForm is usual with line breaks in a form.
func inForm(form dlt.Newline) Scrub {
	s := usual()
	s.Rules.Newline = form
	return s
}

// whitelisted are an entity's CTAs.
func whitelisted(rows ...dlt.CTA) *dlt.CTAs {
	for i := range rows {
		rows[i].Entity, rows[i].Standing = "1101000000000000001", dlt.Standing{Status: dlt.Active}
	}
	return dlt.NewRegister(1, dlt.Contents{CTAs: rows}).CTAs("1101000000000000001")
}

func secrets(values ...string) []sms.Secret {
	var out []sms.Secret
	for _, v := range values {
		out = append(out, sms.Secret(v))
	}
	return out
}

func reveal(vars []sms.Secret) []string {
	var out []string
	for _, v := range vars {
		out = append(out, v.Reveal())
	}
	return out
}

func TestRender(t *testing.T) {
	tests := []struct {
		content string
		vars    []string
		want    string
	}{
		{"No variable.", nil, "No variable."},
		{"{#var#}", []string{"x"}, "x"},
		{"{#var#} is your OTP for {#var#}. -ACMEBK", []string{"483921", "Acme"}, "483921 is your OTP for Acme. -ACMEBK"},
		{"a{#var#}{#num#}b", []string{"xyz", "12"}, "axyz12b"},
		{"आपका OTP {#num#} है।\r\n", []string{"483921"}, "आपका OTP 483921 है।\r\n"},
		{"See {#url#}", []string{"https://example.com/a"}, "See https://example.com/a"},
		{"{#dob#}.", []string{"1 May"}, "1 May."}, // a tag of unknown meaning
		{"{#var#} {#var#}", []string{"{#var#}", "%s"}, "{#var#} %s"},
	}
	for _, tt := range tests {
		got, v := compile(t, tt.content).Render(secrets(tt.vars...), usual())
		if v != nil || got.Reveal() != tt.want {
			t.Errorf("%q with %q: got %q, %v; want %q", tt.content, tt.vars, got.Reveal(), v, tt.want)
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	const id = "1107000000000000001"
	tests := []struct {
		content string
		types   []dlt.VarType
		vars    []string
		want    dlt.Violation
	}{
		{"{#var#} {#var#}", nil, []string{"483921"},
			dlt.Violation{Reason: dlt.WrongVariableCount, Detail: "template " + id + " takes 2 variables, the request has 1"}},
		{"no variable", nil, []string{"483921"},
			dlt.Violation{Reason: dlt.WrongVariableCount, Detail: "template " + id + " takes 0 variables, the request has 1"}},
		{"{#var#} {#var#}", nil, []string{"ok", strings.Repeat("7", 31)},
			dlt.Violation{Reason: dlt.VariableTooLong, Detail: "variable 2 (untyped): 31 characters, 30 allowed", Position: 2}},
		{"{#num#}", nil, []string{"48392I"},
			dlt.Violation{Reason: dlt.VariableWrongType, Detail: "variable 1 (numeric): character 6 is not one that a numeric variable may hold", Position: 1}},
		{"{#var#}", nil, []string{""},
			dlt.Violation{Reason: dlt.VariableWrongType, Detail: "variable 1 (untyped): empty", Position: 1}},
		{"{#var#}{#var#}", []dlt.VarType{dlt.Untyped, dlt.Numeric}, []string{"x", "y"}, // types beside the text
			dlt.Violation{Reason: dlt.VariableWrongType, Detail: "variable 2 (numeric): character 1 is not one that a numeric variable may hold", Position: 2}},
		{"{#num#}", []dlt.VarType{dlt.Alphanumeric}, []string{"x"}, // the tag's own type goes first
			dlt.Violation{Reason: dlt.VariableWrongType, Detail: "variable 1 (numeric): character 1 is not one that a numeric variable may hold", Position: 1}},
	}
	for _, tt := range tests {
		text, v := compile(t, tt.content, tt.types...).Render(secrets(tt.vars...), usual())
		if v == nil || *v != tt.want || text != "" {
			t.Errorf("%q: got %+v, want %+v", tt.content, v, tt.want)
		}
	}
}

// The order of checks is the operators': by kind of check over all variables, not by variable.
func TestRenderNamesTheFirstFailureByKindOfCheck(t *testing.T) {
	s := usual()
	s.Rules.CTA = true
	s.CTAs = whitelisted(dlt.CTA{Type: dlt.CTAStatic, Value: "https://acme.example/a"})
	tests := []struct {
		vars     []string
		reason   dlt.Reason
		position int
	}{
		{[]string{"https://acme.example/b", "1x", strings.Repeat("y", 31), "z"}, dlt.WrongVariableCount, 0},
		{[]string{"https://acme.example/b", "1x", strings.Repeat("y", 31)}, dlt.VariableTooLong, 3},
		{[]string{"https://acme.example/b", "1x", "y"}, dlt.VariableWrongType, 2},
		{[]string{"https://acme.example/b", "1", "y"}, dlt.CTANotWhitelisted, 1},
		{[]string{"https://acme.example/a", "1", "y"}, "", 0},
	}
	for _, tt := range tests {
		_, v := compile(t, "{#url#} {#num#} {#var#}").Render(secrets(tt.vars...), s)
		if v == nil {
			v = &dlt.Violation{}
		}
		if v.Reason != tt.reason || v.Position != tt.position {
			t.Errorf("%q: %+v, want %s at %d", tt.vars, v, tt.reason, tt.position)
		}
	}
}

func TestRenderWritesLineBreaksInTheRulesForm(t *testing.T) {
	tests := []struct{ content, stored, lf, crlf string }{
		{"{#var#} no break", "x no break", "x no break", "x no break"},
		{"a\n{#var#}\n\nb", "a\nx\n\nb", "a\nx\n\nb", "a\r\nx\r\n\r\nb"},
		{"a\r\n{#var#}\r\nb", "a\r\nx\r\nb", "a\nx\nb", "a\r\nx\r\nb"},
		{"a\r{#var#}\n\rb\r\n", "a\rx\n\rb\r\n", "a\nx\n\nb\n", "a\r\nx\r\n\r\nb\r\n"},
	}
	for _, tt := range tests {
		c := compile(t, tt.content)
		for form, want := range map[dlt.Newline]string{dlt.AsStored: tt.stored, dlt.LF: tt.lf, dlt.CRLF: tt.crlf} {
			s := inForm(form)
			got, v := c.Render(secrets("x"), s)
			if v != nil || got.Reveal() != want {
				t.Errorf("%q as %s: %q, %v; want %q", tt.content, form, got.Reveal(), v, want)
			}
			if n := c.WorstCase(s.Rules); n != utf8.RuneCountInString(want)-1+30 {
				t.Errorf("%q as %s: worst case %d", tt.content, form, n)
			}
		}
	}
}

// Where the forms of line break do not differ, they are held once.
func TestCompileSharesForms(t *testing.T) {
	if c := compile(t, "{#var#} a"); c.lf != &c.stored || c.crlf != &c.stored {
		t.Error("forms of a text without a line break are not shared")
	}
	if c := compile(t, "{#var#}\r\na"); c.crlf != &c.stored || c.lf == &c.stored {
		t.Error("CRLF is how this text is stored, and LF is not")
	}
}

func TestCompile(t *testing.T) {
	c := compile(t, "आप {#var#}{#num#} {#url#}!", dlt.Alphanumeric)
	want := []dlt.VarType{dlt.Alphanumeric, dlt.Numeric, dlt.URL}
	if n := c.WorstCase(usual().Rules); c.ID() != "1107000000000000001" || !slices.Equal(c.Slots(), want) || n != 5+200 {
		t.Errorf("%s: slots %v, worst case %d; want %v, 205", c.ID(), c.Slots(), n, want)
	}
	_, err := Compile(dlt.Template{ID: "1107000000000000002", Content: "x {#var"})
	if err == nil || !strings.Contains(err.Error(), "template 1107000000000000002: the tag at character 3") {
		t.Errorf("broken tag: %v", err)
	}
}

// Text and variables do not show in what is printed of them.
func TestRenderedTextIsMasked(t *testing.T) {
	vars := secrets("483921")
	text, v := compile(t, "{#var#} is your OTP").Render(vars, usual())
	if got := fmt.Sprintf("%v %+v %#v %s", text, vars, vars, text); v != nil || strings.Contains(got, "483921") {
		t.Errorf("printed as %s, %v", got, v)
	}
}

// A template of 100 characters with two variables.
const benchContent = "{#var#} is your OTP to log in to Acme Bank. Valid for {#var#} minutes. Do not share it. Call 1800 -ACMEBK"

func TestRenderAllocates(t *testing.T) {
	c, vars, s := compile(t, benchContent+strings.Repeat("\n", 200)), secrets("483921", "10"), inForm(dlt.CRLF)
	if n := testing.AllocsPerRun(100, func() { _, _ = c.Render(vars, s) }); n != 1 {
		t.Errorf("%v allocations, want the text's one", n)
	}
}

func BenchmarkRender(b *testing.B) {
	c, vars, s := compile(b, benchContent), secrets("483921", "10"), usual()
	b.ReportAllocs()
	for b.Loop() {
		if _, v := c.Render(vars, s); v != nil {
			b.Fatal(v)
		}
	}
}
