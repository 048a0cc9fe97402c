package storage

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"harkara/dlt"
)

// take compares an import with the register, row by row. Entities and headers that a row names are made where they are
// unknown. A row takes the place of the one with its key, but for what the export does not tell, which stays. Links are
// added, never removed, since portals export one row for each header, or a file for each; those that come with templates
// do not change one that is there, whose standing such exports do not tell.
func (im *importer) take(imp *dlt.Import) {
	for _, row := range imp.Entities {
		im.at = position{row.Line, string(row.Value.ID)}
		im.settle(im.entity(row.Value))
	}
	for _, row := range imp.Headers {
		im.at = position{row.Line, headerKey(row.Value.Header, row.Value.Entity)}
		im.settle(im.header(row.Value))
	}
	links := map[int][]dlt.Link{} // by line; a line is taken whole or not at all
	for _, row := range imp.Links {
		links[row.Line] = append(links[row.Line], row.Value)
	}
	for _, row := range imp.Templates {
		im.at = position{row.Line, string(row.Value.ID)}
		im.settle(im.template(row.Value, links[row.Line]))
		delete(links, row.Line)
	}
	for _, row := range imp.Links {
		im.at.line = row.Line
		im.linkLine(links[row.Line])
		delete(links, row.Line)
	}
	for _, row := range imp.CTAs {
		im.at = position{row.Line, ctaKey(&row.Value)}
		im.settle(im.cta(row.Value))
	}
	for _, row := range imp.Chains {
		im.at = position{row.Line, chainKey(&row.Value)}
		im.settle(im.chain(row.Value))
	}
}

// settle notes a refusal, or that the row was taken.
func (im *importer) settle(r *refusal) {
	if r != nil {
		im.refused = append(im.refused, dlt.RefusedRow{Line: im.at.line, Column: r.column, Reason: r.reason})
		return
	}
	im.effects[im.at.subject] = unchanged // until finish
}

func (im *importer) entity(e dlt.Entity) *refusal {
	if r := unstorable(e.Name); r != nil {
		return r
	}
	e.Name = cmp.Or(e.Name, im.keep(dlt.KindEntity, string(e.ID), &e.Standing).Name)
	im.put(dlt.KindEntity, string(e.ID), &e, &e.Standing)
	return nil
}

// header takes a header of the entity that its row names, also one that another entity has given up.
func (im *importer) header(h dlt.HeaderRecord) *refusal {
	key := headerKey(h.Header, h.Entity)
	im.keep(dlt.KindHeader, key, &h.Standing)
	if r := im.another(h.Header, h.Entity, h.Status == dlt.Active, true); r != nil {
		return r
	}
	im.implyEntity(h.Entity)
	im.put(dlt.KindHeader, key, &h, &h.Standing)
	im.holder(&h)
	return nil
}

// template takes a template with links of it. A header belongs to one entity (TCCCPR 2018), and so does a template: a
// row that says otherwise would let one entity's export take over what another one sends.
func (im *importer) template(t dlt.Template, links []dlt.Link) (r *refusal) {
	owner, known := im.entityOf[t.ID]
	if known && owner != t.Entity {
		r = &refusal{"ENTITY_ID", fmt.Sprintf("template %s is registered for entity %s: check whose export this is", t.ID, owner)}
	} else if r = im.mayLink(t.Entity, links); r == nil {
		r = unstorable(t.Name, t.Content, t.Raw, t.Rule)
	}
	if im.barred[t.ID] = r != nil; r != nil {
		return r
	}
	im.implyEntity(t.Entity)
	before := im.keep(dlt.KindTemplate, string(t.ID), &t.Standing)
	t.Name = cmp.Or(t.Name, before.Name)
	if t.VarTypes == nil && t.Content == before.Content { // in another text they may be another variable's
		t.VarTypes = before.VarTypes
	}
	im.put(dlt.KindTemplate, string(t.ID), &t, &t.Standing)
	im.entityOf[t.ID] = t.Entity
	for _, l := range links {
		im.link(t.Entity, l)
	}
	return nil
}

// longestValue is how long a CTA may be, in bytes: PostgreSQL's index takes keys of up to 2,704.
const longestValue = 2048

func (im *importer) cta(c dlt.CTA) *refusal {
	if r := unstorable(c.Name, c.Value); r != nil {
		return r
	}
	if len(c.Value) > longestValue {
		return &refusal{"CTA_VALUE", fmt.Sprintf("it has %d bytes, and %d are the most", len(c.Value), longestValue)}
	}
	im.implyEntity(c.Entity)
	c.Name = cmp.Or(c.Name, im.keep(dlt.KindCTA, ctaKey(&c), &c.Standing).Name)
	im.put(dlt.KindCTA, ctaKey(&c), &c, &c.Standing)
	return nil
}

func (im *importer) chain(c dlt.ChainRecord) *refusal {
	if r := unstorable(c.SMSC); r != nil {
		return r
	}
	im.implyEntity(c.Entity)
	im.keep(dlt.KindChain, chainKey(&c), &c.Standing)
	im.put(dlt.KindChain, chainKey(&c), &c, &c.Standing)
	return nil
}

// unstorable refuses texts that PostgreSQL does not take.
func unstorable(texts ...string) *refusal {
	for _, s := range texts {
		switch {
		case strings.ContainsRune(s, 0):
			return &refusal{"", "one of its texts holds a NUL character: export the file again"}
		case !utf8.ValidString(s):
			return &refusal{"", "one of its texts is not UTF-8: save the file as UTF-8"}
		}
	}
	return nil
}
