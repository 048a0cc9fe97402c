package dlt

import (
	"fmt"
	"slices"
	"time"
)

// Query asks whether a tenant may send a template under a header.
type Query struct {
	Template TemplateID
	Header   Header   // empty: the template's only one in force
	Allowed  []Header // those that the tenant may use; none when empty
	At       time.Time
}

// Grant is the register's leave to send: what goes into the TLVs, the source address and the books.
type Grant struct {
	Template TemplateID
	Entity   EntityID
	Header   Header
	Category Category
	CTAs     *CTAs // what its entity has whitelisted
}

// Resolve checks a query in the operators' order (entity, header, link, template) and returns the grant, or the first
// thing that forbids it; the grant then holds what was found before, for the books. It does not allocate where it grants.
func (r *Register) Resolve(q Query) (Grant, *Violation) {
	t, ok := r.templates[q.Template]
	if !ok {
		return Grant{}, refuse(UnknownTemplate, "the template is not in the register")
	}
	g := Grant{Template: t.ID, Entity: t.Entity, Category: t.Category, CTAs: r.ctas[t.Entity]}
	e, ok := r.entities[t.Entity]
	switch {
	case !ok:
		return g, refuse(EntityUnknown, "entity %s of template %s is not in the register", t.Entity, t.ID)
	case !e.InForce(q.At):
		return g, refuse(EntityUnknown, "entity %s of template %s %s", t.Entity, t.ID, e.Fault(q.At))
	}
	header, v := t.header(q.Header, q.At)
	if v == nil {
		v = r.checkHeader(t, header, q)
	}
	if r.headers[header] > 0 {
		g.Header = header
	}
	switch {
	case v != nil:
		return g, v
	case !t.InForce(q.At):
		return g, refuse(TemplateInactive, "template %s %s", t.ID, t.Fault(q.At))
	}
	return g, nil
}

// header is the one that was asked for, or else the only one that the template is linked to.
func (t *Template) header(asked Header, at time.Time) (Header, *Violation) {
	if asked != "" {
		return asked, nil
	}
	linked := 0
	for i := range t.Links {
		if t.Links[i].InForce(at) {
			linked, asked = linked+1, t.Links[i].Header
		}
	}
	switch linked {
	case 0:
		return "", refuse(HeaderNotLinked, "template %s is linked to no header that is in force", t.ID)
	case 1:
		return asked, nil
	}
	return "", refuse(UnknownHeader, "template %s has %d headers: name one", t.ID, linked)
}

// checkHeader says what forbids the header for the template and the tenant's headers, or nil.
func (r *Register) checkHeader(t *Template, h Header, q Query) *Violation {
	record := r.owned[ownedHeader{h, t.Entity}]
	link := slices.IndexFunc(t.Links, func(l Link) bool { return l.Header == h })
	switch {
	case record == nil && r.headers[h] == 0:
		return refuse(UnknownHeader, "the header is not in the register (its letters count by case)")
	case record != nil && !record.InForce(q.At):
		return refuse(HeaderInactive, "header %s %s", h, record.Fault(q.At))
	case !slices.Contains(q.Allowed, h):
		return refuse(HeaderNotAllowed, "the tenant may not use header %s", h)
	case link < 0:
		return refuse(HeaderNotLinked, "template %s is not linked to header %s", t.ID, h)
	case record == nil:
		return refuse(HeaderNotLinked, "header %s does not belong to entity %s of template %s", h, t.Entity, t.ID)
	case !t.Links[link].InForce(q.At):
		return refuse(HeaderNotLinked, "the link of template %s to header %s %s", t.ID, h, t.Links[link].Fault(q.At))
	}
	return nil
}

// CheckCategory returns CategoryNotAllowed where the header can't carry the category, else nil. Six digits are a
// promotional header; since May 2025 letters may carry promotional messages too, which the operator marks by -P.
func (g *Grant) CheckCategory() *Violation {
	if g.Header == "" || g.Header[0] > '9' || g.Category == Promotional {
		return nil
	}
	return refuse(CategoryNotAllowed, "header %s is of six digits, which carry promotional messages only; template %s is %s",
		g.Header, g.Template, g.Category)
}

// refuse makes a violation. What the register does not hold is never quoted: a request may carry anything there.
func refuse(reason Reason, format string, args ...any) *Violation {
	return &Violation{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}
