package router

import (
	"slices"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Reason is why a message is not sent on, as the contract's rejected reasons spell it; empty where it is.
type Reason string

// The reasons of this package.
const (
	NoRoute            Reason = "no_route"
	CategoryNotAllowed Reason = Reason(dlt.CategoryNotAllowed)
	TenantLimit        Reason = "tenant_limit"
)

// Stage returns the stage that the contract gives the reason.
func (r Reason) Stage() sms.Stage {
	if r == CategoryNotAllowed {
		return sms.StageDLT
	}
	return sms.StageRoute
}

// Role is what an SMSC is to its route.
type Role uint8

// The roles.
const (
	RoleTarget Role = iota
	RoleFailover
)

// String returns target or failover.
func (r Role) String() string {
	if r == RoleFailover {
		return "failover"
	}
	return "target"
}

// Skip is why a candidate is not to be tried now.
type Skip uint8

// The causes.
const (
	Ready  Skip = iota // it is to be tried
	Down               // no live bind
	Full               // its lane for the class has no room
	Barred             // it may not send the category, now or later
)

// String returns ready, down, full or barred.
func (s Skip) String() string { return [...]string{"ready", "down", "full", "barred"}[s] }

// Query is what a message is routed by.
type Query struct {
	Tenant   sms.TenantID
	Header   dlt.Header
	Class    sms.Class
	To       sms.MSISDN
	Category dlt.Category
	At       time.Time // when it would be sent; only Explain looks at it
}

// Health tells how the SMSCs are just now. It is asked on the way to the wire: it must not block.
type Health interface {
	Live(sms.SMSCID) bool           // has a bind that can submit
	Room(sms.SMSCID, sms.Class) int // how many submissions its lane for the class takes
}

// Candidate is one SMSC of the route that was found.
type Candidate struct {
	SMSC sms.SMSCID
	Role Role
	Skip Skip
}

// Decision is where a message goes.
type Decision struct {
	Route      int         // from 1; 0 where none matches
	Candidates []Candidate // those to try, in order, then those that are skipped
	Ready      int         // how many of them are to be tried; with no Reason and none ready, the message waits
	Reason     Reason      // why it goes nowhere
}

// Next returns the candidates to try, in order.
func (d Decision) Next() []Candidate { return d.Candidates[:d.Ready] }

// Select finds the first route that matches and puts its SMSCs in order: of the targets that are ready one by weight,
// then the others by falling weight, then the failover as configured; behind them those that are skipped. The pick
// says which target: over any run of consecutive picks, or evenly drawn ones, each has its weight's share.
//
// Reason is no_route where no route matches, and category_not_allowed where the route does but none of its SMSCs may
// send the category; a later route is not looked at, as the table says "first match wins". It allocates the candidates only.
func (t *Table) Select(q Query, health Health, pick uint64) Decision {
	for i := range t.routes {
		if t.routes[i].match.miss(&q) == "" {
			d := t.routes[i].order(&q, health, pick)
			d.Route = i + 1
			return d
		}
	}
	return Decision{Reason: NoRoute}
}

// order puts the route's SMSCs in order.
func (r *route) order(q *Query, health Health, pick uint64) Decision {
	d := Decision{Candidates: make([]Candidate, 0, len(r.ways)), Reason: CategoryNotAllowed}
	var total uint64
	for i := range r.ways {
		w := &r.ways[i]
		c := Candidate{w.smsc, w.role, w.skip(q, health)}
		d.Candidates = append(d.Candidates, c)
		if c.Skip != Barred {
			d.Reason = ""
		}
		if c.Skip == Ready {
			d.Ready++
			total += uint64(w.weight)
		}
	}
	if total > 0 { // a target is ready; failover has no weight
		toFront(d.Candidates, r.chosen(d.Candidates, pick%total))
	}
	if d.Ready < len(d.Candidates) {
		slices.SortStableFunc(d.Candidates, func(a, b Candidate) int { return behind[a.Skip] - behind[b.Skip] })
	}
	return d
}

// behind sorts the candidates: the ready ones before all others, whatever keeps those back.
var behind = [...]int{Ready: 0, Down: 1, Full: 1, Barred: 1}

// chosen returns the index of the ready target that a share (below the sum of their weights) falls to.
func (r *route) chosen(candidates []Candidate, share uint64) int {
	for i := range r.ways {
		if candidates[i].Skip != Ready {
			continue
		}
		weight := uint64(r.ways[i].weight)
		if share < weight {
			return i
		}
		share -= weight
	}
	panic("router: a share beyond the sum of the weights")
}

// toFront moves the i-th candidate to the front and keeps the others' order.
func toFront(candidates []Candidate, i int) {
	c := candidates[i]
	copy(candidates[1:i+1], candidates[:i])
	candidates[0] = c
}

// skip says why the SMSC is not to be tried for the query, or Ready.
func (w *way) skip(q *Query, health Health) Skip {
	switch {
	case !slices.Contains(w.categories, q.Category):
		return Barred
	case !health.Live(w.smsc):
		return Down
	case health.Room(w.smsc, q.Class) < 1:
		return Full
	}
	return Ready
}
