package dlt

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// add takes a value over, and says whether it is new: a row about the same thing may stand already. Then join gives what
// the two tell together, or names the column in which they contradict each other, and the current row is refused.
func add[T any](r *reader, rows *[]Row[T], key seenKey, v T, join func(a, b T) (T, string)) (isNew bool) {
	i, again := r.seen[key]
	if !again {
		r.seen[key] = len(*rows)
		*rows = append(*rows, Row[T]{r.line, v})
		return true
	}
	earlier := &(*rows)[i]
	both, column := join(earlier.Value, v)
	if column != "" {
		r.failAgain(column, earlier.Line)
		return false
	}
	earlier.Value = both
	return false
}

func (r *reader) failAgain(column string, line int) {
	r.fail(column, fmt.Errorf("the same stands on line %d already with another value: keep the one that is registered", line))
}

// contradict says whether two rows tell different things; what is empty was not told, and contradicts nothing.
func contradict[T comparable](a, b T) bool {
	var untold T
	return a != untold && b != untold && a != b
}

func contradictTime(a, b time.Time) bool { return !a.IsZero() && !b.IsZero() && !a.Equal(b) }

// joinStandings joins all but operators, of which the first holds: exports may list a thing once for each.
func joinStandings(a, b Standing) (both Standing, column string) {
	both = Standing{cmp.Or(a.Operator, b.Operator), cmp.Or(a.Status, b.Status), cmp.Or(a.From, b.From), cmp.Or(a.To, b.To)}
	switch {
	case contradict(a.Status, b.Status):
		return a, colStatus
	case contradictTime(a.From, b.From):
		return a, colFrom
	case contradictTime(a.To, b.To), both.endsFirst():
		return a, colTo
	}
	return both, ""
}

// endsFirst says whether a row's time ends before it begins.
func (s *Standing) endsFirst() bool { return !s.To.IsZero() && !s.To.After(s.From) }

func joinEntities(a, b Entity) (both Entity, column string) {
	if contradict(a.Name, b.Name) {
		return a, colEntityName
	}
	a.Name = cmp.Or(a.Name, b.Name)
	a.Standing, column = joinStandings(a.Standing, b.Standing)
	return a, column
}

func joinHeaders(a, b HeaderRecord) (both HeaderRecord, column string) {
	a.Standing, column = joinStandings(a.Standing, b.Standing)
	return a, column
}

func joinTemplates(a, b Template) (both Template, column string) {
	switch {
	case a.Content != b.Content:
		return a, colContent
	case a.Entity != b.Entity:
		return a, colEntity
	case a.Category != b.Category:
		return a, colCategory
	case a.VarTypes == nil:
		a.VarTypes = b.VarTypes
	case b.VarTypes != nil && !slices.Equal(a.VarTypes, b.VarTypes):
		return a, colVarTypes
	}
	a.Name = cmp.Or(a.Name, b.Name)
	a.Standing, column = joinStandings(a.Standing, b.Standing)
	return a, column
}

func joinLinks(a, b Link) (both Link, column string) {
	a.Standing, column = joinStandings(a.Standing, b.Standing)
	return a, column
}

func joinCTAs(a, b CTA) (both CTA, column string) {
	a.Name = cmp.Or(a.Name, b.Name)
	a.Standing, column = joinStandings(a.Standing, b.Standing)
	return a, column
}

func joinChains(a, b ChainRecord) (both ChainRecord, column string) {
	if !slices.Equal(a.IDs, b.IDs) {
		return a, colChain
	}
	a.Standing, column = joinStandings(a.Standing, b.Standing)
	return a, column
}
