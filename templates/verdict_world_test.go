package templates_test

import (
	"strings"
	"testing"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/templates"
)

// Ids of the made-up register.
const (
	acme    dlt.EntityID   = "1101999900000000017"
	other   dlt.EntityID   = "1101999900000000025" // an entity that is not the template's
	otp     dlt.TemplateID = "1107999900000000033"
	courier                = "1102999900000000041" // a telemarketer
)

// world is the register that a row meets, and the query that it makes of it. The first rows are the template's.
type world struct {
	contents dlt.Contents
	query    dlt.Query
	mode     dlt.ChainMode // in which the SMSC "sim-a" wants the chain
	rules    dlt.Rules     // of its scrubber

	register *dlt.Register
	compiled *templates.Compiled
	scrub    templates.Scrub
}

// newWorld makes the row's register, one entity with one header, one template and their link, all in force but for what
// the row changes, and compiles the template.
func newWorld(t *testing.T, r verdict) *world {
	active := dlt.Standing{Status: dlt.Active}
	w := &world{mode: dlt.ChainNone, rules: dlt.RulesOf(r.operator)}
	w.query = dlt.Query{Template: otp, Header: "ACMEBK", Allowed: []dlt.Header{"ACMEBK"}, At: instant(t, r.at)}
	w.contents = dlt.Contents{
		Entities: []dlt.Entity{{ID: acme, Name: "Acme Bank (made up)", Standing: active}, {ID: other, Standing: active}},
		Headers:  []dlt.HeaderRecord{{Header: "ACMEBK", Entity: acme, Standing: active}},
		Templates: []dlt.Template{{ID: otp, Entity: acme, Content: r.content, VarTypes: r.types,
			Category: dlt.ServiceImplicit, Standing: active}},
		Links: []dlt.Link{{Template: otp, Header: "ACMEBK", Standing: active}},
	}
	for _, cta := range r.ctas {
		w.contents.CTAs = append(w.contents.CTAs, listed(t, cta))
	}
	if r.register != nil {
		r.register(w)
	}
	if r.rules != nil {
		r.rules(&w.rules)
	}
	w.register = dlt.NewRegister(1, w.contents)
	template, _ := w.register.Template(otp)
	var err error
	if w.compiled, err = templates.Compile(*template); err != nil {
		t.Fatal(err)
	}
	w.scrub = templates.Scrub{Rules: &w.rules, CTAs: w.register.CTAs(acme), At: w.query.At}
	return w
}

// listed reads a row's "type value" as an import does.
func listed(t *testing.T, cta string) dlt.CTA {
	name, value, _ := strings.Cut(cta, " ")
	typ, err := dlt.ParseCTAType(name)
	if err != nil {
		t.Fatal(err)
	}
	if value, err = dlt.ParseCTA(typ, value); err != nil {
		t.Fatal(err)
	}
	return dlt.CTA{Entity: acme, Type: typ, Value: value, Standing: dlt.Standing{Status: dlt.Active}}
}

// instant reads a time of a row.
func instant(t *testing.T, at string) time.Time {
	switch {
	case at == "":
		at = "2026-11-22 12:00:00"
	case len(at) == len("12:00:00"):
		at = "2026-11-22 " + at
	}
	if utc, ok := strings.CutSuffix(at, " UTC"); ok {
		when, err := time.Parse(time.DateTime, utc)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	when, err := time.ParseInLocation(time.DateTime, at, dlt.IST)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func secrets(vars []string) []sms.Secret {
	all := make([]sms.Secret, len(vars))
	for i, v := range vars {
		all[i] = sms.Secret(v)
	}
	return all
}

func orElse[T comparable](v, otherwise T) T {
	if v == *new(T) {
		return otherwise
	}
	return v
}
