package crash

import (
	"fmt"
	"slices"
	"time"

	"harkara/smpp/sms"
)

// violation is a guarantee that does not hold for a request; request is nil where it is about none alone.
type violation struct {
	rule    string // G1 to G5, or what else does not agree
	request *request
	what    string
}

// checker gathers violations.
type checker struct {
	w     *world
	db    *tables
	found []violation

	// What is no fault and worth knowing.
	duplicates, inDoubt, unwritten int
}

func (c *checker) fail(rule string, r *request, format string, args ...any) {
	c.found = append(c.found, violation{rule, r, fmt.Sprintf(format, args...)})
}

// check holds the database against the books of the SMSCs and the tenants.
func (w *world) check(db *tables, requests []*request) *checker {
	c := &checker{w: w, db: db}
	ours := map[name]bool{}
	for _, r := range requests {
		ours[r.name] = true
		rows := db.messages[r.name]
		if len(rows) > 1 || len(rows) == 0 && !r.acked.IsZero() {
			c.fail("G1", r, "has %d rows; acknowledged at %s", len(rows), clock(r.acked))
		}
		if len(rows) == 0 {
			if n := len(w.taken[r.number]); n > 0 {
				c.fail("G1", r, "has no row, and SMSCs took %d short messages of it", n)
			}
			continue
		}
		c.ended(r, &rows[0])
		c.inTime(r, &rows[0])
		c.copies(r, &rows[0])
		c.receipts(r, &rows[0])
		c.order(r, &rows[0])
		c.told(r, &rows[0])
	}
	for whose := range db.messages {
		if !ours[whose] {
			c.fail("G1", nil, "the database has %v, which nobody asked for", whose)
		}
	}
	return c
}

// ended: G1, and a state that agrees with what the SMSCs took.
func (c *checker) ended(r *request, m *message) {
	took := len(c.w.taken[r.number])
	if m.State == sms.InDoubt {
		c.inDoubt++
	}
	switch m.State {
	case sms.Planned, sms.Submitted:
		c.fail("G1", r, "is left %s", m.State)
	case sms.Delivered, sms.Undelivered:
		if took == 0 {
			c.fail("G1", r, "is %s, and no SMSC ever took it", m.State)
		}
	case sms.Rejected:
		if !r.bad || took > 0 {
			c.fail("G1", r, "is rejected; an SMSC took %d short messages of it", took)
		}
	case sms.Lapsed:
		if r.ttl == 0 || took > 0 {
			c.fail("G1", r, "has lapsed with a TTL of %s; an SMSC took %d short messages of it", r.ttl, took)
		}
	case sms.InDoubt:
	case sms.Refused: // another gateway had it in doubt, and the one that stood still had not written it
		if !c.w.stands || took > 0 || slices.ContainsFunc(c.db.attempts[r.name], func(a attempt) bool { return a.Verdict != "unsent" }) {
			c.fail("G1", r, "is refused, by attempts %v; an SMSC took %d short messages of it", c.db.attempts[r.name], took)
		}
		c.unwritten++
	default: // nothing here refuses messages, and every one has a receipt
		c.fail("G1", r, "is %s", m.State)
	}
	if r.bad && m.State != sms.Rejected {
		c.fail("G1", r, "names a template that there is not, and is %s", m.State)
	}
}

// onTheWay is what may lie between the gateway's look at the clock, just before it writes, and the simulator's as it
// reads: both run on a machine that is full.
const onTheWay = 300 * time.Millisecond

// inTime: G2.
func (c *checker) inTime(r *request, m *message) {
	// The deadline counts from when JetStream took the request, which the tenant knows the bounds of.
	if m.Requested.Before(r.first.Add(-onTheWay)) || !r.acked.IsZero() && m.Requested.After(r.acked.Add(onTheWay)) {
		c.fail("G2", r, "was requested at %s by its row; its tenant published it first at %s and had the acknowledgement at %s",
			clock(m.Requested), clock(r.first), clock(r.acked))
	}
	ttl := r.ttl
	if ttl == 0 {
		ttl = r.class.DefaultTTL()
	}
	for id, s := range c.w.sims {
		for _, at := range s.came.of(r.number) {
			if late := at.Sub(m.Requested.Add(ttl)); late > onTheWay {
				c.fail("G2", r, "came to %s %s after its deadline", id, late)
			}
		}
	}
}

// clock writes a time for a story.
func clock(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.Format("15:04:05.000")
}
