package dlt

import (
	"fmt"
	"strings"
)

// belowTitle is how many rows are looked at for the heading that stands below a title.
const belowTitle = 5

// take takes the next row that is not blank. The first is the heading; where it has hardly a known column it may be a
// title, and what is wrong with it is said when no heading was found below.
func (r *reader) take(row SourceRow, readRow func(*reader)) error {
	r.count++
	switch {
	case r.count == 1:
		r.unfit = r.heading(row)
		if r.isTitle = countKnown(headings(row), r.d.Aliases) < 2; !r.isTitle {
			return r.unfit
		}
	case r.isTitle && r.count <= 1+belowTitle && countKnown(headings(row), r.d.Aliases) > 1:
		return fmt.Errorf("the heading seems to stand on line %d: remove what is above it", row.Line)
	case r.unfit == nil:
		r.row(row, readRow)
	case r.count > belowTitle:
		return r.unfit
	}
	return nil
}

// headings returns the texts of a row's cells, each as valid UTF-8.
func headings(row SourceRow) []string {
	names := make([]string, len(row.Cells))
	for i, c := range row.Cells {
		names[i] = strings.ToValidUTF8(c.Text, "?")
	}
	return names
}

// heading finds the columns, once.
func (r *reader) heading(row SourceRow) error {
	names := headings(row)
	f, err := fitHeading(r.imp.Kind, names, r.d)
	if wrong := checkKind(r.imp.Kind, f, r.d.Aliases); wrong != nil {
		return wrong
	}
	if err != nil {
		if kind := plainKind(names, f, r.d.Aliases); kind != "" && r.imp.Kind == KindTemplate {
			return fmt.Errorf("%w; if this is an export of %s, use --kind %s", err, kind, kind)
		}
		return err
	}
	r.at, r.width = f.at, len(names)
	r.imp.Shape, r.imp.Unmapped = f.shape, f.unmapped
	if _, ok := f.at[colHeader]; !ok && r.imp.Kind == KindTemplate {
		r.line = row.Line
		r.find(noHeader, "", "", "the export names no headers")
		r.keepFindings()
	}
	return nil
}
