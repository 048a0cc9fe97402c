package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"harkara/dlt"
)

// shownLines is how many lines an import prints of what it changes, of what it found, and of what it refused, each.
const shownLines = 50

// shownSorts is how many sorts of what is left out are named.
const shownSorts = 10

// leftOut counts what is not printed, by what it is: a code, a reason.
type leftOut map[string]int

// print says how many there are, the most frequent first; nothing where there are none.
func (l leftOut) print(out io.Writer) {
	if len(l) == 0 {
		return
	}
	sorts := slices.SortedFunc(maps.Keys(l), func(a, b string) int {
		return cmp.Or(cmp.Compare(l[b], l[a]), cmp.Compare(a, b))
	})
	all, others := 0, 0
	var named []string
	for i, sort := range sorts {
		all += l[sort]
		if i < shownSorts {
			named = append(named, fmt.Sprintf("%d %s", l[sort], sort))
		} else {
			others += l[sort]
		}
	}
	if others > 0 {
		named = append(named, fmt.Sprintf("%d others", others))
	}
	fmt.Fprintf(out, "and %d more like these; --json has all: %s\n", all, strings.Join(named, "; "))
}

// printFindings prints what should be looked at of the rows that were taken, each on a line.
func printFindings(out io.Writer, path string, findings []dlt.RowFinding, refused []dlt.RefusedRow) {
	nothingOf := map[int]bool{} // the lines whose rows were refused: there is nothing to look at
	for _, row := range refused {
		nothingOf[row.Line] = true
	}
	printed, left := 0, leftOut{}
	for _, f := range findings {
		switch {
		case nothingOf[f.Line]:
		case printed == shownLines:
			left[f.Code]++
		default:
			printed++
			fmt.Fprintf(out, "%s:%d: %s: %s: %s; %s\n", path, f.Line, f.Severity, f.Code, f.Detail, f.Mend)
		}
	}
	left.print(out)
}

func printRefused(out io.Writer, path string, refused []dlt.RefusedRow) {
	left := leftOut{}
	for i, row := range refused {
		if i >= shownLines {
			left[columnAnd(row.Column, sortOf(row.Reason))]++
			continue
		}
		fmt.Fprintf(out, "%s:%d: %s\n", path, row.Line, columnAnd(row.Column, row.Reason))
	}
	left.print(out)
}

// columnAnd puts the column before a reason, where there is one.
func columnAnd(column, reason string) string { return strings.TrimPrefix(column+": "+reason, ": ") }

// particulars are what reasons of the same sort differ in: quoted cells, numbers and most headers.
var particulars = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[0-9]+|\b[A-Z]{6}\b`)

// sortOf is a reason without its particulars and its mend.
func sortOf(reason string) string {
	sort, _, _ := strings.Cut(particulars.ReplaceAllString(reason, "…"), ": ")
	return sort
}
