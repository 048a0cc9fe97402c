package storage

import (
	"fmt"
	"slices"
	"strings"

	"harkara/dlt"
)

// ImportResult counts what became of an import's rows, and lists those that were not taken over.
type ImportResult struct {
	New, Changed, Unchanged int
	Refused                 []dlt.RefusedRow // in the order of the import
}

// importPlan is what an import has to write.
type importPlan struct {
	entities  []dlt.EntityID
	headers   []dlt.HeaderRecord
	templates []dlt.Template // to insert, or to put in place of the row with that id
	links     []link
}

type link struct {
	template dlt.TemplateID
	header   dlt.Header
}

// importer holds the register as it will be after the rows so far.
type importer struct {
	entities  map[dlt.EntityID]bool
	owners    map[dlt.Header][]dlt.EntityID
	templates map[dlt.TemplateID]*dlt.Template
	dirty     []dlt.TemplateID // new and changed, in the order of the import
	isDirty   map[dlt.TemplateID]bool
	plan      importPlan
	result    ImportResult
}

// planImport compares rows with the register. Entities and headers that a template names are made where they are
// unknown. A template takes over all that its row says; the row's headers are added to those that it is linked to,
// since portals export one row for each header, or a file for each.
func planImport(now registered, rows []dlt.ImportRow) (importPlan, ImportResult) {
	im := importer{entities: map[dlt.EntityID]bool{}, owners: map[dlt.Header][]dlt.EntityID{},
		templates: make(map[dlt.TemplateID]*dlt.Template, len(now.templates)+len(rows)), isDirty: map[dlt.TemplateID]bool{}}
	for _, e := range now.entities {
		im.entities[e.ID] = true
	}
	for _, h := range now.headers {
		im.owners[h.Header] = append(im.owners[h.Header], h.Entity)
	}
	for i := range now.templates {
		im.templates[now.templates[i].ID] = &now.templates[i]
	}
	for i := range rows {
		if refused := im.refuse(&rows[i]); refused != nil {
			im.result.Refused = append(im.result.Refused, *refused)
			continue
		}
		im.take(&rows[i])
	}
	for _, id := range im.dirty {
		im.plan.templates = append(im.plan.templates, *im.templates[id])
	}
	return im.plan, im.result
}

// refuse says what speaks against a row, or nothing. A header belongs to one entity (TCCCPR 2018), and so does a
// template: a row that says otherwise would let one entity's export take over what another one sends.
func (im *importer) refuse(row *dlt.ImportRow) *dlt.RefusedRow {
	if t, ok := im.templates[row.Template.ID]; ok && t.Entity != row.Entity {
		return &dlt.RefusedRow{Line: row.Line, Column: "ENTITY_ID", Reason: fmt.Sprintf(
			"template %s is registered for entity %s: check whose export this is", t.ID, t.Entity)}
	}
	for _, h := range row.Headers {
		if owners := im.owners[h]; len(owners) > 0 && !slices.Contains(owners, row.Entity) {
			return &dlt.RefusedRow{Line: row.Line, Column: "HEADER", Reason: fmt.Sprintf(
				"header %s belongs to entity %s: check whose export this is", h, owners[0])}
		}
	}
	if strings.ContainsRune(row.Template.Name+row.Template.Content, 0) { // PostgreSQL's text cannot hold one
		return &dlt.RefusedRow{Line: row.Line, Reason: "its name or text holds a NUL character: export the file again"}
	}
	return nil
}

// take enters a row that nothing speaks against.
func (im *importer) take(row *dlt.ImportRow) {
	if !im.entities[row.Entity] {
		im.entities[row.Entity] = true
		im.plan.entities = append(im.plan.entities, row.Entity)
	}
	next := row.Template
	next.Entity, next.Headers = row.Entity, nil
	before, known := im.templates[next.ID]
	if known {
		next.Headers = slices.Clone(before.Headers)
	}
	for _, h := range row.Headers {
		if len(im.owners[h]) == 0 {
			im.owners[h] = []dlt.EntityID{row.Entity}
			im.plan.headers = append(im.plan.headers, dlt.HeaderRecord{Header: h, Entity: row.Entity, Active: true})
		}
		if !slices.Contains(next.Headers, h) {
			next.Headers = append(next.Headers, h)
			im.plan.links = append(im.plan.links, link{next.ID, h})
		}
	}
	switch {
	case !known:
		im.result.New++
	case alike(before, &next):
		im.result.Unchanged++
		return
	default:
		im.result.Changed++
	}
	im.templates[next.ID] = &next
	if !im.isDirty[next.ID] {
		im.isDirty[next.ID] = true
		im.dirty = append(im.dirty, next.ID)
	}
}

// alike says whether two templates of one id are the same.
func alike(a, b *dlt.Template) bool {
	return a.Name == b.Name && a.Content == b.Content && a.Category == b.Category && a.Active == b.Active &&
		slices.Equal(a.VarTypes, b.VarTypes) && slices.Equal(a.Headers, b.Headers)
}
