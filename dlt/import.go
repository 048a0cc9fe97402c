package dlt

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Cell is one cell of an export.
type Cell struct {
	Text   string
	Number bool // the file holds it as a number, not as text
}

// SourceRow is one row of an export.
type SourceRow struct {
	Line  int // of the file, from 1, where the row begins
	Cells []Cell
}

// Defaults fill columns that an export does not have, or cells that are empty in it, and say how its tags are read.
type Defaults struct {
	Entity   EntityID
	Category Category
	Operator Operator
	Aliases  Aliases
	Accept   []string // ids that look rounded, and which the user has compared with the portal's
}

// Row is a row of the register that an export holds, checked. Of its value, what is empty was not told: a status, an
// operator, a bound of its time, a name or types of variables that the register has already stay as they are there.
type Row[T any] struct {
	Line  int
	Value T
}

// Import is what an export holds, and no more than that: what is empty in a row was not told (see Row).
type Import struct {
	Kind      Kind
	Shape     string // whose portal writes such columns; ours: "harkara"
	Entities  []Row[Entity]
	Headers   []Row[HeaderRecord]
	Templates []Row[Template] // without Links, which stand below
	Links     []Row[Link]     // those that come with templates tell no standing
	CTAs      []Row[CTA]
	Chains    []Row[ChainRecord]
	Refused   []RefusedRow
	Findings  []RowFinding
	Unmapped  []string // the heading's columns that nothing was read from
}

// RefusedRow is a row that is not taken over, with the first thing that is wrong with it.
type RefusedRow struct {
	Line   int    `json:"line"`
	Column string `json:"column,omitempty"` // as our own columns are called; empty where the whole row is meant
	Reason string `json:"reason"`           // in plain words
}

// RowFinding is a row that was taken over, and should be looked at.
type RowFinding struct {
	Line int `json:"line"`
	Finding
}

// Aliases are spellings beyond the built-in ones.
type Aliases struct {
	Columns map[string][]string // our column's name → more headings that mean it
	Tags    map[string]VarType  // a tag's name, in lower case → its type
}

// Read reads an export of one kind: a heading, then a row for each thing. The heading's columns are found by name, in
// any order, case and punctuation, as our own columns or as a portal writes them (see shapes). TEMPLATE_CONTENT is kept
// to the byte but for the rules that Template.Rule names; other cells are trimmed. What comes again is taken once,
// with what all its rows tell, and a template's headers add up; what comes again with another value is refused.
//
// The error is about the whole file: it cannot be read, it has no rows, it is an export of another kind, or a needed
// column is missing that has no default. Every row with something in it is either taken or in Refused, which is in the
// file's order.
func Read(kind Kind, rows iter.Seq2[SourceRow, error], d Defaults) (*Import, error) {
	readRow := rowReaders[kind]
	if readRow == nil {
		return nil, fmt.Errorf("kind %q is not one of %v", kind, Kinds())
	}
	r := &reader{d: d, imp: &Import{Kind: kind}, seen: map[seenKey]int{}, said: map[saidKey]bool{}}
	for row, err := range rows {
		switch {
		case errors.Is(err, errQuote) && r.count > 0:
			r.count++
			r.refuse(row.Line, "", err.Error())
		case errors.Is(err, errQuote):
			return nil, fmt.Errorf("heading: %w", err)
		case err != nil:
			return nil, err
		case !slices.ContainsFunc(row.Cells, func(c Cell) bool { return strings.TrimSpace(c.Text) != "" }):
			// Spreadsheets leave rows of nothing behind the last one.
		default:
			if err := r.take(row, readRow); err != nil {
				return nil, err
			}
		}
	}
	switch {
	case r.count == 0:
		return nil, fmt.Errorf("the file is empty: it needs a heading with %s", strings.Join(layouts[kind].needed, ", "))
	case r.unfit != nil:
		return nil, r.unfit
	case r.count == 1:
		return nil, errors.New("the file has a heading and no rows")
	}
	return r.imp, nil
}

// rowReaders read the current row of a reader into its import.
var rowReaders = map[Kind]func(*reader){
	KindEntity: (*reader).entityRow, KindHeader: (*reader).headerRow, KindTemplate: (*reader).templateRow,
	KindLink: (*reader).linkRow, KindCTA: (*reader).ctaRow, KindChain: (*reader).chainRow,
}

// row reads one row that is not blank.
func (r *reader) row(row SourceRow, readRow func(*reader)) {
	for len(row.Cells) > r.width && row.Cells[len(row.Cells)-1].Text == "" {
		row.Cells = row.Cells[:len(row.Cells)-1]
	}
	if len(row.Cells) != r.width {
		r.refuse(row.Line, "", fmt.Sprintf("it has %d cells, the heading has %d: "+
			"put a text that holds commas or line breaks in double quotes", len(row.Cells), r.width))
		return
	}
	r.line, r.cells, r.fault, r.found = row.Line, row.Cells, nil, r.found[:0]
	readRow(r)
	if r.fault != nil {
		r.imp.Refused = append(r.imp.Refused, *r.fault)
		return
	}
	r.keepFindings()
}

func (r *reader) refuse(line int, column, reason string) {
	r.imp.Refused = append(r.imp.Refused, RefusedRow{Line: line, Column: column, Reason: reason})
}
