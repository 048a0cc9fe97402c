package dlt

import (
	"fmt"
	"slices"
	"testing"
)

// sampleRegister is made up.
func sampleRegister() *Register {
	const bank, shop, closed = EntityID("1101000000000000011"), EntityID("110100000012"), EntityID("1101000000000000013")
	template := func(id TemplateID, e EntityID, active bool, headers ...Header) Template {
		return Template{ID: id, Entity: e, Content: "{#var#} is your OTP", Category: ServiceImplicit, Headers: headers, Active: active}
	}
	return NewRegister(
		[]Entity{{bank, "Bank", true}, {shop, "Shop", true}, {closed, "Closed", false}},
		[]HeaderRecord{
			{"ACMEBK", bank, true}, {"ACMEIN", bank, true}, {"OLDBNK", bank, false},
			{"ZIPKRT", shop, true}, {"SHARED", bank, true}, {"SHARED", shop, true}, {"GONE", closed, true},
		},
		[]Template{
			template("1107000000000000001", bank, true, "ACMEBK"),
			template("1107000000000000002", bank, true, "ACMEBK", "ACMEIN", "OLDBNK"),
			template("1107000000000000003", bank, false, "ACMEBK"),
			template("1107000000000000004", "1101000000000000099", true, "ACMEBK"),
			template("1107000000000000005", closed, true, "GONE"),
			template("1107000000000000006", bank, true),
			template("1107000000000000007", bank, true, "ZIPKRT"), // linked, but another entity's
			template("1107000000000000008", shop, true, "SHARED"),
		})
}

func TestResolve(t *testing.T) {
	all := []Header{"ACMEBK", "ACMEIN", "OLDBNK", "ZIPKRT", "SHARED", "GONE", "NOSUCH"}
	tests := []struct {
		name     string
		template TemplateID
		header   Header
		allowed  []Header
		want     Reason
		granted  Header
	}{
		{"its only header", "1107000000000000001", "", all, "", "ACMEBK"},
		{"the header named", "1107000000000000001", "ACMEBK", all, "", "ACMEBK"},
		{"one of several", "1107000000000000002", "ACMEIN", all, "", "ACMEIN"},
		{"two entities hold the header", "1107000000000000008", "", all, "", "SHARED"},
		{"template not there", "1107000000000000000", "", all, UnknownTemplate, ""},
		{"template off", "1107000000000000003", "NOSUCH", nil, TemplateInactive, ""},
		{"entity not there", "1107000000000000004", "NOSUCH", nil, EntityUnknown, ""},
		{"entity off", "1107000000000000005", "", all, EntityUnknown, ""},
		{"several and none named", "1107000000000000002", "", all, UnknownHeader, ""},
		{"no header at all", "1107000000000000006", "", all, HeaderNotLinked, ""},
		{"header not there", "1107000000000000001", "NOSUCH", all, UnknownHeader, ""},
		{"case counts", "1107000000000000001", "acmebk", all, UnknownHeader, ""},
		{"header off, before allowed", "1107000000000000002", "OLDBNK", nil, HeaderInactive, ""},
		{"tenant has no headers", "1107000000000000001", "", nil, HeaderNotAllowed, ""},
		{"tenant has others, before linked", "1107000000000000001", "ZIPKRT", []Header{"ACMEBK"}, HeaderNotAllowed, ""},
		{"not linked", "1107000000000000001", "ACMEIN", all, HeaderNotLinked, ""},
		{"another entity's", "1107000000000000007", "", all, HeaderNotLinked, ""},
	}
	r := sampleRegister()
	for _, tt := range tests {
		got, v := r.Resolve(Query{Template: tt.template, Header: tt.header, Allowed: tt.allowed})
		if tt.want != "" {
			if v == nil || v.Reason != tt.want || v.Detail == "" || got != (Grant{}) {
				t.Errorf("%s: got %+v, %v; want %s", tt.name, got, v, tt.want)
			}
			continue
		}
		tpl, _ := r.Template(tt.template)
		if want := (Grant{tt.template, tpl.Entity, tt.granted, ServiceImplicit}); v != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", tt.name, got, v, want)
		}
	}
}

func TestRegisterLookUps(t *testing.T) {
	r := sampleRegister()
	if e, ok := r.Entity("110100000012"); !ok || e != (Entity{"110100000012", "Shop", true}) {
		t.Errorf("entity: %+v, %v", e, ok)
	}
	if _, ok := r.Entity("110100000013"); ok {
		t.Error("an entity that is not there was found")
	}
	if h, ok := r.Header("OLDBNK", "1101000000000000011"); !ok || h != (HeaderRecord{"OLDBNK", "1101000000000000011", false}) {
		t.Errorf("header: %+v, %v", h, ok)
	}
	if _, ok := r.Header("ACMEBK", "110100000012"); ok {
		t.Error("a header was found under another entity")
	}
	var ids []TemplateID
	for tpl := range r.Templates() {
		ids = append(ids, tpl.ID)
		if len(ids) == 7 {
			break
		}
	}
	if len(ids) != 7 || !slices.IsSorted(ids) {
		t.Errorf("templates in order %v", ids)
	}
}

func TestResolveAllocates(t *testing.T) {
	r := sampleRegister()
	q := Query{Template: "1107000000000000001", Allowed: []Header{"ACMEBK"}}
	if n := testing.AllocsPerRun(100, func() { _, _ = r.Resolve(q) }); n != 0 {
		t.Errorf("%v allocations for a grant, want none", n)
	}
}

func BenchmarkResolve(b *testing.B) {
	const bank = EntityID("1101000000000000011")
	var list []Template
	for i := range 100_000 {
		list = append(list, Template{ID: TemplateID(fmt.Sprintf("1107%015d", i+1)), Entity: bank,
			Content: "{#var#} is your OTP", Category: ServiceImplicit, Headers: []Header{"ACMEBK"}, Active: true})
	}
	r := NewRegister([]Entity{{bank, "Bank", true}}, []HeaderRecord{{"ACMEBK", bank, true}}, list)
	q := Query{Allowed: []Header{"ACMEIN", "ACMEBK"}}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		q.Template = list[i%len(list)].ID
		i += 7919
		if _, v := r.Resolve(q); v != nil {
			b.Fatal(v)
		}
	}
}
