package app

import (
	"slices"
	"strings"
	"testing"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Ids of the scrub's tests, all made up.
const (
	scrubEntity   = dlt.EntityID("1101481029384756102")
	scrubOTP      = dlt.TemplateID("1107161234567890123")
	scrubOffer    = dlt.TemplateID("1107161234567890231")
	scrubLines    = dlt.TemplateID("1107161234567890349")
	scrubInactive = dlt.TemplateID("1107161234567890457")
)

func scrubRegister() *dlt.Register {
	active := dlt.Standing{Status: dlt.Active}
	template := func(id dlt.TemplateID, content string, cat dlt.Category, status dlt.Status, headers ...dlt.Header) dlt.Template {
		t := dlt.Template{ID: id, Entity: scrubEntity, Content: content, Category: cat, Standing: dlt.Standing{Status: status}}
		for _, h := range headers {
			t.Links = append(t.Links, dlt.Link{Template: id, Header: h, Standing: active})
		}
		return t
	}
	return dlt.NewRegister(1, dlt.Contents{
		Entities: []dlt.Entity{{ID: scrubEntity, Standing: active}},
		Headers:  []dlt.HeaderRecord{{Header: "ACMEBK", Entity: scrubEntity, Standing: active}, {Header: "ACMEIN", Entity: scrubEntity, Standing: active}},
		Templates: []dlt.Template{
			template(scrubOTP, "{#alp#} is your code. -ACMEBK", dlt.ServiceImplicit, dlt.Active, "ACMEBK", "ACMEIN"),
			template(scrubOffer, "Offer {#alp#}. -ACMEBK", dlt.Promotional, dlt.Active, "ACMEBK"),
			template(scrubLines, "Dear {#alp#},\nwelcome. -ACMEBK", dlt.ServiceImplicit, dlt.Active, "ACMEBK"),
			template(scrubInactive, "{#alp#} -ACMEBK", dlt.ServiceImplicit, dlt.Suspended, "ACMEBK"),
		},
		Chains: []dlt.ChainRecord{{Entity: scrubEntity, SMSC: "chained", IDs: []string{string(scrubEntity), "1102592013746580291"}, Standing: active}},
	})
}

// TestScrubMessage: what passes somewhere passes; what passes nowhere fails for what the first SMSC finds.
func TestScrubMessage(t *testing.T) {
	usual, strict, short, crlf := dlt.RulesOf(""), dlt.RulesOf(""), dlt.RulesOf(""), dlt.RulesOf("")
	strict.Punctuation, short.Alphanumeric, crlf.Newline = false, 4, dlt.CRLF
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, dlt.IST)
	night := noon.Add(10 * time.Hour)
	smsc := func(id sms.SMSCID, r *dlt.Rules, chain dlt.ChainMode) SMSCRules {
		return SMSCRules{SMSC: id, Rules: r, Chain: chain}
	}
	for _, tt := range []struct {
		name string
		q    ScrubQuery
		want dlt.Reason   // overall; empty: it passes
		each []dlt.Reason // by SMSC
	}{
		{"passes everywhere", ScrubQuery{Template: scrubOTP, Vars: []string{"483921"}, SMSCs: []SMSCRules{smsc("a", &usual, ""), smsc("b", &strict, "none")}},
			"", []dlt.Reason{"", ""}},
		{"no SMSC configured", ScrubQuery{Template: scrubOTP, Vars: []string{"483921"}}, "", []dlt.Reason{""}},
		{"passes at the second", ScrubQuery{Template: scrubOTP, Vars: []string{"22-11"}, SMSCs: []SMSCRules{smsc("a", &strict, ""), smsc("b", &usual, "")}},
			"", []dlt.Reason{dlt.VariableWrongType, ""}},
		{"the first one's reason", ScrubQuery{Template: scrubOTP, Vars: []string{"22-11"}, SMSCs: []SMSCRules{smsc("a", &short, ""), smsc("b", &strict, "")}},
			dlt.VariableTooLong, []dlt.Reason{dlt.VariableTooLong, dlt.VariableWrongType}},
		{"chain", ScrubQuery{Template: scrubOTP, Vars: []string{"1"}, SMSCs: []SMSCRules{smsc("chained", &usual, "hash")}}, "", []dlt.Reason{""}},
		{"no chain there", ScrubQuery{Template: scrubOTP, Vars: []string{"1"}, SMSCs: []SMSCRules{smsc("a", &usual, "hash")}},
			dlt.ChainMissing, []dlt.Reason{dlt.ChainMissing}},
		{"held back", ScrubQuery{Template: scrubOTP, Vars: []string{"1"}, SMSCs: []SMSCRules{smsc("a", &usual, ""), smsc("b", &usual, "")},
			Held: map[sms.SMSCID]time.Time{"a": noon}}, "", []dlt.Reason{dlt.Quarantined, ""}},
		{"not carried", ScrubQuery{Template: scrubOTP, Vars: []string{"1"}, SMSCs: []SMSCRules{smsc("a", &usual, "")},
			Carried: map[sms.SMSCID][]string{"a": {"promotional"}}}, dlt.CategoryNotAllowed, []dlt.Reason{dlt.CategoryNotAllowed}},
		{"promotional at noon", ScrubQuery{Template: scrubOffer, Vars: []string{"1"}}, "", []dlt.Reason{""}},
		{"promotional at night", ScrubQuery{Template: scrubOffer, Vars: []string{"1"}, At: night}, dlt.OutsideHours, []dlt.Reason{dlt.OutsideHours}},
		{"not carried, and at night", ScrubQuery{Template: scrubOffer, Vars: []string{"1"}, SMSCs: []SMSCRules{smsc("a", &usual, "")}, At: night,
			Carried: map[sms.SMSCID][]string{"a": {"service_implicit"}}}, dlt.CategoryNotAllowed, []dlt.Reason{dlt.CategoryNotAllowed}},
		{"at night, without a chain", ScrubQuery{Template: scrubOffer, Vars: []string{"1"}, SMSCs: []SMSCRules{smsc("a", &usual, "hash")}, At: night},
			dlt.OutsideHours, []dlt.Reason{dlt.OutsideHours}},
		{"another text", ScrubQuery{Template: scrubOTP, Text: "1 was your code. -ACMEBK", HasText: true}, dlt.TextMismatch, []dlt.Reason{dlt.TextMismatch}},
		{"suspended", ScrubQuery{Template: scrubInactive, Vars: []string{"1"}}, dlt.TemplateInactive, nil},
		{"unknown", ScrubQuery{Template: "1107169999999999999"}, dlt.UnknownTemplate, nil},
		{"unknown header", ScrubQuery{Template: scrubOTP, Header: "NOSUCH", Vars: []string{"1"}}, dlt.UnknownHeader, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.q.At.IsZero() {
				tt.q.At = noon
			}
			v := ScrubMessage(scrubRegister(), tt.q)
			var each []dlt.Reason
			for _, s := range v.SMSCs {
				each = append(each, s.Reason)
				if s.OK != (s.Reason == "") {
					t.Errorf("%+v", s)
				}
			}
			if v.OK != (tt.want == "") || v.Reason != tt.want || !slices.Equal(each, tt.each) {
				t.Errorf("%+v\n want %q, %q", v, tt.want, tt.each)
			}
			if v.Costs == nil || v.Warnings == nil || v.SMSCs == nil {
				t.Errorf("a list is null in JSON: %+v", v)
			}
		})
	}

	t.Run("lenient", func(t *testing.T) {
		v := ScrubMessage(scrubRegister(), ScrubQuery{Template: scrubOTP, Text: "1 is your code -ACMEBK", HasText: true, At: noon})
		if v.OK || v.Position != 15 || !v.Lenient.OK || v.Segments != 1 {
			t.Errorf("%+v", v)
		}
	})
	t.Run("costs by text", func(t *testing.T) {
		codings := []Coding{{SMSCs: []sms.SMSCID{"a", "b", "c", "d"}, Coding: &sms.Coding{}, Price: 0.1}}
		v := ScrubMessage(scrubRegister(), ScrubQuery{Template: scrubLines, Vars: []string{"A. Nair"}, At: noon, Codings: codings,
			SMSCs: []SMSCRules{smsc("a", &usual, ""), smsc("b", &crlf, ""), smsc("c", &strict, ""), smsc("d", &usual, "")}})
		if !v.OK || v.Text != "Dear A. Nair,\nwelcome. -ACMEBK" || len(v.Costs) != 2 || !slices.Equal(v.Costs[0].SMSCs, []sms.SMSCID{"a", "d"}) ||
			!slices.Equal(v.Costs[1].SMSCs, []sms.SMSCID{"b"}) || v.Costs[0].Price != 0.1 {
			t.Errorf("%+v", v)
		}
		if len(v.Warnings) != 1 || v.Warnings[0].Reason != dlt.VariableWrongType {
			t.Errorf("warnings %+v", v.Warnings)
		}
	})
}

// TestLintChains: chains are looked at where an SMSC wants one, by its operator's limits.
func TestLintChains(t *testing.T) {
	usual, vi := dlt.RulesOf(""), dlt.RulesOf(dlt.Vi)
	reg := scrubRegister().With(2, dlt.Contents{Chains: []dlt.ChainRecord{{Entity: scrubEntity, SMSC: "vi", Standing: dlt.Standing{Status: dlt.Active},
		IDs: []string{string(scrubEntity), "1102592013746580291", "1102592013746580399", "1102592013746580407"}}}})
	l := &Linter{Register: reg, at: time.Date(2026, 11, 22, 12, 0, 0, 0, dlt.IST), smscs: []SMSCRules{{SMSC: "none", Rules: &usual, Chain: dlt.ChainNone},
		{SMSC: "chained", Rules: &usual, Chain: dlt.ChainHash}, {SMSC: "missing", Rules: &usual, Chain: dlt.ChainTMID}, {SMSC: "vi", Rules: &vi, Chain: dlt.ChainList}}}
	e, _ := reg.Entity(scrubEntity)
	var found []string
	for _, f := range l.chains(e) {
		found = append(found, f.Code+" "+f.Operator)
		if f.Kind != dlt.KindChain || f.Subject != string(scrubEntity) || f.Mend == "" || !strings.Contains(f.Detail, map[string]string{"chain_missing": "missing", "chain_faulty": "at vi"}[f.Code]) {
			t.Errorf("%+v", f)
		}
	}
	if !slices.Equal(found, []string{"chain_missing ", "chain_faulty vi"}) {
		t.Errorf("%v", found)
	}
}
