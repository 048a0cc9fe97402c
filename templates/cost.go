package templates

import (
	"strings"

	"harkara/smpp/sms"
)

// Costs is what the texts of one template come to in one SMSC's coding.
type Costs struct {
	Least   sms.Size // with every variable as short as it can be
	Most    sms.Size // with every variable as long as it may be, in characters of the usual alphabet
	Unicode sms.Size // the same, where a variable holds one that forces UCS-2; Most where none may, zero where it can't go
}

// Costs measures the template's texts between their limits. Characters of GSM-7's extension table, two septets each,
// are not reckoned with in variables. The error is of the template's own text: no SMSC of this coding can carry it.
func (c *Compiled) Costs(coding *sms.Coding) (costs Costs, err error) {
	for _, of := range []struct {
		size *sms.Size
		text string
	}{
		{&costs.Least, c.sample(func(Slot) (rune, int) { return '0', 1 })},
		{&costs.Most, c.sample(func(s Slot) (rune, int) { return '0', s.MaxLen })},
	} {
		if *of.size, err = coding.Measure(of.text); err != nil {
			return Costs{}, err
		}
	}
	const rupee = '₹' // in no alphabet but UCS-2, and what variables are most likely to bring
	wide := c.sample(func(s Slot) (rune, int) {
		if reason, _ := s.Type.Check(string(rupee), s.MaxLen); reason != "" {
			return '0', s.MaxLen
		}
		return rupee, s.MaxLen
	})
	if costs.Unicode, err = coding.Measure(wide); err != nil { // a coding without UCS-2 refuses such a text
		costs.Unicode = sms.Size{}
	}
	return costs, nil
}

// sample renders the template with each variable a repeated character, whatever its type says to it.
func (c *Compiled) sample(fill func(Slot) (character rune, count int)) string {
	var text strings.Builder
	for i, slot := range c.slots {
		text.WriteString(c.literals[i])
		character, count := fill(slot)
		text.WriteString(strings.Repeat(string(character), count))
	}
	text.WriteString(c.literals[len(c.slots)])
	return text.String()
}
