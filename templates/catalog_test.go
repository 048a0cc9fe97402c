package templates

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"harkara/dlt"
)

func register(templates ...dlt.Template) *dlt.Register {
	return dlt.NewRegister(1, dlt.Contents{Templates: templates})
}

// told is what of findings a test compares.
func told(findings []dlt.Finding) []string {
	var lines []string
	for _, f := range findings {
		if f.Kind != dlt.KindTemplate || f.Entity != "1101000000000000001" || f.Operator != "vi" || f.Mend == "" {
			lines = append(lines, fmt.Sprintf("not of the template: %+v", f))
		}
		lines = append(lines, fmt.Sprintf("%s %s %s: %s", f.Severity, f.Code, f.Subject, f.Detail))
	}
	return lines
}

func vi(id dlt.TemplateID, content string) dlt.Template {
	return dlt.Template{ID: id, Entity: "1101000000000000001", Content: content, Standing: dlt.Standing{Operator: dlt.Vi}}
}

func TestNewCatalog(t *testing.T) {
	cat, findings := NewCatalog(register(vi("1107000000000000003", "{#var#}"), vi("1107000000000000002", "{#var#} {#dob#}"),
		vi("1107000000000000001", "{#var")))
	want := []string{
		"error unreadable 1107000000000000001: the tag at character 1 is not written as {#name#}, such as {#var#} or {#num#}",
		"warning unknown_tag 1107000000000000002: variable 2 has a tag of unknown meaning, and is checked like an untyped one",
	}
	if got := told(findings); !slices.Equal(got, want) {
		t.Errorf("findings %q, want %q", got, want)
	}
	for id, want := range map[dlt.TemplateID]bool{"1107000000000000001": false, "1107000000000000002": true, "1107000000000000003": true, "x": false} {
		if c, ok := cat.Lookup(id); ok != want || ok && c.ID() != id {
			t.Errorf("Lookup(%s) = %v, want %v", id, ok, want)
		}
	}
}

func TestCatalogWith(t *testing.T) {
	reg := register(vi("1", "one"), vi("2", "two"), vi("3", "three {#dob#}"))
	cat, _ := NewCatalog(reg)
	later, findings := cat.With(reg.With(2, dlt.Contents{Templates: []dlt.Template{vi("1", "uno"), vi("2", "{#bad"), vi("4", "{#doc#}")}}),
		[]dlt.TemplateID{"1", "2", "4", "unknown"})
	want := []string{
		"error unreadable 2: the tag at character 1 is not written as {#name#}, such as {#var#} or {#num#}",
		"warning unknown_tag 4: variable 1 has a tag of unknown meaning, and is checked like an untyped one",
	}
	if got := told(findings); !slices.Equal(got, want) {
		t.Errorf("findings %q, want %q", got, want)
	}
	for _, tt := range []struct {
		cat    *Catalog
		id     dlt.TemplateID
		vars   []string
		stands string // empty: is not there
	}{
		{cat, "1", nil, "one"}, {cat, "2", nil, "two"}, {cat, "4", nil, ""},
		{later, "1", nil, "uno"}, {later, "2", nil, ""}, {later, "4", []string{"x"}, "x"}, {later, "unknown", nil, ""},
	} {
		c, ok := tt.cat.Lookup(tt.id)
		if ok != (tt.stands != "") {
			t.Errorf("template %s is there: %v", tt.id, ok)
		}
		if !ok {
			continue
		}
		if text, v := c.Render(secrets(tt.vars...), usual()); v != nil || text.Reveal() != tt.stands {
			t.Errorf("template %s renders %q, %v; want %q", tt.id, text.Reveal(), v, tt.stands)
		}
	}
	before, _ := cat.Lookup("3")
	if after, _ := later.Lookup("3"); after != before {
		t.Error("an unchanged template was compiled again")
	}
}

// many are n made-up templates of 140 characters with three variables, each with its entity's header.
func many(n int) dlt.Contents {
	active := dlt.Standing{Operator: dlt.Vi, Status: dlt.Active}
	c := dlt.Contents{Templates: make([]dlt.Template, n), Links: make([]dlt.Link, n)}
	for i := range n {
		id := dlt.TemplateID(fmt.Sprintf("1107%015d", i))
		entity := dlt.EntityID(fmt.Sprintf("1101%015d", i/50))
		c.Templates[i] = dlt.Template{ID: id, Entity: entity, Name: fmt.Sprintf("Made-up %d", i), Category: dlt.ServiceImplicit, Standing: active,
			Content: fmt.Sprintf("{#num#} is your OTP for {#alp#} at Acme shop %06d. It is valid for {#num#} minutes.\nDo not share it with anyone, ask us first. -ACMEBK", i)}
		c.Links[i] = dlt.Link{Template: id, Header: "ACMEBK", Standing: active}
		if i%50 == 0 {
			c.Entities = append(c.Entities, dlt.Entity{ID: entity, Name: "Made up", Standing: active})
			c.Headers = append(c.Headers, dlt.HeaderRecord{Header: "ACMEBK", Entity: entity, Standing: active})
		}
	}
	return c
}

// What a register of 100,000 templates and its catalog hold, and how long compiling takes.
func BenchmarkCatalog100k(b *testing.B) {
	heap := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc) / 1e6
	}
	empty := heap()
	reg := dlt.NewRegister(1, many(100_000))
	loaded := heap()
	var cat *Catalog
	for b.Loop() {
		cat, _ = NewCatalog(reg)
	}
	b.ReportMetric(loaded-empty, "MB-register")
	b.ReportMetric(heap()-loaded, "MB-catalog")
	runtime.KeepAlive(reg)
	runtime.KeepAlive(cat)
}

func BenchmarkCatalogWith(b *testing.B) {
	reg := dlt.NewRegister(1, many(100_000))
	cat, _ := NewCatalog(reg)
	changed := []dlt.TemplateID{"1107000000000000001", "1107000000000000002"}
	for b.Loop() {
		cat, _ = cat.With(reg, changed)
	}
}
