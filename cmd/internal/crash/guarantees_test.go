package crash

import (
	"slices"

	"harkara/smpp/sms"
)

// copies: G3.
func (c *checker) copies(r *request, m *message) {
	allowed, most := 1, 0
	if r.class == sms.OTP {
		allowed = 2
	}
	for segment, n := range bySegments(c.w.taken[r.number]) {
		if most = max(most, n); n > allowed {
			c.fail("G3", r, "segment %d was taken %d times; %d is the policy", segment, n, allowed)
		}
		if segment > r.segments {
			c.fail("G3", r, "segment %d was taken, of %d", segment, r.segments)
		}
	}
	if most > 1 {
		c.duplicates++
		if !m.Duplicate {
			c.fail("G3", r, "was taken %d times and is not declared as a possible duplicate", most)
		}
	}
}

// receipts: G4. The round has settled, so every receipt was answered OK.
func (c *checker) receipts(r *request, m *message) {
	ids := map[handle]bool{}
	for _, a := range c.db.attempts[r.name] {
		if a.handle.ID != "" {
			ids[a.handle] = true
		}
	}
	failed, all := false, len(bySegments(c.w.taken[r.number])) == r.segments
	for _, one := range c.w.taken[r.number] {
		whose, kept := c.db.receipts[one.handle]
		switch {
		case one.stat == "":
		case !kept:
			c.fail("G4", r, "the receipt of %s by %s was acknowledged and is not in the database", one.ID, one.SMSC)
		case whose == "" && ids[one.handle]:
			c.fail("G4", r, "the receipt of %s by %s is unmatched, and an attempt has that id", one.ID, one.SMSC)
		case whose != "" && whose != string(r.ID):
			c.fail("G4", r, "the receipt of %s by %s is matched to %s", one.ID, one.SMSC, whose)
		}
		failed = failed || one.stat != "DELIVRD"
		all = all && ids[one.handle]
	}
	if want := map[bool]sms.State{false: sms.Delivered, true: sms.Undelivered}[failed]; all && m.State != want &&
		len(c.w.taken[r.number]) == r.segments {
		c.fail("G4", r, "all receipts found it, and it is %s, want %s", m.State, want)
	}
}

func bySegments(all []taken) map[int]int {
	n := map[int]int{}
	for _, one := range all {
		n[one.segment]++
	}
	return n
}

// rank orders states by how much is known: a final state may give way to one that says more, to nothing else.
var rank = map[sms.State]int{sms.Planned: 0, sms.InDoubt: 1, sms.Submitted: 2,
	sms.Rejected: 3, sms.Lapsed: 3, sms.Refused: 3, sms.Unreported: 4, sms.Expired: 5, sms.Undelivered: 5, sms.Delivered: 6}

// order: G5, in the history of the rows and in SMS_STATUS, and no status twice.
func (c *checker) order(r *request, m *message) {
	history := c.db.standings[m.Key]
	told := make([]sms.State, 0, 4)
	for _, s := range c.w.statuses[r.name] {
		if slices.Contains(told, s.state) {
			c.fail("status", r, "%s was published twice", s.state)
		}
		told = append(told, s.state)
	}
	for what, states := range map[string][]sms.State{"rows": history, "statuses": told} {
		for i := 1; i < len(states); i++ {
			from, to := rank[states[i-1]], rank[states[i]]
			if to < from || to == from && states[i] != states[i-1] {
				c.fail("G5", r, "its %s go from %s to %s", what, states[i-1], states[i])
			}
		}
	}
	if len(history) == 0 || history[len(history)-1] != m.State {
		c.fail("G5", r, "its rows are %v, and v_message says %s", history, m.State)
	}
}

// told: where a message ended is in SMS_STATUS, and what a tenant heard is there, too.
func (c *checker) told(r *request, m *message) {
	all := c.w.statuses[r.name]
	said := func(state sms.State) bool {
		return slices.ContainsFunc(all, func(s status) bool { return s.state == state })
	}
	if !said(m.State) {
		c.fail("status", r, "is %s, and SMS_STATUS never said so", m.State)
	}
	for _, heard := range c.w.tenants[r.Tenant].hears(r.name) {
		if !said(heard) {
			c.fail("status", r, "its tenant heard %s, and SMS_STATUS does not have it", heard)
		}
	}
}
