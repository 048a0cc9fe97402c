package router

import (
	"fmt"
	"slices"
	"strings"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// categories are those that Explain goes through when the query names none.
var categories = []dlt.Category{
	dlt.Transactional, dlt.ServiceImplicit, dlt.ServiceExplicit, dlt.Promotional, dlt.Government,
}

// Explain says in words, line by line, what Select decides and why: whether the tenant may use the header, which route
// matches and what kept the ones before it from matching, and the SMSCs in order, with each one's state. Without a
// category in the query it goes through all of them. Of a route's targets the heaviest is shown as the one chosen.
func (t *Table) Explain(tenant Tenant, q Query, health Health) string {
	var b strings.Builder
	if slices.Contains(tenant.Headers, q.Header) {
		fmt.Fprintf(&b, "tenant %s may use header %s\n", q.Tenant, q.Header)
	} else {
		fmt.Fprintf(&b, "tenant %s may not use header %s: %s; its headers: %s\n",
			q.Tenant, q.Header, dlt.HeaderNotAllowed, list(tenant.Headers))
	}
	matched := 0
	for i := range t.routes {
		m := &t.routes[i].match
		miss := m.miss(&q)
		if miss == "" {
			matched = i + 1
			break
		}
		fmt.Fprintf(&b, "route %d does not match: %s is not %s\n", i+1, q.part(miss), m.wanted(miss))
	}
	if matched == 0 {
		fmt.Fprintf(&b, "no route matches: %s\n", NoRoute)
		return b.String()
	}
	fmt.Fprintf(&b, "route %d matches\n", matched)
	asked := categories
	if q.Category != "" {
		asked = []dlt.Category{q.Category}
	}
	for _, q.Category = range asked {
		t.explainCategory(&b, q, health)
	}
	return b.String()
}

// explainCategory writes the decision for one category.
func (t *Table) explainCategory(b *strings.Builder, q Query, health Health) {
	d := t.Select(q, health, 0)
	ways := t.routes[d.Route-1].ways
	at := func(id sms.SMSCID) *way {
		return &ways[slices.IndexFunc(ways, func(w way) bool { return w.smsc == id })]
	}
	v := at(d.Candidates[0].SMSC).rules.CheckHours(q.Category, q.At)
	switch {
	case d.Reason != "":
		fmt.Fprintf(b, "%s: %s\n", q.Category, d.Reason)
	case v != nil:
		fmt.Fprintf(b, "%s: %s\n", q.Category, v)
	case d.Ready == 0:
		fmt.Fprintf(b, "%s: waits, none is ready\n", q.Category)
	default:
		fmt.Fprintf(b, "%s: goes to %s\n", q.Category, d.Candidates[0].SMSC)
	}
	for i, c := range d.Candidates {
		w := at(c.SMSC)
		role := c.Role.String()
		if c.Role == RoleTarget {
			role = fmt.Sprintf("target, weight %d", w.weight)
		}
		state := c.Skip.String()
		switch c.Skip {
		case Ready:
			state = fmt.Sprintf("ready, room for %d", health.Room(c.SMSC, q.Class))
		case Barred:
			state = "may send only " + list(w.categories)
		}
		fmt.Fprintf(b, "  %d. %s (%s): %s\n", i+1, c.SMSC, role, state)
	}
}

// part names the part of the query that a condition is about. Of the number only that it is one shows.
func (q *Query) part(condition string) string {
	switch condition {
	case "tenant":
		return "tenant " + string(q.Tenant)
	case "class":
		return "class " + q.Class.String()
	case "header":
		return "header " + string(q.Header)
	}
	return "the number's beginning"
}

// wanted lists what a condition asks for.
func (m *Match) wanted(condition string) string {
	switch condition {
	case "tenant":
		return list(m.Tenants)
	case "class":
		return list(m.Classes)
	case "header":
		return list(m.Headers)
	}
	return list(m.Prefixes)
}

// list joins values for people: "a", "a or b", "a, b or c", "none".
func list[T any](values []T) string {
	var words []string
	for _, v := range values {
		words = append(words, fmt.Sprint(v))
	}
	switch n := len(words); n {
	case 0:
		return "none"
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
}
