package templates

import (
	"fmt"
	"maps"

	"harkara/dlt"
)

// Catalog holds every compiled template of one register snapshot. It never changes.
type Catalog struct {
	compiled map[dlt.TemplateID]*Compiled
}

// NewCatalog compiles the register's templates. One that cannot be compiled is left out and is a finding "unreadable";
// one with a tag of unknown meaning is a finding "unknown_tag" and stays, its variable checked like an untyped one.
func NewCatalog(reg *dlt.Register) (*Catalog, []dlt.Finding) {
	cat := &Catalog{compiled: make(map[dlt.TemplateID]*Compiled, reg.Size())}
	var findings []dlt.Finding
	for t := range reg.Templates() {
		findings = append(findings, cat.add(t)...)
	}
	return cat, findings
}

// With returns the catalog of a later snapshot, of whose templates only these have changed: they are compiled anew, or
// left out where the snapshot no longer has them, and all others are shared. The findings are on the changed ones.
func (cat *Catalog) With(reg *dlt.Register, changed []dlt.TemplateID) (*Catalog, []dlt.Finding) {
	next := &Catalog{compiled: maps.Clone(cat.compiled)}
	var findings []dlt.Finding
	for _, id := range changed {
		delete(next.compiled, id)
		if t, ok := reg.Template(id); ok {
			findings = append(findings, next.add(t)...)
		}
	}
	return next, findings
}

// add compiles a template into the catalog, which nobody else knows yet, and returns what is to be said of it.
func (cat *Catalog) add(t *dlt.Template) []dlt.Finding {
	about := dlt.Finding{Kind: dlt.KindTemplate, Subject: string(t.ID), Entity: t.Entity, Operator: string(t.Operator)}
	c, err := compileContent(t)
	if err != nil {
		about.Code, about.Severity, about.Detail = "unreadable", dlt.Error, err.Error()
		about.Mend = "compare the text with the operator's portal and import the template again: till then it cannot be sent"
		return []dlt.Finding{about}
	}
	cat.compiled[t.ID] = c
	var findings []dlt.Finding
	for i, typ := range c.slots {
		if typ == dlt.Unknown {
			f := about
			f.Code, f.Severity = "unknown_tag", dlt.Warning
			f.Detail = fmt.Sprintf("variable %d has a tag of unknown meaning, and is checked like an untyped one", i+1)
			f.Mend = "find out what the operator means by the tag, and import the template again with the tag among the aliases"
			findings = append(findings, f)
		}
	}
	return findings
}

// Lookup returns a compiled template.
func (cat *Catalog) Lookup(id dlt.TemplateID) (*Compiled, bool) {
	c, ok := cat.compiled[id]
	return c, ok
}
