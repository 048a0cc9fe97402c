package dlt

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"
)

// Version is the number of the last change that the snapshot holds.
func (r *Register) Version() int64 { return r.version }

// Mark tells the snapshot from one of the same version in another database (see Contents.Mark).
func (r *Register) Mark() string { return r.mark }

// Template returns a template; the caller must not change it.
func (r *Register) Template(id TemplateID) (*Template, bool) {
	t, ok := r.templates[id]
	return t, ok
}

// Entity returns an entity; the caller must not change it.
func (r *Register) Entity(id EntityID) (*Entity, bool) {
	e, ok := r.entities[id]
	return e, ok
}

// Header returns an entity's header; the caller must not change it.
func (r *Register) Header(h Header, owner EntityID) (*HeaderRecord, bool) {
	rec, ok := r.owned[ownedHeader{h, owner}]
	return rec, ok
}

// CTAs returns what the entity has whitelisted; nil, which allows nothing, where that is nothing.
func (r *Register) CTAs(id EntityID) *CTAs { return r.ctas[id] }

// Chain returns the PE-TM chain of an entity at an SMSC at that time: of those whose time it is, the one that began last.
// Where that one is not active there is none: an older one is what it took the place of.
func (r *Register) Chain(id EntityID, smsc string, at time.Time) ([]string, bool) {
	list := r.chains[chainPlace{id, smsc}]
	for i := len(list) - 1; i >= 0; i-- {
		if c := &list[i]; !at.Before(c.From) && (c.To.IsZero() || at.Before(c.To)) {
			if c.Status != Active {
				return nil, false
			}
			return c.IDs, true
		}
	}
	return nil, false
}

// Size is how many templates there are.
func (r *Register) Size() int { return len(r.templates) }

// Templates yields all templates in the order of their ids; the caller must not change them.
func (r *Register) Templates() iter.Seq[*Template] { return ordered(r.templates) }

// Entities yields all entities in the order of their ids; the caller must not change them.
func (r *Register) Entities() iter.Seq[*Entity] { return ordered(r.entities) }

func ordered[K ~string, V any](m map[K]V) iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, id := range slices.Sorted(maps.Keys(m)) {
			if !yield(m[id]) {
				return
			}
		}
	}
}

// Headers yields all headers of all entities, in the order of headers, then entities; the caller must not change them.
func (r *Register) Headers() iter.Seq[*HeaderRecord] {
	return func(yield func(*HeaderRecord) bool) {
		keys := slices.SortedFunc(maps.Keys(r.owned), func(a, b ownedHeader) int {
			return cmp.Or(cmp.Compare(a.header, b.header), cmp.Compare(a.entity, b.entity))
		})
		for _, k := range keys {
			if !yield(r.owned[k]) {
				return
			}
		}
	}
}

// Contents returns all rows, in the order of their keys, for a copy of the register elsewhere. Links stand in their
// templates and beside them, since a template's JSON leaves them out.
func (r *Register) Contents() Contents {
	c := Contents{Mark: r.mark}
	for e := range r.Entities() {
		c.Entities = append(c.Entities, *e)
	}
	for h := range r.Headers() {
		c.Headers = append(c.Headers, *h)
	}
	for t := range r.Templates() {
		c.Templates = append(c.Templates, *t)
		c.Links = append(c.Links, t.Links...)
	}
	for _, links := range r.loose {
		c.Links = append(c.Links, links...)
	}
	slices.SortFunc(c.Links, func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.Template, b.Template), cmp.Compare(a.Header, b.Header))
	})
	for _, id := range slices.Sorted(maps.Keys(r.ctas)) {
		c.CTAs = append(c.CTAs, r.ctas[id].rows...)
	}
	for _, list := range r.chains {
		c.Chains = append(c.Chains, list...)
	}
	slices.SortFunc(c.Chains, func(a, b ChainRecord) int {
		return cmp.Or(cmp.Compare(a.Entity, b.Entity), cmp.Compare(a.SMSC, b.SMSC), a.From.Compare(b.From))
	})
	return c
}
