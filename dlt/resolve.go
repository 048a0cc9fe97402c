package dlt

import (
	"fmt"
	"slices"
)

// Query asks whether a tenant may send a template under a header.
type Query struct {
	Template TemplateID
	Header   Header   // empty: the template's only one
	Allowed  []Header // those that the tenant may use; none when empty
}

// Grant is the register's leave to send: what goes into the TLVs, the source address and the books.
type Grant struct {
	Template TemplateID
	Entity   EntityID
	Header   Header
	Category Category
}

// Resolve checks a query in the operators' order and returns the grant, or the first thing that forbids it. It does
// not allocate where it grants.
func (r *Register) Resolve(q Query) (Grant, *Violation) {
	t, ok := r.templates[q.Template]
	switch {
	case !ok:
		return Grant{}, refuse(UnknownTemplate, "the template is not in the register")
	case !t.Active:
		return Grant{}, refuse(TemplateInactive, "template %s is not active", t.ID)
	}
	switch e, ok := r.entities[t.Entity]; {
	case !ok:
		return Grant{}, refuse(EntityUnknown, "entity %s of template %s is not in the register", t.Entity, t.ID)
	case !e.Active:
		return Grant{}, refuse(EntityUnknown, "entity %s of template %s is not active", t.Entity, t.ID)
	}
	header := q.Header
	if header == "" {
		switch len(t.Headers) {
		case 0:
			return Grant{}, refuse(HeaderNotLinked, "template %s is linked to no header", t.ID)
		case 1:
			header = t.Headers[0]
		default:
			return Grant{}, refuse(UnknownHeader, "template %s has %d headers: name one", t.ID, len(t.Headers))
		}
	}
	if v := r.checkHeader(t, header, q.Allowed); v != nil {
		return Grant{}, v
	}
	return Grant{Template: t.ID, Entity: t.Entity, Header: header, Category: t.Category}, nil
}

// checkHeader says what forbids the header for the template and the tenant's headers, or nil.
func (r *Register) checkHeader(t *Template, h Header, allowed []Header) *Violation {
	active, owned := r.records[ownedHeader{h, t.Entity}]
	switch {
	case !r.headers[h]:
		return refuse(UnknownHeader, "the header is not in the register (its letters count by case)")
	case owned && !active:
		return refuse(HeaderInactive, "header %s is not active", h)
	case !slices.Contains(allowed, h):
		return refuse(HeaderNotAllowed, "the tenant may not use header %s", h)
	case !slices.Contains(t.Headers, h):
		return refuse(HeaderNotLinked, "template %s is not linked to header %s", t.ID, h)
	case !owned:
		return refuse(HeaderNotLinked, "header %s does not belong to entity %s of template %s", h, t.Entity, t.ID)
	}
	return nil
}

// refuse makes a violation. What the register does not hold is never quoted: a request may carry anything there.
func refuse(reason Reason, format string, args ...any) *Violation {
	return &Violation{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}
