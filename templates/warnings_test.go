package templates

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"harkara/dlt"
)

func TestWarnings(t *testing.T) {
	const cta = ": " + notWhitelisted
	tests := []struct {
		content, value string
		change         func(*dlt.Rules)
		want           []string
	}{
		{"{#var#}", "Acme Bank, Pune", nil, nil},
		{"{#alp#}", "Acme 12 अनीता", nil, nil},
		{"{#alp#}", "27.9.2026", nil, []string{"variable_wrong_type 1"}},
		{"{#alp#}", "27.9.2026", func(r *dlt.Rules) { r.Punctuation = false }, nil}, // it does not pass: no warning, a violation
		{"{#var#}", strings.Repeat("x", 31), func(r *dlt.Rules) { r.Untyped = 40 }, []string{"variable_too_long 1: variable 1 (untyped): 31 characters, 30 allowed by airtel"}},
		{"{#num#}", strings.Repeat("1", 31), nil, []string{"variable_too_long 1: variable 1 (numeric): 31 characters, 30 allowed by jio"}},
		{"{#num#}", strings.Repeat("1", 30), nil, nil},
		{"{#num#}", strings.Repeat("1", 41), nil, nil}, // a violation
		{"{#url#}", "https://acme.example/b", nil, []string{"cta_not_whitelisted 1: variable 1 (url)" + cta}},
		{"{#url#}", "https://acme.example/a", nil, nil},
		{"{#url#}", "https://acme.example/b", func(r *dlt.Rules) { r.CTA = true }, nil},
		{"{#var#}", "see https://evil.example/b.", nil, []string{"cta_not_whitelisted 1: variable 1 (untyped): holds a URL, and" + cta[1:]}},
		{"{#var#}", "see https://acme.example/a.", nil, nil},
		{"{#dob#}", "evil.com", nil, []string{"cta_not_whitelisted 1"}},
		{"{#alp#}", "WWW.evil.example", nil, []string{"variable_wrong_type 1", "cta_not_whitelisted 1"}},
		{"{#var#}", "(evil.in)", nil, []string{"cta_not_whitelisted 1"}},
		{"{#var#}", "care@evil.example", nil, []string{"cta_not_whitelisted 1: variable 1 (untyped): holds an e-mail address, and" + cta[1:]}},
		{"{#var#}", "care@acme.example", nil, nil},
		{"{#var#}", "call 18001234567", nil, []string{"cta_not_whitelisted 1: variable 1 (untyped): holds a call-back number, and" + cta[1:]}},
		{"{#var#}", "+919812345678", nil, []string{"cta_not_whitelisted 1"}},
		{"{#var#}", "9812345678", nil, nil}, // as well an account
		{"{#num#}", "18001234567", nil, nil},
		{"{#var#}", "11.40am Rs.500 Mr.Bose 1.5", nil, nil},
	}
	for _, tt := range tests {
		s := usual()
		s.CTAs = whitelisted(dlt.CTA{Type: dlt.CTAStatic, Value: "https://acme.example/a"}, dlt.CTA{Type: dlt.CTAEmail, Value: "care@acme.example"})
		if tt.change != nil {
			tt.change(s.Rules)
		}
		var got []string
		for _, w := range compile(t, tt.content).Warnings(secrets(tt.value), s) {
			got = append(got, fmt.Sprintf("%s %d: %s", w.Reason, w.Position, w.Detail))
			if strings.Contains(w.Detail, tt.value) {
				t.Errorf("the detail %q holds the value", w.Detail)
			}
		}
		if !slices.EqualFunc(got, tt.want, strings.HasPrefix) {
			t.Errorf("%s %q: %q, want %q", tt.content, tt.value, got, tt.want)
		}
	}
	if got := compile(t, "{#var#}").Warnings(nil, usual()); got != nil {
		t.Errorf("warnings of no variables: %v", got)
	}
}
