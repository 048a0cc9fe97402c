package dlt

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	bank   = EntityID("1101000000000000011")
	shop   = EntityID("110100000012")
	closed = EntityID("1101000000000000013")
	later  = EntityID("1101000000000000014")
)

var (
	november = time.Date(2026, 11, 1, 0, 0, 0, 0, IST)
	december = time.Date(2026, 12, 1, 0, 0, 0, 0, IST)
	inForce  = Standing{Status: Active}
	off      = Standing{Status: Suspended}
	inNov    = Standing{Status: Active, From: november, To: december}
)

func sampleTemplate(id TemplateID, e EntityID, s Standing, headers ...Header) Template {
	t := Template{ID: id, Entity: e, Content: "{#var#} is your OTP", Category: ServiceImplicit, Standing: s}
	for _, h := range headers {
		t.Links = append(t.Links, Link{Template: id, Header: h, Standing: inForce})
	}
	return t
}

// sampleRegister is made up.
func sampleRegister() *Register {
	header := func(h Header, e EntityID, s Standing) HeaderRecord { return HeaderRecord{h, e, s} }
	return NewRegister(7, Contents{
		Entities: []Entity{{bank, "Bank", inForce}, {shop, "Shop", inForce}, {closed, "Closed", off},
			{later, "Later", inNov}},
		Headers: []HeaderRecord{
			header("ACMEBK", bank, inForce), header("ACMEIN", bank, inForce),
			header("OLDBNK", bank, off), header("NOVBNK", bank, inNov),
			header("ZIPKRT", shop, inForce), header("SHARED", bank, off), header("SHARED", shop, inForce),
			header("GONE", closed, inForce), header("LATER", later, inForce),
		},
		Templates: []Template{
			sampleTemplate("1107000000000000001", bank, inForce, "ACMEBK"),
			sampleTemplate("1107000000000000002", bank, inForce, "OLDBNK", "ACMEIN", "ACMEBK", "NOVBNK"),
			sampleTemplate("1107000000000000003", bank, off, "ACMEBK"),
			sampleTemplate("1107000000000000004", "1101000000000000099", inForce, "ACMEBK"),
			sampleTemplate("1107000000000000005", closed, inForce, "GONE"),
			sampleTemplate("1107000000000000006", bank, inForce),
			sampleTemplate("1107000000000000007", bank, inForce, "ZIPKRT"), // linked, but another entity's
			sampleTemplate("1107000000000000008", shop, inForce, "SHARED"),
			sampleTemplate("1107000000000000009", bank, inNov, "ACMEBK"),
			sampleTemplate("1107000000000000010", later, inForce, "LATER"),
			sampleTemplate("1107000000000000011", bank, inForce, "ACMEBK"),
		},
		Links: []Link{
			{"1107000000000000011", "ACMEBK", inNov},
			{"1107000000000000011", "ACMEIN", Standing{Status: Inactive}},
			{"1107000000000000006", "ZIPKRT", off},
		},
		CTAs: []CTA{{Entity: bank, Type: CTAStatic, Value: "acme.in", Standing: inForce}},
	})
}

func TestResolve(t *testing.T) {
	all := []Header{"ACMEBK", "ACMEIN", "OLDBNK", "NOVBNK", "ZIPKRT", "SHARED", "GONE", "LATER", "NOSUCH"}
	middle, before, after := november.Add(time.Hour), november.Add(-1), december
	tests := []struct {
		name     string
		template TemplateID
		header   Header
		allowed  []Header
		at       time.Time
		want     Reason
		detail   string // or the header that was granted
	}{
		{"its only header", "1107000000000000001", "", all, middle, "", "ACMEBK"},
		{"the header named", "1107000000000000001", "ACMEBK", all, middle, "", "ACMEBK"},
		{"one of several", "1107000000000000002", "ACMEIN", all, middle, "", "ACMEIN"},
		{"two entities hold the header", "1107000000000000008", "", all, middle, "", "SHARED"},

		{"template not there", "1107000000000000000", "", all, middle, UnknownTemplate, "the template is not in the register"},
		{"entity not there, before header", "1107000000000000004", "NOSUCH", nil, middle, EntityUnknown, "is not in the register"},
		{"entity off", "1107000000000000005", "", all, middle, EntityUnknown, "is suspended"},
		{"entity not yet", "1107000000000000010", "NOSUCH", all, before, EntityUnknown, "is valid only from 2026-11-01 00:00 IST"},
		{"entity at its start", "1107000000000000010", "", all, november, "", "LATER"},
		{"entity at its end", "1107000000000000010", "", all, after, EntityUnknown, "was valid only until 2026-12-01 00:00 IST"},
		{"entity up to its end", "1107000000000000010", "", all, after.Add(-1), "", "LATER"},

		{"several and none named", "1107000000000000002", "", all, middle, UnknownHeader, "has 4 headers: name one"},
		{"no header at all", "1107000000000000006", "", all, middle, HeaderNotLinked, "is linked to no header"},
		{"header not there", "1107000000000000001", "NOSUCH", all, middle, UnknownHeader, "is not in the register"},
		{"header not there, not quoted", "1107000000000000001", "483921", all, middle, UnknownHeader,
			"the header is not in the register (its letters count by case)"},
		{"case counts", "1107000000000000001", "acmebk", all, middle, UnknownHeader, "by case"},
		{"header off, before tenant", "1107000000000000002", "OLDBNK", nil, middle, HeaderInactive, "is suspended"},
		{"header not yet", "1107000000000000002", "NOVBNK", nil, before, HeaderInactive, "is valid only from"},
		{"header at its start", "1107000000000000002", "NOVBNK", all, november, "", "NOVBNK"},
		{"header at its end", "1107000000000000002", "NOVBNK", all, after, HeaderInactive, "was valid only until"},
		{"off for this entity, in force for another", "1107000000000000001", "SHARED", all, middle, HeaderInactive, "is suspended"},
		{"tenant has no headers", "1107000000000000001", "", nil, middle, HeaderNotAllowed, "may not use header ACMEBK"},
		{"tenant has others, before link", "1107000000000000001", "ZIPKRT", []Header{"ACMEBK"}, middle, HeaderNotAllowed, ""},

		{"not linked", "1107000000000000001", "ACMEIN", all, middle, HeaderNotLinked, "is not linked to header ACMEIN"},
		{"not linked, before template", "1107000000000000003", "ACMEIN", all, middle, HeaderNotLinked, ""},
		{"other entity's", "1107000000000000007", "", all, middle, HeaderNotLinked, "does not belong to entity"},
		{"link not yet", "1107000000000000011", "ACMEBK", all, before, HeaderNotLinked, "the link of template"},
		{"link not yet, none named", "1107000000000000011", "", all, before, HeaderNotLinked, "is linked to no header"},
		{"link at its start", "1107000000000000011", "", all, november, "", "ACMEBK"},
		{"link at its end", "1107000000000000011", "ACMEBK", all, after, HeaderNotLinked, "was valid only until"},
		{"link taken away", "1107000000000000011", "ACMEIN", all, middle, HeaderNotLinked, "is inactive"},

		{"template off", "1107000000000000003", "", all, middle, TemplateInactive, "is suspended"},
		{"template not yet", "1107000000000000009", "", all, before, TemplateInactive, "is valid only from 2026-11-01 00:00 IST"},
		{"template at its start", "1107000000000000009", "", all, november, "", "ACMEBK"},
		{"template at its end", "1107000000000000009", "", all, after, TemplateInactive, "was valid only until 2026-12-01 00:00 IST"},
	}
	r := sampleRegister()
	for _, tt := range tests {
		got, v := r.Resolve(Query{Template: tt.template, Header: tt.header, Allowed: tt.allowed, At: tt.at})
		if tt.want != "" {
			if v == nil || v.Reason != tt.want || !strings.Contains(v.Detail, tt.detail) {
				t.Errorf("%s: got %v; want %s with %q", tt.name, v, tt.want, tt.detail)
			}
			var found Grant // what the books may say of it: nothing that the register does not hold
			if tpl, ok := r.Template(tt.template); ok {
				found = Grant{tt.template, tpl.Entity, got.Header, ServiceImplicit, r.CTAs(tpl.Entity)}
			}
			if got != found || got.Header != "" && (r.headers[got.Header] == 0 || tt.header != "" && got.Header != tt.header) {
				t.Errorf("%s: with the violation came %+v", tt.name, got)
			}
			continue
		}
		tpl, _ := r.Template(tt.template)
		want := Grant{tt.template, tpl.Entity, Header(tt.detail), ServiceImplicit, r.CTAs(tpl.Entity)}
		if v != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", tt.name, got, v, want)
		}
	}
}

func TestCheckCategory(t *testing.T) {
	tests := []struct {
		header   Header
		category Category
		want     bool // may go out
	}{
		{"ACMEBK", Transactional, true},
		{"ACMEBK", Promotional, true},
		{"612345", Promotional, true},
		{"612345", ServiceImplicit, false},
		{"612345", ServiceExplicit, false},
		{"612345", Transactional, false},
		{"612345", Government, false},
		{"", Government, true},
	}
	for _, tt := range tests {
		v := (&Grant{Header: tt.header, Category: tt.category}).CheckCategory()
		if (v == nil) != tt.want || v != nil && (v.Reason != CategoryNotAllowed || v.Detail == "") {
			t.Errorf("%s under %q: %v, want allowed %v", tt.category, tt.header, v, tt.want)
		}
	}
}

func TestResolveAllocates(t *testing.T) {
	r := sampleRegister()
	q := Query{Template: "1107000000000000001", Allowed: []Header{"ACMEBK"}, At: november}
	if n := testing.AllocsPerRun(100, func() { _, _ = r.Resolve(q) }); n != 0 {
		t.Errorf("%v allocations for a grant, want none", n)
	}
}

// manyTemplates are n of one entity and header, of a usual length, with their links beside them as storage has them.
func manyTemplates(n int) Contents {
	c := Contents{Entities: []Entity{{bank, "Bank", inForce}}, Headers: []HeaderRecord{{"ACMEBK", bank, inForce}},
		Templates: make([]Template, n), Links: make([]Link, n)}
	for i := range n {
		id := TemplateID(fmt.Sprintf("1107%015d", i+1))
		c.Templates[i] = sampleTemplate(id, bank, inForce)
		c.Templates[i].Name = fmt.Sprintf("Made-up template %d", i+1)
		c.Templates[i].Content = fmt.Sprintf("{#num#} is the OTP for your payment of Rs {#num#} to {#alp#} from Made-up Bank, "+
			"purpose %06d. Valid for 5 minutes. Do not share it. -ACMEBK", i+1)
		c.Links[i] = Link{id, "ACMEBK", inForce}
	}
	return c
}

// One template that is used again and again, and each of 100,000 in turn, which the processor's cache does not hold.
func BenchmarkResolve(b *testing.B) {
	c := manyTemplates(100_000)
	r := NewRegister(1, c)
	for name, of := range map[string]int{"one": 1, "each": len(c.Templates)} {
		b.Run(name, func(b *testing.B) {
			q := Query{Allowed: []Header{"ACMEIN", "ACMEBK"}, At: november}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				q.Template = c.Templates[i%of].ID
				i++
				if _, v := r.Resolve(q); v != nil {
					b.Fatal(v)
				}
			}
		})
	}
}
