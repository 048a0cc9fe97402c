package dlt

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// reader reads rows of one kind into an import. Of a row's faults the first counts: what is read after it is not used.
type reader struct {
	d     Defaults
	imp   *Import
	at    map[string]int // our column → index in cells; nil before the heading
	width int            // of the heading
	count int            // of the rows so far that are not blank, the heading among them
	seen  map[seenKey]int
	said  map[saidKey]bool
	// What the first row is where it is no good heading.
	unfit   error // why nothing can be read by it
	isTitle bool  // whether the heading may stand below it
	// The current row.
	line  int
	cells []Cell
	fault *RefusedRow
	found []RowFinding // kept where the row is taken over
}

// seenKey is what a row is about; seen has its index among the import's rows of the kind.
type seenKey struct {
	kind Kind
	key  string
}

// fail refuses the current row, unless something before refused it.
func (r *reader) fail(column string, err error) {
	if r.fault == nil {
		r.fault = &RefusedRow{Line: r.line, Column: column, Reason: fmt.Sprintf("%.500s", err)}
	}
}

func (r *reader) cell(column string) Cell {
	i, ok := r.at[column]
	if !ok {
		return Cell{}
	}
	return r.cells[i]
}

// text returns a cell's text without the spaces around it; empty where there is no such column.
func (r *reader) text(column string) string {
	s := strings.TrimSpace(r.cell(column).Text)
	if !utf8.ValidString(s) {
		r.fail(column, errors.New("the cell is not UTF-8: save the file as \"CSV UTF-8\""))
	}
	return s
}

// spreadsheetDigits is how many digits of a number spreadsheets keep (IEEE 754 doubles); the rest become zeros.
const spreadsheetDigits = 15

// idText returns the text of a cell that holds ids. A number of more digits than spreadsheets keep is refused whatever
// its digits are: they may have been changed.
func (r *reader) idText(column string) string {
	s := r.text(column)
	if r.cell(column).Number && (len(s) > spreadsheetDigits || isScientific(s)) {
		r.fail(column, fmt.Errorf("%q is stored as a number, of which a spreadsheet keeps %d digits: "+
			"format the column as text and export it again", s, spreadsheetDigits))
	}
	return s
}

// id returns the text of a cell that holds one id.
func (r *reader) id(column string) string {
	s := r.idText(column)
	r.checkRounded(column, s)
	return s
}

// checkRounded refuses a long id that ends in the zeros which a spreadsheet leaves of its last digits, also where the
// file holds it as text. One genuine id in ten thousand ends so: those the defaults accept.
func (r *reader) checkRounded(column, id string) {
	if len(id) > spreadsheetDigits && strings.HasSuffix(id, "0000") && allDigits(id) && !slices.Contains(r.d.Accept, id) {
		r.fail(column, fmt.Errorf("%q looks as if it was rounded by a spreadsheet, its last digits lost: export the column "+
			"as text and import it again, or, where the portal really has it so, add --accept %s", id, id))
	}
}

// parsed is what parse makes of a cell's text.
func parsed[T any](r *reader, column, s string, parse func(string) (T, error)) T {
	v, err := parse(s)
	if err != nil {
		r.fail(column, err)
	}
	return v
}

func (r *reader) entity() EntityID {
	s := cmp.Or(r.id(colEntity), string(r.d.Entity))
	if s == "" {
		r.fail(colEntity, errors.New("the entity id is empty: fill it in, or give --entity for all such rows"))
	}
	id := parsed(r, colEntity, s, ParseEntityID)
	if len(id) == 12 {
		r.find(oldID, string(id), id, "the entity id has 12 digits")
	}
	return id
}

// header reads one header; part is the cell, or one of several in it.
func (r *reader) header(part string, entity EntityID) Header {
	if r.cell(colHeader).Number && len(part) < 6 {
		r.fail(colHeader, fmt.Errorf("header %q is stored as a number, which loses the zeros before it: "+
			"format the column as text and fill it in again", part))
	}
	h := parsed(r, colHeader, part, ParseHeader)
	if len(h) < 6 {
		r.find(headerLength, string(h), entity, fmt.Sprintf("header %s has %d letters", h, len(h)))
	}
	return h
}

// standing reads what every kind has, and leaves empty what the row does not tell. Airtel's status names the operator
// too: "REGISTERED VIA AIRTEL".
func (r *reader) standing() Standing {
	status := r.text(colStatus)
	s := Standing{Operator: r.operator(status), Status: parsed(r, colStatus, status, ParseStatus)}
	var err error
	if s.From, err = parseTime(r.text(colFrom), r.cell(colFrom).Number, false); err != nil {
		r.fail(colFrom, err)
	}
	if s.To, err = parseTime(r.text(colTo), r.cell(colTo).Number, true); err != nil {
		r.fail(colTo, err)
	}
	if s.endsFirst() {
		r.fail(colTo, errors.New("the row is valid to before it is valid from"))
	}
	return s
}

// operator reads the operator's column, or of the status what it says. A name that is not known, such as an
// aggregator's, is only reported: nothing that is checked hangs on it.
func (r *reader) operator(status string) Operator {
	name := r.text(colOperator)
	if name == "" && strings.HasPrefix(foldHeading(status), "registeredvia") {
		name = status
	}
	op, err := ParseOperator(name)
	switch {
	case err != nil:
		r.find(unknownOperator, name, "", err.Error())
	case op != "":
		return op
	}
	return r.d.Operator
}
