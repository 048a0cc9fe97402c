package templates

import (
	"fmt"
	"strings"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Scrub is what an operator's scrubber knows besides the template when it looks at a message.
type Scrub struct {
	Rules *dlt.Rules // of the SMSC that the message goes to; never nil
	CTAs  *dlt.CTAs  // what the template's entity has whitelisted; nil: nothing
	At    time.Time  // what of that is in force
}

// Render fills the variables in, after checking their number, the length of each, the type of each, and whether what
// is a URL, number or address is whitelisted: first failure in that order, which is the operators' (codes 635, 5307),
// over all variables. A violation's Position is the variable's, from 1; its detail does not hold the value. Line
// breaks are in the rules' form. It allocates the text and nothing else.
func (c *Compiled) Render(vars []sms.Secret, s Scrub) (sms.Secret, *dlt.Violation) {
	if v := c.check(vars, s); v != nil {
		return "", v
	}
	p := c.in(s.Rules.Newline)
	size := p.size
	for _, v := range vars {
		size += len(v)
	}
	var text strings.Builder
	text.Grow(size)
	for i, v := range vars {
		text.WriteString(p.literals[i])
		text.WriteString(v.Reveal())
	}
	text.WriteString(p.literals[len(vars)])
	return sms.Secret(text.String()), nil
}

// check returns the first thing that forbids the variables, or nil.
func (c *Compiled) check(vars []sms.Secret, s Scrub) *dlt.Violation {
	if len(vars) != len(c.slots) {
		return &dlt.Violation{
			Reason: dlt.WrongVariableCount,
			Detail: fmt.Sprintf("template %s takes %d variables, the request has %d", c.id, len(c.slots), len(vars)),
		}
	}
	for i, v := range vars {
		if reason, detail := s.Rules.CheckLength(c.slots[i], v.Reveal()); reason != "" {
			return c.fault(i, reason, detail)
		}
	}
	for i, v := range vars {
		if reason, detail := s.Rules.CheckType(c.slots[i], v.Reveal()); reason != "" {
			return c.fault(i, reason, detail)
		}
	}
	if !s.Rules.CTA {
		return nil
	}
	for i, v := range vars {
		if t := c.slots[i]; isCTA(t) && !s.CTAs.Allows(t, v.Reveal(), s.At) {
			return c.fault(i, dlt.CTANotWhitelisted, notWhitelisted)
		}
	}
	return nil
}

const notWhitelisted = "nothing that the entity has whitelisted covers it: have it whitelisted with the operator"

// isCTA says whether values of the type are calls to action, which the entity whitelists.
func isCTA(t dlt.VarType) bool {
	return t == dlt.URL || t == dlt.URLOTT || t == dlt.CBN || t == dlt.Email
}

// fault is the violation of the i-th variable, counted from 0.
func (c *Compiled) fault(i int, reason dlt.Reason, detail string) *dlt.Violation {
	return &dlt.Violation{
		Reason:   reason,
		Detail:   fmt.Sprintf("variable %d (%s): %s", i+1, c.slots[i], detail),
		Position: i + 1,
	}
}
