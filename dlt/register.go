package dlt

import (
	"cmp"
	"maps"
	"slices"
)

// Register is what the operators hold, as one snapshot: it never changes, so that any number of goroutines may read it.
// A change is a new Register.
type Register struct {
	version   int64
	mark      string
	entities  map[EntityID]*Entity
	headers   map[Header]int // how many entities hold it
	owned     map[ownedHeader]*HeaderRecord
	templates map[TemplateID]*Template
	loose     map[TemplateID][]Link // of templates that are not there yet
	ctas      map[EntityID]*CTAs
	chains    map[chainPlace][]ChainRecord // by From
}

// ownedHeader is a header of one entity. Two entities should not hold the same header, but exports of several
// operators do not promise it.
type ownedHeader struct {
	header Header
	entity EntityID
}

type chainPlace struct {
	entity EntityID
	smsc   string
}

// NewRegister makes a snapshot. The caller must not change the slices afterwards. Of two rows about the same thing the
// later one holds. Links may stand in their templates, beside them, or both.
func NewRegister(version int64, c Contents) *Register {
	empty := &Register{}
	return empty.With(version, c)
}

// With returns the register with these rows in place of those about the same things; all others are shared, and so is
// the mark where there is no other. Links of templates that are not there are kept until these come.
func (r *Register) With(version int64, c Contents) *Register {
	n := &Register{
		version:   version,
		mark:      cmp.Or(c.Mark, r.mark),
		entities:  extended(r.entities, len(c.Entities)),
		headers:   extended(r.headers, len(c.Headers)),
		owned:     extended(r.owned, len(c.Headers)),
		templates: extended(r.templates, max(len(c.Templates), len(c.Links))),
		loose:     maps.Clone(r.loose),
		ctas:      extended(r.ctas, len(c.CTAs)),
		chains:    extended(r.chains, len(c.Chains)),
	}
	for i := range c.Entities {
		n.entities[c.Entities[i].ID] = &c.Entities[i]
	}
	for i := range c.Headers {
		key := ownedHeader{c.Headers[i].Header, c.Headers[i].Entity}
		if n.owned[key] == nil {
			n.headers[key.header]++
		}
		n.owned[key] = &c.Headers[i]
	}
	n.addTemplates(c.Templates, c.Links)
	n.addCTAs(c.CTAs)
	n.addChains(c.Chains)
	return n
}

// extended is a copy of m to which some more may be added, or m itself where nothing will be.
func extended[K comparable, V any](m map[K]V, more int) map[K]V {
	switch {
	case more == 0:
		return m
	case len(m) == 0:
		return make(map[K]V, more)
	}
	return maps.Clone(m)
}

// addTemplates enters templates with the links that their earlier versions had, their own, and those beside them, in
// this order; then the links that are left. The templates are copied, since the caller's may be in use elsewhere.
func (r *Register) addTemplates(templates []Template, links []Link) {
	beside := map[TemplateID][]Link{}
	for _, l := range links {
		beside[l.Template] = append(beside[l.Template], l)
	}
	templates = slices.Clone(templates)
	for i := range templates {
		t := &templates[i]
		earlier := r.loose[t.ID]
		if before := r.templates[t.ID]; before != nil {
			earlier = before.Links
		}
		t.Links = mergeLinks(earlier, slices.Concat(t.Links, beside[t.ID]))
		r.templates[t.ID] = t
	}
	for i := range templates {
		delete(beside, templates[i].ID)
		delete(r.loose, templates[i].ID)
	}
	for id, links := range beside {
		r.addLinks(id, links)
	}
}

// addLinks adds links to a template of an earlier register, which keeps its own copy.
func (r *Register) addLinks(id TemplateID, links []Link) {
	if before := r.templates[id]; before != nil {
		t := *before
		t.Links = mergeLinks(t.Links, links)
		r.templates[id] = &t
		return
	}
	if r.loose == nil {
		r.loose = map[TemplateID][]Link{}
	}
	r.loose[id] = mergeLinks(r.loose[id], links)
}

// mergeLinks are the links of both, the later ones in place of earlier ones to the same header, in the order of headers.
func mergeLinks(before, after []Link) []Link {
	merged := make([]Link, 0, len(before)+len(after))
	for _, l := range before {
		if !slices.ContainsFunc(after, func(n Link) bool { return n.Header == l.Header }) {
			merged = append(merged, l)
		}
	}
	for i, l := range after {
		if !slices.ContainsFunc(after[i+1:], func(n Link) bool { return n.Header == l.Header }) {
			merged = append(merged, l)
		}
	}
	slices.SortFunc(merged, func(a, b Link) int { return cmp.Compare(a.Header, b.Header) })
	return slices.Clip(merged)
}

func (r *Register) addCTAs(rows []CTA) {
	byEntity := map[EntityID][]CTA{}
	for _, c := range rows {
		byEntity[c.Entity] = append(byEntity[c.Entity], c)
	}
	for id, rows := range byEntity {
		r.ctas[id] = r.ctas[id].with(rows)
	}
}

func (r *Register) addChains(rows []ChainRecord) {
	for _, c := range rows {
		place := chainPlace{c.Entity, c.SMSC}
		list := slices.DeleteFunc(slices.Clone(r.chains[place]), func(o ChainRecord) bool { return o.From.Equal(c.From) })
		list = append(list, c)
		slices.SortFunc(list, func(a, b ChainRecord) int { return a.From.Compare(b.From) })
		r.chains[place] = list
	}
}
