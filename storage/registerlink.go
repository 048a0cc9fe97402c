package storage

import (
	"fmt"
	"maps"
	"slices"

	"harkara/dlt"
)

// linkLine takes the links of a line without a template of its own: they are of one that is known.
func (im *importer) linkLine(links []dlt.Link) {
	if len(links) == 0 {
		return
	}
	id := links[0].Template
	owner, known := im.entityOf[id]
	var r *refusal
	switch {
	case im.barred[id]:
		r = &refusal{"", fmt.Sprintf("an earlier row of template %s was refused", id)}
	case !known:
		r = &refusal{"TEMPLATE_ID", fmt.Sprintf("template %s is not in the register: import the templates first", id)}
	default:
		r = im.mayLink(owner, links)
	}
	if r != nil {
		im.settle(r)
		return
	}
	for _, l := range links {
		if im.at.subject = string(id); im.kind == dlt.KindLink {
			im.at.subject = linkKey(&l)
		}
		im.link(owner, l)
		im.settle(nil)
	}
}

// mayLink refuses links to headers of another entity. An export of links makes no headers either: a misspelt one would
// become the entity's own.
func (im *importer) mayLink(owner dlt.EntityID, links []dlt.Link) *refusal {
	for _, l := range links {
		if im.settled(&l) {
			continue
		}
		im.keep(dlt.KindLink, linkKey(&l), &l.Standing)
		if r := im.another(l.Header, owner, l.Status == dlt.Active, false); r != nil {
			return r
		}
		if im.kind == dlt.KindLink && im.drafts[rowKey{dlt.KindHeader, headerKey(l.Header, owner)}] == nil {
			return &refusal{"HEADER", fmt.Sprintf("header %s of entity %s is not in the register: "+
				"import headers first, or mend the spelling", l.Header, owner)}
		}
	}
	return nil
}

// settled says whether a link, which came with a template, is in the register already: then it stays as it is.
func (im *importer) settled(l *dlt.Link) bool {
	return im.kind == dlt.KindTemplate && im.drafts[rowKey{dlt.KindLink, linkKey(l)}] != nil
}

func (im *importer) link(owner dlt.EntityID, l dlt.Link) {
	if im.settled(&l) {
		return
	}
	im.implyHeader(l.Header, owner)
	im.keep(dlt.KindLink, linkKey(&l), &l.Standing)
	im.put(dlt.KindLink, linkKey(&l), &l, &l.Standing)
}

// another refuses a header that the entity does not hold and another does. Where givenUp, it may be one that the other
// holds as inactive: only an export of headers says so, while one of templates may be old. What would put one in use
// (active) that the entity holds, but not as active, is refused where another has it as active: it went on to that one.
func (im *importer) another(h dlt.Header, own dlt.EntityID, active, givenUp bool) *refusal {
	holders := im.holders[h]
	ours, held := holders[own]
	if held && (ours == dlt.Active || !active) {
		return nil
	}
	for _, other := range slices.Sorted(maps.Keys(holders)) {
		theirs := holders[other]
		if other != own && (held && theirs == dlt.Active || !held && !(givenUp && theirs == dlt.Inactive)) {
			return &refusal{"HEADER", fmt.Sprintf("header %s belongs to entity %s: check whose export this is", h, other)}
		}
	}
	return nil
}
