package main

import (
	"io"
	"slices"
	"strings"
)

// tableBlock is how many rows a table aligns at a time, each block under its own heading, so that a long one needs no
// more memory than a short one.
const tableBlock = 1000

// tableForm is a report for people.
type tableForm struct {
	out     io.Writer
	sparse  []string // columns that a block leaves out where none of its rows has more than a 0 in them
	names   []string
	numbers map[int]bool
	rows    [][]string
	printed bool
}

func (f *tableForm) head(names []string, numbers map[int]bool) error {
	f.names, f.numbers = names, numbers
	return nil
}

func (f *tableForm) row(_ any, cells []string) error {
	f.rows = append(f.rows, cells)
	if len(f.rows) == tableBlock {
		f.block()
	}
	return nil
}

func (f *tableForm) end() error {
	if len(f.rows) > 0 || !f.printed {
		f.block()
	}
	return nil
}

// block prints the rows so far.
func (f *tableForm) block() {
	t := table{right: map[int]bool{}, rows: make([][]string, len(f.rows))}
	for i, name := range f.names {
		if f.hides(i) {
			continue
		}
		t.right[len(t.head)] = f.numbers[i]
		t.head = append(t.head, strings.ToUpper(name))
		for r, cells := range f.rows {
			t.rows[r] = append(t.rows[r], cells[i])
		}
	}
	t.print(f.out)
	f.rows, f.printed = nil, true
}

// hides says whether a column is left out of the block.
func (f *tableForm) hides(column int) bool {
	return len(f.rows) > 0 && slices.Contains(f.sparse, f.names[column]) &&
		!slices.ContainsFunc(f.rows, func(cells []string) bool { return !slices.Contains(nothing, cells[column]) })
}

// nothing is what cells hold that say nothing.
var nothing = []string{"", "0", "false"}
