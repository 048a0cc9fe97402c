package templates

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"harkara/dlt"
)

// registered is a template's text as the rules look at it.
type registered struct {
	*LintQuery
	compiled *Compiled
	tags     []string // of the variables, as written
	glyphs   []glyph
	costs    []Costs // per coding
	unfit    []error // per coding: why it can't carry the text; nil where it can
}

// glyph is a fixed character of a text, or a whole variable.
type glyph struct {
	r  rune // variable for a variable
	at int  // where it begins in the registered text, in characters from 1
}

// variable stands for a variable. No text holds it: it is no character of Unicode.
const variable = utf8.MaxRune + 1

func readText(q *LintQuery) (*registered, error) {
	tokens, err := dlt.ParseContent(q.Template.Content, nil)
	if err != nil {
		return nil, err
	}
	compiled, err := Compile(*q.Template)
	if err != nil {
		return nil, err
	}
	t := &registered{LintQuery: q, compiled: compiled, glyphs: make([]glyph, 0, len(q.Template.Content))}
	at := 1
	for _, token := range tokens {
		if token.Var != "" {
			t.glyphs = append(t.glyphs, glyph{variable, at})
			t.tags = append(t.tags, token.Tag)
			at += len(token.Tag)
		}
		for _, r := range token.Literal {
			t.glyphs = append(t.glyphs, glyph{r, at})
			at++
		}
	}
	t.costs, t.unfit = make([]Costs, len(q.Codings)), make([]error, len(q.Codings))
	for i, c := range q.Codings {
		t.costs[i], t.unfit[i] = compiled.Costs(c.Coding, q.Rules)
	}
	return t, nil
}

// fixed returns the fixed text with a space in place of each variable.
func (t *registered) fixed() string { return spell(t.glyphs, " ") }

// spell writes glyphs as text, with something in place of each variable.
func spell(glyphs []glyph, instead string) string {
	var b strings.Builder
	for _, g := range glyphs {
		if g.r == variable {
			b.WriteString(instead)
			continue
		}
		b.WriteRune(g.r)
	}
	return b.String()
}

// lines cuts the text at its line breaks, of whatever form. CRLF has an empty line in it, and a break at the end one
// behind it, which no rule minds.
func (t *registered) lines() [][]glyph {
	var lines [][]glyph
	start := 0
	for i, g := range t.glyphs {
		if g.r == '\n' || g.r == '\r' {
			lines = append(lines, t.glyphs[start:i])
			start = i + 1
		}
	}
	return append(lines, t.glyphs[start:])
}

// places are where something stands in a text.
type places []int

// String names the first place and says how many there are: "character 12, and 3 more".
func (p places) String() string {
	if len(p) == 1 {
		return fmt.Sprintf("character %d", p[0])
	}
	return fmt.Sprintf("character %d, and %d more", p[0], len(p)-1)
}

// where returns the places of fixed characters that are so.
func (t *registered) where(so func(rune) bool) places {
	var p places
	for _, g := range t.glyphs {
		if g.r != variable && so(g.r) {
			p = append(p, g.at)
		}
	}
	return p
}

// isWordly says whether a character is of a word, in any script.
func isWordly(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
