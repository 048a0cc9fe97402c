package templates

import (
	"strconv"
	"unicode/utf8"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Match finds the variables that make the template this text, or says where the text first differs from it. It is
// exact: literals to the character, variables by their length and type. Where variables touch, several divisions may
// fit; the earlier variable then has as much as it can. Variables found render to the same text.
//
// A violation is text_mismatch; its Position is in characters from 1 (one past the end where the text is too short),
// and its detail says what was expected there and what was found, a digit only as "a digit".
//
// The work grows with the length of the text times the number of pieces, the text taken into account no further than
// the longest that could match; slots whose type has a form (URL, e-mail, call-back number) try every length.
func (c *Compiled) Match(text sms.Secret) ([]sms.Secret, *dlt.Violation) {
	m := matcher{c: c}
	if v := m.read(text.Reveal()); v != nil {
		return nil, v
	}
	// reach[p]: the pieces so far can end before character p. from[i][e]: where slot i begins when it ends before e, or -1.
	reach := make([]bool, len(m.text)+1)
	reach[0] = true
	from := make([][]int32, len(c.slots))
	for i, slot := range c.slots {
		literal := []rune(c.literals[i])
		after, ok := m.literal(literal, reach)
		if !ok {
			return nil, m.literalDiffers(i, literal, reach)
		}
		if slot.Type.PerCharacter() {
			from[i] = m.characters(slot, after)
		} else {
			from[i] = m.forms(slot, after)
		}
		if reach, ok = ends(from[i]); !ok {
			return nil, m.slotDiffers(i, after)
		}
	}
	last := []rune(c.literals[len(c.slots)])
	after, ok := m.literal(last, reach)
	if !ok || !after[len(m.text)] {
		return nil, m.literalDiffers(len(c.slots), last, reach)
	}
	vars := make([]sms.Secret, len(c.slots))
	end := len(m.text) - len(last)
	for i := len(c.slots) - 1; i >= 0; i-- {
		start := int(from[i][end])
		vars[i] = sms.Secret(m.slice(start, end))
		end = start - utf8.RuneCountInString(c.literals[i])
	}
	return vars, nil
}

// matcher holds one text for one match.
type matcher struct {
	c      *Compiled
	text   []rune
	offset []int // byte offset in source of each character, and of the end
	source string
}

// read takes the text in, up to one character more than could match, or says where it is not UTF-8.
func (m *matcher) read(source string) *dlt.Violation {
	most := m.c.WorstCase() + 1
	at := 0
	for at < len(source) && len(m.text) < most {
		r, size := utf8.DecodeRuneInString(source[at:])
		if r == utf8.RuneError && size == 1 {
			return mismatch(len(m.text)+1, "UTF-8", "another encoding")
		}
		m.text = append(m.text, r)
		m.offset = append(m.offset, at)
		at += size
	}
	m.offset = append(m.offset, at)
	m.source = source[:at]
	return nil
}

func (m *matcher) slice(start, end int) string { return m.source[m.offset[start]:m.offset[end]] }

// literal returns where the literal can end, begun at the positions of reach, and whether anywhere.
func (m *matcher) literal(literal []rune, reach []bool) ([]bool, bool) {
	after, some := make([]bool, len(reach)), false
	for p, ok := range reach {
		if ok && m.prefix(literal, p) == len(literal) {
			after[p+len(literal)], some = true, true
		}
	}
	return after, some
}

// prefix returns how many characters of the literal stand at p of the text.
func (m *matcher) prefix(literal []rune, p int) int {
	n := min(len(literal), len(m.text)-p)
	for k := range n {
		if literal[k] != m.text[p+k] {
			return k
		}
	}
	return n
}

// characters returns for each end the latest start of a slot whose type is a set of characters. The latest is the one
// that is short enough if any is, so that one pass does.
func (m *matcher) characters(slot Slot, reach []bool) []int32 {
	from := make([]int32, len(reach))
	from[0] = -1
	latest := -1
	for e := 1; e < len(reach); e++ {
		from[e] = -1
		if reach[e-1] {
			latest = e - 1
		}
		if !slot.Type.Allows(m.text[e-1]) {
			latest = -1
		}
		if latest >= 0 && e-latest <= slot.MaxLen {
			from[e] = int32(latest)
		}
	}
	return from
}

// forms returns for each end a start of a slot whose type asks for a form, by trying every length.
func (m *matcher) forms(slot Slot, reach []bool) []int32 {
	from := make([]int32, len(reach))
	for e := range from {
		from[e] = -1
	}
	for s, ok := range reach {
		if !ok {
			continue
		}
		for e := s + 1; e <= min(s+slot.MaxLen, len(m.text)) && slot.Type.Allows(m.text[e-1]); e++ {
			if from[e] >= 0 {
				continue
			}
			if reason, _ := slot.Type.Check(m.slice(s, e), slot.MaxLen); reason == "" {
				from[e] = int32(s)
			}
		}
	}
	return from
}

// ends returns the positions that have a start, and whether there are any.
func ends(from []int32) ([]bool, bool) {
	reach, some := make([]bool, len(from)), false
	for e, s := range from {
		if s >= 0 {
			reach[e], some = true, true
		}
	}
	return reach, some
}

// mismatch is the violation for a text that differs at a position (from 1).
func mismatch(position int, expected, found string) *dlt.Violation {
	return &dlt.Violation{
		Reason:   dlt.TextMismatch,
		Detail:   "character " + strconv.Itoa(position) + ": expected " + expected + ", found " + found,
		Position: position,
	}
}
