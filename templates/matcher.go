package templates

import (
	"slices"
	"unicode/utf8"

	"harkara/dlt"
)

// mode is how a matcher asks whether a variable may hold a value.
type mode int

const (
	byType  mode = iota // by its type; what the rules and the whitelist say is checked afterwards
	byCheck             // by all that Render checks
	lenient             // by the characters of its type, as far as they count to a lenient operator
)

// matcher holds one text for one match. Places in it are counted in characters as they are compared: a line break is
// one, and what a lenient operator ignores is none.
type matcher struct {
	c        *Compiled
	scrub    Scrub
	mode     mode
	literals [][]rune
	text     []rune
	offset   []int // byte offset in source of each character, and of the end
	source   string
	buffer   []int32
	formed   map[dlt.VarType][][]uint8 // what isForm has found, by start, then length
}

func newMatcher(c *Compiled, s Scrub, how mode) *matcher {
	m := &matcher{c: c, scrub: s, mode: how, literals: make([][]rune, 0, len(c.slots)+1),
		formed: map[dlt.VarType][][]uint8{}}
	all := make([]rune, 0, c.stored.size)
	for _, l := range c.stored.literals {
		from := len(all)
		m.characters(l, func(_ int, r rune) bool {
			all = append(all, r)
			return true
		})
		m.literals = append(m.literals, all[from:len(all):len(all)])
	}
	return m
}

// characters yields a text's characters as they are compared, with their byte offsets.
func (m *matcher) characters(s string, yield func(at int, r rune) bool) {
	for at, r := range s {
		switch {
		case m.mode == lenient && ignored(r), r == '\n' && at > 0 && s[at-1] == '\r':
			continue
		case r == '\r':
			r = '\n'
		}
		if !yield(at, r) {
			return
		}
	}
}

// read takes the text in, up to one character more than could match, or says where it is not UTF-8.
func (m *matcher) read(source string) *dlt.Violation {
	m.source = source
	if !utf8.ValidString(source) {
		valid := 0
		for {
			r, size := utf8.DecodeRuneInString(source)
			if r == utf8.RuneError && size == 1 {
				return mismatch(valid+1, "UTF-8", "another encoding")
			}
			source, valid = source[size:], valid+1
		}
	}
	most := 1
	for _, l := range m.literals {
		most += len(l)
	}
	for _, t := range m.c.slots {
		most += m.scrub.Rules.MaxLen(t)
	}
	most = min(most, len(source))
	m.text, m.offset = make([]rune, 0, most), make([]int, 0, most+1)
	end := len(source)
	m.characters(source, func(at int, r rune) bool {
		if len(m.text) == most {
			end = at
			return false
		}
		m.text, m.offset = append(m.text, r), append(m.offset, at)
		return true
	})
	m.offset = append(m.offset, end)
	return nil
}

func (m *matcher) slice(start, end int) string { return m.source[m.offset[start]:m.offset[end]] }

// position is where a place of the text is in the text as given, in characters from 1.
func (m *matcher) position(p int) int { return utf8.RuneCountInString(m.source[:m.offset[p]]) + 1 }

// ends returns where variable i can end, begun at any of these places, which ascend; both in ascending order.
func (m *matcher) ends(i int, starts []int32) []int32 {
	t := m.c.slots[i]
	if m.mode == lenient || t.PerCharacter() {
		return m.characterEnds(t, starts)
	}
	return m.formEnds(t, starts)
}

// characterEnds is ends for a type that is a set of characters. Of all starts before an end the latest is the one
// that is short enough if any is, so that one pass does.
func (m *matcher) characterEnds(t dlt.VarType, starts []int32) []int32 {
	most, empty := m.scrub.Rules.MaxLen(t), m.mayBeEmpty(t)
	last := min(int(starts[len(starts)-1])+most, len(m.text))
	ends := make([]int32, 0, last-int(starts[0])+1)
	latest := -1
	for e := int(starts[0]); e <= last; e++ {
		if latest >= 0 && !m.allows(t, m.text[e-1]) {
			latest = -1
		}
		begins := len(starts) > 0 && int(starts[0]) == e
		if latest >= 0 && e-latest <= most || begins && empty {
			ends = append(ends, int32(e))
		}
		if begins {
			latest, starts = e, starts[1:]
		}
	}
	return ends
}

// allows says whether a value of a type that is a set of characters may hold this one.
func (m *matcher) allows(t dlt.VarType, r rune) bool {
	if m.mode != byCheck {
		return t.Allows(r)
	}
	reason, _ := m.scrub.Rules.CheckType(t, string(r))
	return reason == ""
}

// begin returns the last of these places at which variable i begins where it ends at end, which it can.
func (m *matcher) begin(i int, starts []int32, end int) int {
	n, _ := slices.BinarySearch(starts, int32(end))
	n--
	if t := m.c.slots[i]; !t.PerCharacter() {
		for !m.isForm(t, int(starts[n]), end) {
			n--
		}
	}
	return int(starts[n])
}
