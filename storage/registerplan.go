package storage

import (
	"bytes"
	"slices"

	"harkara/dlt"
)

// rowKey names a row of the register.
type rowKey struct {
	kind dlt.Kind
	key  string
}

// draft is a row as it was and as it will be.
type draft struct {
	rowKey
	before, now []byte // its JSON; nil where there is none
	standing    dlt.Standing
	at          position // of the export, that gave it the value; zero where none did
}

// importer holds what an import touches of the register, as it will be after the rows so far.
type importer struct {
	drafts   map[rowKey]*draft
	order    []*draft // those that were given a value, in the order of the import
	entityOf map[dlt.TemplateID]dlt.EntityID
	holders  map[dlt.Header]map[dlt.EntityID]dlt.Status
	kind     dlt.Kind          // of the import
	at       position          // the export's row at hand
	effects  map[string]effect // by subject
	refused  []dlt.RefusedRow
	barred   map[dlt.TemplateID]bool // templates that were refused
	err      error                   // the first
}

// position is a row of an export: its line, and the key of what it is about. For a link in an export of templates that
// is its template, as a portal may write a row for each header of a template.
type position struct {
	line    int
	subject string
}

// effect is what an import does to something that its export is about.
type effect int

const (
	unchanged effect = iota
	changed
	added
)

// refusal says why a row is not taken.
type refusal struct{ column, reason string }

// newImporter begins with the rows that the register has.
func newImporter(kind dlt.Kind, now *dlt.Contents) *importer {
	im := &importer{kind: kind, drafts: map[rowKey]*draft{}, entityOf: map[dlt.TemplateID]dlt.EntityID{},
		holders: map[dlt.Header]map[dlt.EntityID]dlt.Status{}, effects: map[string]effect{}, barred: map[dlt.TemplateID]bool{}}
	for i := range now.Entities {
		im.hold(dlt.KindEntity, string(now.Entities[i].ID), &now.Entities[i])
	}
	for i := range now.Headers {
		h := &now.Headers[i]
		im.hold(dlt.KindHeader, headerKey(h.Header, h.Entity), h)
		im.holder(h)
	}
	for i := range now.Templates {
		im.hold(dlt.KindTemplate, string(now.Templates[i].ID), &now.Templates[i])
		im.entityOf[now.Templates[i].ID] = now.Templates[i].Entity
	}
	for i := range now.Links {
		im.hold(dlt.KindLink, linkKey(&now.Links[i]), &now.Links[i])
	}
	for i := range now.CTAs {
		im.hold(dlt.KindCTA, ctaKey(&now.CTAs[i]), &now.CTAs[i])
	}
	for i := range now.Chains {
		im.hold(dlt.KindChain, chainKey(&now.Chains[i]), &now.Chains[i])
	}
	return im
}

// finish returns the rows that are to be written, those that are not what the register has, with the list of their
// changes, and counts what the export is about.
func (im *importer) finish(result *ImportResult) ([]*draft, error) {
	rows := slices.DeleteFunc(im.order, func(d *draft) bool { return bytes.Equal(d.before, d.now) })
	result.Changes = make([]Change, len(rows))
	for i, d := range rows {
		c := Change{Kind: d.kind, Key: d.key, Line: d.at.line, New: d.before == nil}
		if c.New && d.kind == im.kind && d.key == d.at.subject {
			im.effects[d.at.subject] = added
		} else {
			im.effects[d.at.subject] = max(im.effects[d.at.subject], changed)
		}
		if !c.New {
			var err error
			if c.Fields, err = fieldChanges(d.before, d.now); err != nil {
				return nil, err
			}
		}
		result.Changes[i] = c
	}
	for _, e := range im.effects {
		switch e {
		case added:
			result.New++
		case changed:
			result.Changed++
		default:
			result.Unchanged++
		}
	}
	return rows, nil
}
