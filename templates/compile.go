package templates

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"harkara/dlt"
)

// Compiled is one template, ready to render. It never changes.
type Compiled struct {
	id     dlt.TemplateID
	slots  []dlt.VarType
	stored pieces // the text as the register has it
	// The text in the other forms of line break; stored itself where they do not differ from it.
	lf, crlf *pieces
}

// pieces is a template's text between its variables, in one form of line break.
type pieces struct {
	literals []string // one more than variables: literals[i] stands before the i-th; may be empty
	size     int      // bytes of all literals
}

// Compile makes a template ready to render. Where its tag is untyped, a variable has the type that was registered
// beside the text, if any. The error names the template and what its text is refused for.
func Compile(t dlt.Template) (*Compiled, error) {
	c, err := compileContent(&t)
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", t.ID, err)
	}
	return c, nil
}

// compileContent is Compile, its error without the template's id.
func compileContent(t *dlt.Template) (*Compiled, error) {
	tokens, err := dlt.ParseContent(t.Content, nil)
	if err != nil {
		return nil, err
	}
	variables := 0
	for _, token := range tokens {
		if token.Var != "" {
			variables++
		}
	}
	c := &Compiled{id: t.ID, slots: make([]dlt.VarType, 0, variables)}
	stored := &c.stored
	stored.literals = make([]string, 0, variables+1)
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
		stored.literals = append(stored.literals, literal)
		c.slots = append(c.slots, typ)
		literal = ""
	}
	stored.literals = append(stored.literals, literal)
	for _, l := range stored.literals {
		stored.size += len(l)
	}
	c.lf, c.crlf = stored.with(toLF), stored.with(toCRLF)
	return c, nil
}

// Line breaks are CRLF, CR and LF: exports hold each of them.
var (
	toLF   = strings.NewReplacer("\r\n", "\n", "\r", "\n")
	toCRLF = strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n")
)

// with returns the pieces with their line breaks in another form, p itself where that changes nothing.
func (p *pieces) with(form *strings.Replacer) *pieces {
	other := p
	for i, l := range p.literals {
		if !strings.ContainsAny(l, "\r\n") {
			continue
		}
		n := form.Replace(l)
		if n == l {
			continue
		}
		if other == p {
			other = &pieces{literals: append([]string(nil), p.literals...), size: p.size}
		}
		other.literals[i] = n
		other.size += len(n) - len(l)
	}
	return other
}

// in returns the text as an SMSC wants its line breaks.
func (c *Compiled) in(form dlt.Newline) *pieces {
	switch form {
	case dlt.LF:
		return c.lf
	case dlt.CRLF:
		return c.crlf
	default:
		return &c.stored
	}
}

// ID returns the template's id.
func (c *Compiled) ID() dlt.TemplateID { return c.id }

// Slots returns the variables' types in the order of the text; the caller must not change them.
func (c *Compiled) Slots() []dlt.VarType { return c.slots }

// WorstCase returns how many characters the longest text has that can be rendered under these rules.
func (c *Compiled) WorstCase(r *dlt.Rules) int {
	n := 0
	for _, l := range c.in(r.Newline).literals {
		n += utf8.RuneCountInString(l)
	}
	for _, t := range c.slots {
		n += r.MaxLen(t)
	}
	return n
}
