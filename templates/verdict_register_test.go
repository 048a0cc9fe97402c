package templates_test

import (
	"slices"
	"time"

	"harkara/dlt"
)

// Reasons of the register.
const (
	noTemplate, noHeader, noEntity  = "unknown_template", "unknown_header", "entity_unknown"
	badTemplate, badHeader, badLink = "template_inactive", "header_inactive", "header_not_linked"
	notTheirs, noChain              = "header_not_allowed", "chain_missing"
)

// ask asks for a header, which the tenant may use.
func ask(h dlt.Header) func(*world) {
	return func(w *world) { w.query.Header, w.query.Allowed = h, append(w.query.Allowed, h) }
}

// second adds an active header of the entity, linked too where it says so.
func second(w *world, linked bool) {
	w.contents.Headers = append(w.contents.Headers, dlt.HeaderRecord{Header: "ACMEIN", Entity: acme,
		Standing: dlt.Standing{Status: dlt.Active}})
	w.query.Allowed = append(w.query.Allowed, "ACMEIN")
	if linked {
		w.contents.Links = append(w.contents.Links, dlt.Link{Template: otp, Header: "ACMEIN",
			Standing: dlt.Standing{Status: dlt.Active}})
	}
}

var headerRows = block{
	about: "the header: its letters by case, without prefix and suffix, of the template's entity, linked to the template",
	source: "https://textlocal.in/dlt: ABCDEF and abcdef are two; code 620 HEADER_NOT_FOUND (case sensitive), 623 PEID_NOT_MATCHED_" +
		"WITH_HEADER, 634 HEADER_NOT_REGISTERED_FOR_TEMPLATE; -S is appended by the operator, https://www.smsgatewaycenter.com/blog/?p=1576",
	lenient: "-",
	rows: []verdict{
		{name: "as registered", vars: otpVars, strict: ok, lenient: ok},
		{name: "in small letters", register: ask("acmebk"), vars: otpVars, strict: noHeader},
		{name: "one letter in another case", register: ask("ACMEBk"), vars: otpVars, strict: noHeader},
		{name: "the same letters in both cases are two headers", vars: otpVars, strict: badLink, register: func(w *world) {
			second(w, false)
			w.contents.Headers[1].Header = "acmebk"
			ask("acmebk")(w)
		}},
		{name: "with the operator's prefix", register: ask("VM-ACMEBK"), vars: otpVars, strict: noHeader},
		{name: "with the suffix", register: ask("ACMEBK-S"), vars: otpVars, strict: noHeader},
		{name: "with both", register: ask("VM-ACMEBK-S"), vars: otpVars, strict: noHeader},
		{name: "unknown", register: ask("ACMEXX"), vars: otpVars, strict: noHeader},
		{name: "not linked to the template", vars: otpVars, strict: badLink, register: func(w *world) {
			second(w, false)
			w.query.Header = "ACMEIN"
		}},
		{name: "linked, the second of two", vars: otpVars, strict: ok, lenient: ok, register: func(w *world) {
			second(w, true)
			w.query.Header = "ACMEIN"
		}},
		{name: "of another entity", vars: otpVars, strict: badLink, register: func(w *world) {
			second(w, true)
			w.contents.Headers[1].Entity = other
			w.query.Header = "ACMEIN"
		}},
		{name: "not the tenant's", vars: otpVars, strict: notTheirs, register: func(w *world) { w.query.Allowed = nil }},
		{name: "none named, one linked", vars: otpVars, strict: ok, lenient: ok,
			register: func(w *world) { w.query.Header = "" }},
		{name: "none named, two linked", vars: otpVars, strict: noHeader, register: func(w *world) {
			second(w, true)
			w.query.Header = ""
		}},
		{name: "none named, two linked, one link suspended", vars: otpVars, strict: ok, lenient: ok, register: func(w *world) {
			second(w, true)
			w.contents.Links[1].Status = dlt.Suspended
			w.query.Header = ""
		}},
		{name: "none named, none linked", vars: otpVars, strict: badLink, register: func(w *world) {
			w.contents.Links = nil
			w.query.Header = ""
		}},
		{name: "three letters", vars: otpVars, strict: ok, lenient: ok, register: func(w *world) {
			w.contents.Headers[0].Header, w.contents.Links[0].Header = "ACM", "ACM"
			ask("ACM")(w)
		}},
		{name: "Hindi, in small letters", content: otpHI, register: ask("acmebk"), vars: otpVars, strict: noHeader},
		{name: "Tamil, with the suffix", content: otpTA, register: ask("ACMEBK-T"), vars: otpVars, strict: noHeader},
		{name: "Bengali, with the prefix", content: otpBN, register: ask("JD-ACMEBK"), vars: otpVars, strict: noHeader},
	},
}

var standingRows = block{
	about: "only what is active and in force may be used: entity, header, link, template",
	source: "codes 600-603 entity, 621-625 header, 631, 632 template, 448-451 suspended; " +
		"https://smsgatewayhub.freshdesk.com/support/solutions/articles/3000129776; from the first moment of validity until, not including, the last",
	lenient: "-",
	rows: slices.Concat(
		standings("entity", noEntity, func(w *world) *dlt.Standing { return &w.contents.Entities[0].Standing }),
		standings("header", badHeader, func(w *world) *dlt.Standing { return &w.contents.Headers[0].Standing }),
		standings("link", badLink, func(w *world) *dlt.Standing { return &w.contents.Links[0].Standing }),
		standings("template", badTemplate, func(w *world) *dlt.Standing { return &w.contents.Templates[0].Standing }),
		[]verdict{
			{name: "entity not in the register", content: otpHI, vars: otpVars, strict: noEntity,
				register: func(w *world) { w.contents.Entities = w.contents.Entities[1:] }},
			{name: "template not in the register", content: otpTA, vars: otpVars, strict: noTemplate,
				register: func(w *world) { w.query.Template = "1107999900000000049" }},
			{name: "an entity that is suspended for another template", content: otpBN, vars: otpVars, strict: ok, lenient: ok,
				register: func(w *world) { w.contents.Entities[1].Status = dlt.Suspended }},
		}),
}

// standings are the rows of one of the four, in turn in each language.
func standings(what, reason string, of func(*world) *dlt.Standing) []verdict {
	set := func(f func(s *dlt.Standing, now time.Time)) func(*world) {
		return func(w *world) { f(of(w), w.query.At) }
	}
	status := func(is dlt.Status) func(*world) { return set(func(s *dlt.Standing, _ time.Time) { s.Status = is }) }
	return []verdict{
		{name: what + " pending", content: otpHI, register: status(dlt.Pending), vars: otpVars, strict: reason},
		{name: what + " inactive", content: otpTA, register: status(dlt.Inactive), vars: otpVars, strict: reason},
		{name: what + " suspended", content: otpBN, register: status(dlt.Suspended), vars: otpVars, strict: reason},
		{name: what + " rejected", content: otpEN, register: status(dlt.Rejected), vars: otpVars, strict: reason},
		{name: what + " blacklisted", content: otpHI, register: status(dlt.Blacklisted), vars: otpVars, strict: reason},
		{name: what + " valid in a second", content: otpTA, vars: otpVars, strict: reason,
			register: set(func(s *dlt.Standing, now time.Time) { s.From = now.Add(time.Second) })},
		{name: what + " valid from now on", content: otpBN, vars: otpVars, strict: ok, lenient: ok,
			register: set(func(s *dlt.Standing, now time.Time) { s.From = now })},
		{name: what + " valid for another second", content: otpEN, vars: otpVars, strict: ok, lenient: ok,
			register: set(func(s *dlt.Standing, now time.Time) { s.To = now.Add(time.Second) })},
		{name: what + " valid until now", content: otpHI, vars: otpVars, strict: reason,
			register: set(func(s *dlt.Standing, now time.Time) { s.To = now })},
	}
}

var resolveOrder = block{
	about: "the first fault is the operators': entity, header, link, template, and then the text",
	source: "the 600 series in its order: 60x entity, 62x header, 634 link, 63x template; " +
		"https://smsgatewayhub.freshdesk.com/support/solutions/articles/3000129776",
	lenient: "-",
	rows: []verdict{
		{name: "entity before header", vars: otpVars, strict: noEntity, register: func(w *world) {
			w.contents.Entities[0].Status, w.contents.Headers[0].Status = dlt.Suspended, dlt.Suspended
		}},
		{name: "entity before template", content: otpHI, vars: otpVars, strict: noEntity, register: func(w *world) {
			w.contents.Entities[0].Status, w.contents.Templates[0].Status = dlt.Suspended, dlt.Suspended
		}},
		{name: "header before link", content: otpTA, vars: otpVars, strict: badHeader, register: func(w *world) {
			w.contents.Headers[0].Status, w.contents.Links = dlt.Suspended, nil
		}},
		{name: "header before template", content: otpBN, vars: otpVars, strict: noHeader, register: func(w *world) {
			w.contents.Templates[0].Status = dlt.Rejected
			ask("acmebk")(w)
		}},
		{name: "link before template", vars: otpVars, strict: badLink, register: func(w *world) {
			w.contents.Links[0].Status, w.contents.Templates[0].Status = dlt.Suspended, dlt.Rejected
		}},
		{name: "template before text", vars: []string{"abc"}, strict: badTemplate, register: func(w *world) {
			w.contents.Templates[0].Status = dlt.Inactive
		}},
		{name: "text before hours", at: "09:00:00", vars: []string{"abc", "10"}, strict: wrongType1,
			register: of(dlt.Promotional)},
	},
}
