package templates

import (
	"fmt"
	"strconv"
	"unicode"

	"harkara/dlt"
)

// nearby is how many characters of a literal tell where it was meant to stand.
const nearby = 64

// literalDiffers says where the i-th literal, which does not stand at any of these places, differs from the text: at
// the place where the fewest of its first characters would have to be changed, put in or taken out. Without that, a
// variable that fits anything before the literal would put the difference wherever it happens to end.
func (m *matcher) literalDiffers(i int, starts []int32) *dlt.Violation {
	literal := m.literals[i]
	head, costs := m.head(i)
	best, same := -1, 0
	for _, start := range starts {
		p := int(start)
		if best >= 0 && costs[p] > costs[best] {
			continue
		}
		// Of equal costs the one that agrees for longer, then the earlier; where nothing of the literal is there, the
		// later.
		n := m.prefix(head, p)
		if best < 0 || costs[p] < costs[best] || n > same || n == same && costs[p] >= len(head) {
			best, same = p, n
		}
	}
	same = m.prefix(literal, best)
	expected := "the end of the text"
	if same < len(literal) {
		expected = named(literal[same])
	}
	if i > 0 && same == 0 {
		t := m.c.slots[i-1]
		expected += fmt.Sprintf(" after variable %d (%s, up to %d characters)", i, t, m.scrub.Rules.MaxLen(t))
		return mismatch(m.position(best), expected, m.foundInValue(best))
	}
	if same < len(literal) && unicode.IsLetter(literal[same]) { // a word misspelt, more likely than a value
		return mismatch(m.position(best+same), expected, m.found(best+same))
	}
	return mismatch(m.position(best+same), expected, m.foundInValue(best+same))
}

// head returns the beginning of the i-th literal, and its distances.
func (m *matcher) head(i int) ([]rune, []int) {
	literal := m.literals[i]
	head := literal[:min(len(literal), nearby)]
	return head, m.distances(head, i == len(m.c.slots) && len(head) == len(literal))
}

// prefix returns how many characters of the literal stand at p.
func (m *matcher) prefix(literal []rune, p int) int {
	n := min(len(literal), len(m.text)-p)
	for k := range n {
		if literal[k] != m.text[p+k] {
			return k
		}
	}
	return n
}

// distances returns for each place of the text how many characters must be changed, put in or taken out there for the
// literal to follow (Levenshtein), up to the text's end where it is the last. It walks back from the literal's end with
// one row.
func (m *matcher) distances(literal []rune, last bool) []int {
	n := len(m.text)
	row := make([]int, n+1) // of the literal from k on
	if last {
		for p := range row {
			row[p] = n - p
		}
	}
	for k := len(literal) - 1; k >= 0; k-- {
		diagonal := row[n] // of k+1 at p+1
		row[n]++
		for p := n - 1; p >= 0; p-- {
			changed := diagonal
			if literal[k] != m.text[p] {
				changed++
			}
			diagonal = row[p]
			row[p] = min(changed, row[p]+1, row[p+1]+1)
		}
	}
	return row
}

// slotDiffers says that no value of variable i stands at any of these places: at the one that the literal after it
// comes nearest to, of several such at the last.
func (m *matcher) slotDiffers(i int, starts []int32) *dlt.Violation {
	_, costs := m.head(i + 1)
	best := int(starts[0])
	for _, p := range starts {
		if costs[p] <= costs[best] {
			best = int(p)
		}
	}
	expected := fmt.Sprintf("variable %d (%s)", i+1, m.c.slots[i])
	return mismatch(m.position(best), expected, m.foundInValue(best))
}

// found names the character at p. A digit may be one of a code, and is not shown.
func (m *matcher) found(p int) string {
	switch {
	case p >= len(m.text):
		return "the end of the text"
	case unicode.IsNumber(m.text[p]):
		return "a digit"
	}
	return named(m.text[p])
}

// foundInValue is found where a variable's value may stand, of which letters are not shown either.
func (m *matcher) foundInValue(p int) string {
	if p < len(m.text) && unicode.In(m.text[p], unicode.L, unicode.M) {
		return "a letter"
	}
	return m.found(p)
}

// named is a character as it is written in a detail.
func named(r rune) string {
	if r == '\n' {
		return "a line break"
	}
	return strconv.Quote(string(r))
}
