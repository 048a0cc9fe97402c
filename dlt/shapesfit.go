package dlt

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// ownShape and otherShape name an export with our own columns, and one with none of the portals' sets.
const (
	ownShape   = "harkara"
	otherShape = "other"
)

// foldHeading makes headings alike that differ in case, spaces, underscores, hyphens or other marks only.
func foldHeading(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// fit is how a heading is read.
type fit struct {
	shape    string
	at       map[string]int // our column → index of the heading's
	unmapped []string       // headings that nothing is read from
}

// fitHeading finds the portal whose headings these are, and where our columns stand in them: first as the aliases say,
// then as the portal's shape does, then under our own name, then under any spelling; CATEGORY the other way round (see
// spellings). The error says what is missing and what would do.
func fitHeading(kind Kind, heading []string, d Defaults) (fit, error) {
	for col := range d.Aliases.Columns {
		if !slices.Contains(Columns(), col) {
			return fit{}, fmt.Errorf("headings are given for %q, which is none of our columns: %s", col,
				strings.Join(Columns(), ", "))
		}
	}
	folded := make([]string, len(heading))
	for i, h := range heading {
		folded[i] = foldHeading(h)
	}
	best := bestShape(kind, folded, d)
	f := fit{shape: best.name, at: map[string]int{}}
	taken := make([]bool, len(heading))
	columns := layouts[kind].columns()
	names := func(col string) [][]string {
		if col == colCategory { // in our own shape it is found as that shape's
			return [][]string{d.Aliases.Columns[col], best.columns[col], spellings[col], {col}}
		}
		return [][]string{d.Aliases.Columns[col], best.columns[col], {col}, spellings[col]}
	}
	for step := range names("") { // the surer names of all columns before the less sure ones of any
		for _, col := range columns {
			if _, found := f.at[col]; found {
				continue
			}
			i, err := findHeading(names(col)[step], folded, taken)
			if err != nil {
				return fit{}, fmt.Errorf("%w %s: remove one", err, col)
			}
			if i >= 0 {
				f.at[col], taken[i] = i, true
			}
		}
	}
	if i := slices.Index(folded, foldHeading(colBeside)); i >= 0 && !taken[i] && kind == KindTemplate {
		f.at[colBeside], taken[i] = i, true
	}
	for i, h := range heading {
		if !taken[i] && strings.TrimSpace(h) != "" {
			f.unmapped = append(f.unmapped, strings.TrimSpace(h))
		}
	}
	return f, missing(kind, f.at, heading, d)
}

// findHeading returns where the first of the names stands that does, or -1. The same heading twice is a fault, as it
// cannot be told which of the two holds.
func findHeading(names, folded []string, taken []bool) (int, error) {
	for _, name := range names {
		name = foldHeading(name)
		i := slices.Index(folded, name)
		if i < 0 || name == "" || taken[i] {
			continue
		}
		if again := slices.Index(folded[i+1:], name); again >= 0 {
			return 0, fmt.Errorf("columns %d and %d are both", i+1, i+1+again+1)
		}
		return i, nil
	}
	return -1, nil
}

// bestShape returns the shape under which nothing needed is missing and most columns are found; of equals the one that
// has the fewest others, ours first. A portal's counts only where half of its columns are there.
func bestShape(kind Kind, folded []string, d Defaults) shape {
	best, most, least := shape{name: otherShape}, 0, 0
	for _, s := range append([]shape{own(kind)}, shapes...) {
		if s.kind != kind {
			continue
		}
		found, lacks := 0, false
		for _, col := range layouts[kind].columns() {
			here := slices.ContainsFunc(s.columns[col], func(h string) bool {
				return slices.Contains(folded, foldHeading(h))
			})
			if here {
				found++
			}
			lacks = lacks || !here && slices.Contains(layouts[kind].needed, col) && !d.fills(col)
		}
		rest := len(s.columns) - found
		if lacks || rest > found && s.name != ownShape {
			continue
		}
		if found > most || found == most && rest < least {
			best, most, least = s, found, rest
		}
	}
	return best
}

// own is our own shape of the kind.
func own(kind Kind) shape {
	s := shape{ownShape, kind, map[string][]string{}}
	for _, col := range layouts[kind].columns() {
		s.columns[col] = []string{col}
	}
	return s
}

// fills says whether the defaults have a value for the column.
func (d *Defaults) fills(col string) bool {
	return col == colEntity && d.Entity != "" || col == colCategory && d.Category != ""
}

// maxOthers is how many other headings an error names in all.
const maxOthers = 5

// missing returns an error that names the needed columns which the heading lacks, and some of what would do for each.
func missing(kind Kind, at map[string]int, heading []string, d Defaults) error {
	columns := slices.DeleteFunc(slices.Clone(layouts[kind].needed), func(col string) bool {
		_, found := at[col]
		return found || d.fills(col)
	})
	var lacks []string
	for _, col := range columns {
		others := slices.Concat(d.Aliases.Columns[col], spellings[col])
		if n := max(1, maxOthers/len(columns)); len(others) > n {
			others = append(others[:n], "…")
		}
		switch col {
		case colEntity:
			others = append(others, "--entity for all rows")
		case colCategory:
			others = append(others, "--category for all rows")
		}
		lacks = append(lacks, fmt.Sprintf("%s (or %s)", col, strings.Join(others, ", ")))
	}
	if len(lacks) == 0 {
		return nil
	}
	return fmt.Errorf("missing %s; the heading has %.400q", strings.Join(lacks, "; "), strings.Join(heading, ", "))
}
