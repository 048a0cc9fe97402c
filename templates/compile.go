package templates

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Slot is one variable of a template.
type Slot struct {
	Type   dlt.VarType
	MaxLen int // in characters
}

// Compiled is one template, ready to render. It never changes.
type Compiled struct {
	id       dlt.TemplateID
	literals []string // one more than slots: literals[i] stands before slots[i]; may be empty
	slots    []Slot
	size     int // bytes of all literals
	chars    int // characters of all literals
}

// Compile makes a template ready to render. Where its tag is untyped, a variable has the type that was registered
// beside the text, if any. The error names the template and what its text is refused for.
func Compile(t dlt.Template) (*Compiled, error) {
	tokens, err := dlt.ParseContent(t.Content)
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", t.ID, err)
	}
	c := &Compiled{id: t.ID}
	literal := ""
	for _, token := range tokens {
		if token.Var == "" {
			literal = token.Literal
			continue
		}
		typ := token.Var
		if i := len(c.slots); typ == dlt.Untyped && i < len(t.VarTypes) && t.VarTypes[i] != "" {
			typ = t.VarTypes[i]
		}
		c.literals = append(c.literals, literal)
		c.slots = append(c.slots, Slot{typ, typ.MaxLen()})
		literal = ""
	}
	c.literals = append(c.literals, literal)
	for _, l := range c.literals {
		c.size += len(l)
		c.chars += utf8.RuneCountInString(l)
	}
	return c, nil
}

// ID returns the template's id.
func (c *Compiled) ID() dlt.TemplateID { return c.id }

// Slots returns the variables in the order of the text; the caller must not change them.
func (c *Compiled) Slots() []Slot { return c.slots }

// WorstCase returns how many characters the longest text has that can be rendered.
func (c *Compiled) WorstCase() int {
	n := c.chars
	for _, s := range c.slots {
		n += s.MaxLen
	}
	return n
}

// Render fills the variables in, after checking their number, and of each the length and the type, in the operators'
// order. A violation's Position is the variable's, from 1; its detail does not hold the value. It allocates the text
// and nothing else.
func (c *Compiled) Render(vars []sms.Secret) (sms.Secret, *dlt.Violation) {
	if len(vars) != len(c.slots) {
		return "", &dlt.Violation{
			Reason: dlt.WrongVariableCount,
			Detail: fmt.Sprintf("template %s takes %d variables, the request has %d", c.id, len(c.slots), len(vars)),
		}
	}
	size := c.size
	for i, v := range vars {
		slot := c.slots[i]
		if reason, detail := slot.Type.Check(v.Reveal(), slot.MaxLen); reason != "" {
			return "", &dlt.Violation{
				Reason:   reason,
				Detail:   fmt.Sprintf("variable %d (%s): %s", i+1, slot.Type, detail),
				Position: i + 1,
			}
		}
		size += len(v)
	}
	var text strings.Builder
	text.Grow(size)
	for i, v := range vars {
		text.WriteString(c.literals[i])
		text.WriteString(v.Reveal())
	}
	text.WriteString(c.literals[len(vars)])
	return sms.Secret(text.String()), nil
}
