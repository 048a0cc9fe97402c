package router

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// SMSC is what the table knows of an SMSC.
type SMSC struct {
	ID         sms.SMSCID
	Categories []dlt.Category // those that its account may send
	Rules      dlt.Rules      // of its scrubber; only Explain looks at them, for the hours of promotional messages
}

// Match says which messages a route is for. An empty list matches all.
type Match struct {
	Tenants  []sms.TenantID
	Classes  []sms.Class
	Headers  []dlt.Header
	Prefixes []string // what the number begins with, country code first: "91", "9198"
}

// Target is one SMSC of a route with its share of the messages.
type Target struct {
	SMSC   sms.SMSCID
	Weight int // from 1
}

// Route is one row of the table.
type Route struct {
	Match    Match
	Targets  []Target     // by weight
	Failover []sms.SMSCID // then these, in order
}

// Table is the routes, checked, in their order. It never changes.
type Table struct {
	routes []route
}

// route is a Route whose SMSCs are looked up: the targets in falling weight, then the failover in order.
type route struct {
	match Match
	ways  []way
}

type way struct {
	smsc       sms.SMSCID
	role       Role
	weight     int
	categories []dlt.Category
	rules      dlt.Rules
}

// MaxWeight bounds a weight, so that shares stay what they look like and no sum overflows.
const MaxWeight = 1000

// NewTable checks the routes against the SMSCs. The error holds every fault, each with the route (from 1) and the mend.
func NewTable(routes []Route, smscs []SMSC) (*Table, error) {
	known := make(map[sms.SMSCID]SMSC, len(smscs))
	var faults []error
	for _, s := range smscs {
		if _, twice := known[s.ID]; twice {
			faults = append(faults, fmt.Errorf("smsc %s is there twice: give each its own id", s.ID))
		}
		if len(s.Categories) == 0 {
			faults = append(faults, fmt.Errorf("smsc %s has no categories: list those that its account may send", s.ID))
		}
		known[s.ID] = s
	}
	t := &Table{}
	for i, r := range routes {
		row, err := compile(r, known)
		if err != nil {
			faults = append(faults, fmt.Errorf("route %d: %w", i+1, err))
		}
		t.routes = append(t.routes, row)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return t, nil
}

// compile checks one route.
func compile(r Route, known map[sms.SMSCID]SMSC) (route, error) {
	var faults []error
	if len(r.Targets) == 0 {
		faults = append(faults, errors.New("it has no targets: name at least one SMSC"))
	}
	var ways []way
	add := func(id sms.SMSCID, role Role, weight int) {
		s, ok := known[id]
		switch {
		case !ok:
			faults = append(faults, fmt.Errorf("smsc %q is not configured", id))
		case slices.ContainsFunc(ways, func(w way) bool { return w.smsc == id }):
			faults = append(faults, fmt.Errorf("smsc %s is named twice: leave it in one place", id))
		}
		ways = append(ways, way{id, role, weight, s.Categories, s.Rules})
	}
	for _, target := range r.Targets {
		if target.Weight < 1 || target.Weight > MaxWeight {
			faults = append(faults, fmt.Errorf("smsc %s has weight %d: write 1 to %d", target.SMSC, target.Weight, MaxWeight))
		}
		add(target.SMSC, RoleTarget, target.Weight)
	}
	slices.SortStableFunc(ways, func(a, b way) int { return b.weight - a.weight })
	for _, id := range r.Failover {
		add(id, RoleFailover, 0)
	}
	r.Match.Prefixes = slices.Clone(r.Match.Prefixes)
	for i, p := range r.Match.Prefixes {
		digits := strings.TrimPrefix(p, "+")
		if digits == "" || strings.Trim(digits, "0123456789") != "" {
			faults = append(faults, fmt.Errorf("prefix %q is not digits, such as \"91\"", p))
		}
		r.Match.Prefixes[i] = digits
	}
	return route{r.Match, ways}, errors.Join(faults...)
}

// miss names the first condition of the match that the query does not meet, or is empty. It returns a constant, so that
// the way to the wire allocates nothing for it.
func (m *Match) miss(q *Query) string {
	switch {
	case len(m.Tenants) > 0 && !slices.Contains(m.Tenants, q.Tenant):
		return "tenant"
	case len(m.Classes) > 0 && !slices.Contains(m.Classes, q.Class):
		return "class"
	case len(m.Headers) > 0 && !slices.Contains(m.Headers, q.Header):
		return "header"
	case len(m.Prefixes) > 0 && !hasPrefix(m.Prefixes, q.To.Digits()):
		return "prefix"
	}
	return ""
}

func hasPrefix(prefixes []string, digits string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(digits, p) {
			return true
		}
	}
	return false
}
