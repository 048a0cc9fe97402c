package templates

import (
	"slices"

	"harkara/dlt"
)

// formEnds is ends for a type that has a form. For every end it tries the starts, the earliest first: what is added to
// a URL mostly leaves it one.
func (m *matcher) formEnds(t dlt.VarType, starts []int32) []int32 {
	most := m.scrub.Rules.MaxLen(t)
	last := min(int(starts[len(starts)-1])+most, len(m.text))
	ends := make([]int32, 0, last-int(starts[0])+1)
	for e := int(starts[0]) + 1; e <= last; e++ {
		if !t.Allows(m.text[e-1]) {
			n, _ := slices.BinarySearch(starts, int32(e))
			starts = starts[n:]
		}
		for len(starts) > 0 && e-int(starts[0]) > most {
			starts = starts[1:]
		}
		for _, s := range starts {
			if int(s) >= e {
				break
			}
			if m.isForm(t, int(s), e) {
				ends = append(ends, int32(e))
				break
			}
		}
	}
	return ends
}

// isForm says whether the text from s to e has the type's form. Each stretch is looked at once for all variables of
// the type.
func (m *matcher) isForm(t dlt.VarType, s, e int) bool {
	const yes, no = 1, 2
	rows := m.formed[t]
	if rows == nil {
		rows = make([][]uint8, len(m.text))
		m.formed[t] = rows
	}
	if rows[s] == nil {
		rows[s] = make([]uint8, m.scrub.Rules.MaxLen(t))
	}
	known := &rows[s][e-s-1]
	if *known == 0 {
		*known = no
		if m.wellFormed(t, m.slice(s, e)) {
			*known = yes
		}
	}
	return *known == yes
}

// wellFormed says whether a type that has a form takes the value, and, where the mode asks that, the whitelist too.
func (m *matcher) wellFormed(t dlt.VarType, value string) bool {
	if reason, _ := m.scrub.Rules.CheckType(t, value); reason != "" {
		return false
	}
	return m.mode != byCheck || !m.scrub.Rules.CTA || m.scrub.CTAs.Allows(t, value, m.scrub.At)
}
