package templates

import (
	"slices"
	"strconv"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Match finds the variables that make the template this text, or says where the text first differs from it. Literals
// are compared to the character, except that a line break is one in whatever form, CRLF, CR or LF; variables by length
// and type. What it finds passes the same checks as in Render, and renders to the same text in the rules' form of line
// break. Where variables touch or take each other's literals, several divisions may fit: the earlier variable then has
// as much as it can, unless only another division passes.
//
// A violation is text_mismatch, its Position in characters of the text as given, from 1 (one past the end where the
// text is too short), and its detail says what was expected there and what was found, a digit never. Or the text fits
// and a variable does not pass: then it is Render's.
//
// The work grows with the length of the text times the number of pieces, the text taken into account no further than
// the longest that could match. A slot whose type has a form (URL, e-mail, call-back number) tries every length from
// every place where it can begin, each once for all slots of its type.
func (c *Compiled) Match(text sms.Secret, s Scrub) ([]sms.Secret, *dlt.Violation) {
	m := newMatcher(c, s, byType)
	if v := m.read(text.Reveal()); v != nil {
		return nil, v
	}
	begins, v := m.fit()
	if v != nil {
		return nil, v
	}
	vars := m.values(begins)
	if v = c.check(vars, s); v == nil {
		return vars, nil
	}
	m.mode = byCheck
	clear(m.formed)
	if begins, differs := m.fit(); differs == nil {
		return m.values(begins), nil
	}
	return nil, v
}

// fit returns where each variable can begin, in ascending order, so that all pieces up to there stand before it; or
// where the text differs from the template.
func (m *matcher) fit() ([][]int32, *dlt.Violation) {
	begins := make([][]int32, len(m.c.slots))
	at := []int32{0}
	for i := range m.c.slots {
		begins[i] = m.after(m.literals[i], at)
		if len(begins[i]) == 0 {
			return nil, m.literalDiffers(i, at)
		}
		if at = m.ends(i, begins[i]); len(at) == 0 {
			return nil, m.slotDiffers(i, begins[i])
		}
	}
	last := len(m.c.slots)
	ends := m.after(m.literals[last], at)
	if len(ends) == 0 || int(ends[len(ends)-1]) != len(m.text) {
		return nil, m.literalDiffers(last, at)
	}
	return begins, nil
}

// values walks back from the end of a text that fits, and cuts the variables out.
func (m *matcher) values(begins [][]int32) []sms.Secret {
	last := len(begins)
	vars := make([]sms.Secret, last)
	end := len(m.text) - len(m.literals[last])
	for i := last - 1; i >= 0; i-- {
		start := m.begin(i, begins[i], end)
		vars[i] = sms.Secret(m.slice(start, end))
		end = start - len(m.literals[i])
	}
	return vars
}

// after returns where the literal ends, begun at any of these places, which ascend. It runs over the text once,
// however the literal repeats itself (Knuth, Morris, Pratt).
func (m *matcher) after(literal []rune, starts []int32) []int32 {
	if len(literal) == 0 || len(starts) == 0 {
		return starts
	}
	ends := make([]int32, 0, len(starts))
	borders := m.borders(literal)
	k := 0 // characters of the literal that stand before p
	for p := int(starts[0]); p < len(m.text) && p-k <= int(starts[len(starts)-1]); p++ {
		for k > 0 && (k == len(literal) || m.text[p] != literal[k]) {
			k = int(borders[k-1])
		}
		if m.text[p] == literal[k] {
			k++
		}
		if k < len(literal) {
			continue
		}
		n, ok := slices.BinarySearch(starts, int32(p+1-k))
		if ok {
			ends = append(ends, int32(p+1))
		}
		starts = starts[n:]
		if len(starts) == 0 {
			break
		}
	}
	return ends
}

// borders returns for each beginning of the literal how long the longest shorter beginning is that also ends it.
func (m *matcher) borders(literal []rune) []int32 {
	borders := slices.Grow(m.buffer[:0], len(literal))[:len(literal)]
	borders[0] = 0
	k := int32(0)
	for p := 1; p < len(literal); p++ {
		for k > 0 && literal[p] != literal[k] {
			k = borders[k-1]
		}
		if literal[p] == literal[k] {
			k++
		}
		borders[p] = k
	}
	m.buffer = borders
	return borders
}

// mismatch is the violation for a text that differs at a position (from 1).
func mismatch(position int, expected, found string) *dlt.Violation {
	return &dlt.Violation{
		Reason:   dlt.TextMismatch,
		Detail:   "character " + strconv.Itoa(position) + ": expected " + expected + ", found " + found,
		Position: position,
	}
}
