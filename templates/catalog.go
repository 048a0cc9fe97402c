package templates

import (
	"fmt"

	"harkara/dlt"
)

// Catalog holds every compiled template of one register snapshot. It never changes.
type Catalog struct {
	compiled map[dlt.TemplateID]*Compiled
}

// Finding is something about a registered template that staff should see.
type Finding struct {
	Template dlt.TemplateID
	Detail   string
}

// NewCatalog compiles the register's templates. A template that cannot be compiled is left out and is a finding; one
// with a tag of unknown meaning is a finding and stays, its variable checked like an untyped one.
func NewCatalog(reg *dlt.Register) (*Catalog, []Finding) {
	cat := &Catalog{compiled: map[dlt.TemplateID]*Compiled{}}
	var findings []Finding
	for t := range reg.Templates() {
		c, err := Compile(*t)
		if err != nil {
			findings = append(findings, Finding{t.ID, err.Error()})
			continue
		}
		cat.compiled[t.ID] = c
		for i, slot := range c.slots {
			if slot.Type == dlt.Unknown {
				findings = append(findings, Finding{t.ID, fmt.Sprintf("variable %d has a tag of unknown meaning", i+1)})
			}
		}
	}
	return cat, findings
}

// Lookup returns a compiled template.
func (cat *Catalog) Lookup(id dlt.TemplateID) (*Compiled, bool) {
	c, ok := cat.compiled[id]
	return c, ok
}
