package dlt

import (
	"iter"
	"maps"
	"slices"
)

// Register is what the operators hold of entities, headers and templates, as one snapshot: it never changes, so that
// any number of goroutines may read it. A change is a new Register.
type Register struct {
	entities  map[EntityID]Entity
	headers   map[Header]bool // known at all
	records   map[ownedHeader]bool
	templates map[TemplateID]*Template
}

// ownedHeader is a header of one entity; its value in the register says whether it is active. Two entities should not
// hold the same header, but exports of several operators do not promise it.
type ownedHeader struct {
	header Header
	entity EntityID
}

// NewRegister makes a snapshot. The caller must not change the slices afterwards. Of two rows about the same thing the
// later one holds.
func NewRegister(entities []Entity, headers []HeaderRecord, templates []Template) *Register {
	r := &Register{
		entities:  make(map[EntityID]Entity, len(entities)),
		headers:   make(map[Header]bool, len(headers)),
		records:   make(map[ownedHeader]bool, len(headers)),
		templates: make(map[TemplateID]*Template, len(templates)),
	}
	for _, e := range entities {
		r.entities[e.ID] = e
	}
	for _, h := range headers {
		r.headers[h.Header] = true
		r.records[ownedHeader{h.Header, h.Entity}] = h.Active
	}
	for i := range templates {
		r.templates[templates[i].ID] = &templates[i]
	}
	return r
}

// Template returns a template; the caller must not change it.
func (r *Register) Template(id TemplateID) (*Template, bool) {
	t, ok := r.templates[id]
	return t, ok
}

// Entity returns an entity.
func (r *Register) Entity(id EntityID) (Entity, bool) {
	e, ok := r.entities[id]
	return e, ok
}

// Header returns an entity's header.
func (r *Register) Header(h Header, owner EntityID) (HeaderRecord, bool) {
	active, ok := r.records[ownedHeader{h, owner}]
	return HeaderRecord{Header: h, Entity: owner, Active: active}, ok
}

// Templates yields all templates in the order of their ids; the caller must not change them.
func (r *Register) Templates() iter.Seq[*Template] {
	return func(yield func(*Template) bool) {
		for _, id := range slices.Sorted(maps.Keys(r.templates)) {
			if !yield(r.templates[id]) {
				return
			}
		}
	}
}
