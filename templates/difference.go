package templates

import (
	"fmt"
	"strconv"

	"harkara/dlt"
)

// literalDiffers says where the i-th literal, which stands at none of the positions of reach, differs from the text: at the
// position where the fewest characters would have to be changed, put in or taken out. Without that, a variable that
// fits anything before the literal would put the difference wherever it happens to end.
func (m *matcher) literalDiffers(i int, literal []rune, reach []bool) *dlt.Violation {
	costs := m.distances(literal, i == len(m.c.slots))
	best, same := -1, 0
	for p, ok := range reach {
		if !ok || best >= 0 && costs[p] > costs[best] {
			continue
		}
		// Of equal costs the one that agrees for longer, then the earlier; where nothing of the literal is there, the later.
		n := m.prefix(literal, p)
		if best < 0 || costs[p] < costs[best] || n > same || n == same && costs[p] >= len(literal) {
			best, same = p, n
		}
	}
	expected := "the end of the text"
	if same < len(literal) {
		expected = strconv.Quote(string(literal[same]))
	}
	if i > 0 && same == 0 {
		slot := m.c.slots[i-1]
		expected += fmt.Sprintf(" after variable %d (%s, up to %d characters)", i, slot.Type, slot.MaxLen)
	}
	return mismatch(best+same+1, expected, m.found(best+same))
}

// distances returns for each position of the text how many characters must be changed, put in or taken out there for
// the literal to follow (Levenshtein), up to the text's end where it is the last. It walks back from the literal's end
// with one row.
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

// slotDiffers says that no value of slot i stands at any of the positions of reach; of several the last counts.
func (m *matcher) slotDiffers(i int, reach []bool) *dlt.Violation {
	p := len(reach) - 1
	for !reach[p] {
		p--
	}
	return mismatch(p+1, fmt.Sprintf("variable %d (%s)", i+1, m.c.slots[i].Type), m.found(p))
}

// found names the character at p. A digit may be one of a code, and is not shown.
func (m *matcher) found(p int) string {
	switch {
	case p >= len(m.text):
		return "the end of the text"
	case '0' <= m.text[p] && m.text[p] <= '9':
		return "a digit"
	}
	return strconv.Quote(string(m.text[p]))
}
