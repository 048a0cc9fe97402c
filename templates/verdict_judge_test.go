package templates_test

import (
	"slices"
	"strings"
	"testing"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// judge takes the message the way that a gateway does, and returns the text that goes out, or would have without the
// violation.
func (w *world) judge(t *testing.T, r verdict) (sms.Secret, *dlt.Violation) {
	text := sms.Secret(fill(t, r))
	grant, v := w.register.Resolve(w.query)
	if v == nil {
		w.scrub.CTAs = grant.CTAs
		v = grant.CheckCategory()
	}
	if v != nil {
		return text, v
	}
	if text, v = w.compare(t, r, text); v == nil {
		v = w.late(grant)
	}
	return text, v
}

// compare matches the finished text, or renders the variables.
func (w *world) compare(t *testing.T, r verdict, text sms.Secret) (sms.Secret, *dlt.Violation) {
	if r.finished {
		vars, v := w.compiled.Match(text, w.scrub)
		if v == nil && !slices.Equal(vars, secrets(r.vars)) {
			t.Errorf("the match finds other variables than %q", r.vars)
		}
		return text, v
	}
	out, v := w.compiled.Render(secrets(r.vars), w.scrub)
	switch {
	case v != nil:
		return text, v
	case w.rules.Newline == dlt.AsStored && out != text:
		t.Errorf("renders %q, want %q", out.Reveal(), text.Reveal())
	}
	return out, nil
}

// late is what the SMSC's own rules forbid: the hours of promotional messages, and a chain that is missing.
func (w *world) late(grant dlt.Grant) *dlt.Violation {
	if v := w.rules.CheckHours(grant.Category, w.query.At); v != nil {
		return v
	}
	ids, _ := w.register.Chain(grant.Entity, "sim-a", w.query.At)
	if w.mode != dlt.ChainNone && dlt.ChainValue(w.mode, ids) == "" {
		return &dlt.Violation{Reason: dlt.ChainMissing}
	}
	return nil
}

// fill is the row's finished text, or content with vars in place of its tags, without any check.
func fill(t *testing.T, r verdict) string {
	if r.finished {
		return r.text
	}
	tokens, err := dlt.ParseContent(r.content, nil)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	vars := r.vars
	for _, token := range tokens {
		if token.Var != "" && len(vars) > 0 {
			token.Literal, vars = vars[0], vars[1:]
		}
		text.WriteString(token.Literal)
	}
	return text.String()
}
