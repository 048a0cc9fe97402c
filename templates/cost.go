package templates

import (
	"strings"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Costs is what the texts of one template come to in one SMSC's coding.
type Costs struct {
	Least   sms.Size // with every variable as short as it can be
	Most    sms.Size // with every variable as long as it may be, in characters of the usual alphabet
	Unicode sms.Size // the same, where a variable holds one that forces UCS-2; Most where none may, zero where it can't go
}

// Costs measures the template's texts between their limits under an SMSC's rules. Characters of GSM-7's extension
// table, two septets each, are not reckoned with in variables. The error is of the template's own text: no SMSC of this
// coding can carry it.
func (c *Compiled) Costs(coding *sms.Coding, r *dlt.Rules) (costs Costs, err error) {
	for _, of := range []struct {
		size *sms.Size
		text string
	}{
		{&costs.Least, c.sample(r, func(dlt.VarType) (rune, int) { return '0', 1 })},
		{&costs.Most, c.sample(r, func(t dlt.VarType) (rune, int) { return '0', r.MaxLen(t) })},
	} {
		if *of.size, err = coding.Measure(of.text); err != nil {
			return Costs{}, err
		}
	}
	const outside = '字' // a letter, and in no alphabet but UCS-2: what takes any character that is, takes this one
	wide := c.sample(r, func(t dlt.VarType) (rune, int) {
		if reason, _ := r.CheckType(t, string(outside)); reason != "" {
			return '0', r.MaxLen(t)
		}
		return outside, r.MaxLen(t)
	})
	if costs.Unicode, err = coding.Measure(wide); err != nil { // a coding without UCS-2 refuses such a text
		costs.Unicode = sms.Size{}
	}
	return costs, nil
}

// sample renders the template with each variable a repeated character, whatever its type says to it.
func (c *Compiled) sample(r *dlt.Rules, fill func(dlt.VarType) (character rune, count int)) string {
	literals := c.in(r.Newline).literals
	var text strings.Builder
	for i, t := range c.slots {
		text.WriteString(literals[i])
		character, count := fill(t)
		text.WriteString(strings.Repeat(string(character), count))
	}
	text.WriteString(literals[len(c.slots)])
	return text.String()
}
