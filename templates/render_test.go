package templates

import (
	"fmt"
	"slices"
	"strings"
	"testing"

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
		got, v := compile(t, tt.content).Render(secrets(tt.vars...))
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
		text, v := compile(t, tt.content, tt.types...).Render(secrets(tt.vars...))
		if v == nil || *v != tt.want || text != "" {
			t.Errorf("%q: got %+v, want %+v", tt.content, v, tt.want)
		}
	}
}

func TestCompile(t *testing.T) {
	c := compile(t, "आप {#var#}{#num#} {#url#}!", dlt.Alphanumeric)
	want := []Slot{{dlt.Alphanumeric, 40}, {dlt.Numeric, 40}, {dlt.URL, 120}}
	if c.ID() != "1107000000000000001" || !slices.Equal(c.Slots(), want) || c.WorstCase() != 5+200 {
		t.Errorf("%s: slots %v, worst case %d; want %v, 205", c.ID(), c.Slots(), c.WorstCase(), want)
	}
	_, err := Compile(dlt.Template{ID: "1107000000000000002", Content: "x {#var"})
	if err == nil || !strings.Contains(err.Error(), "template 1107000000000000002: the tag at character 3") {
		t.Errorf("broken tag: %v", err)
	}
}

func TestNewCatalog(t *testing.T) {
	reg := dlt.NewRegister(nil, nil, []dlt.Template{
		{ID: "1107000000000000003", Content: "{#var#}"},
		{ID: "1107000000000000002", Content: "{#var#} {#dob#}"},
		{ID: "1107000000000000001", Content: "{#var"},
	})
	cat, findings := NewCatalog(reg)
	want := []Finding{
		{"1107000000000000001", "template 1107000000000000001: the tag at character 1 is not written as {#name#}, such as {#var#} or {#num#}"},
		{"1107000000000000002", "variable 2 has a tag of unknown meaning"},
	}
	if !slices.Equal(findings, want) {
		t.Errorf("findings %+v, want %+v", findings, want)
	}
	for id, want := range map[dlt.TemplateID]bool{"1107000000000000001": false, "1107000000000000002": true, "1107000000000000003": true, "x": false} {
		if c, ok := cat.Lookup(id); ok != want || ok && c.ID() != id {
			t.Errorf("Lookup(%s) = %v, want %v", id, ok, want)
		}
	}
}

// Text and variables do not show in what is printed of them.
func TestRenderedTextIsMasked(t *testing.T) {
	vars := secrets("483921")
	text, v := compile(t, "{#var#} is your OTP").Render(vars)
	if got := fmt.Sprintf("%v %+v %#v %s", text, vars, vars, text); v != nil || strings.Contains(got, "483921") {
		t.Errorf("printed as %s, %v", got, v)
	}
}

// A template of 100 characters with two variables.
const benchContent = "{#var#} is your OTP to log in to Acme Bank. Valid for {#var#} minutes. Do not share it. Call 1800 -ACMEBK"

func TestRenderAllocates(t *testing.T) {
	c, vars := compile(t, benchContent), secrets("483921", "10")
	if n := testing.AllocsPerRun(100, func() { _, _ = c.Render(vars) }); n != 1 {
		t.Errorf("%v allocations, want the text's one", n)
	}
}

func BenchmarkRender(b *testing.B) {
	c, vars := compile(b, benchContent), secrets("483921", "10")
	b.ReportAllocs()
	for b.Loop() {
		if _, v := c.Render(vars); v != nil {
			b.Fatal(v)
		}
	}
}
