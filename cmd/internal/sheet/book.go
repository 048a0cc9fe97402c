package sheet

import (
	"errors"
	"fmt"
	"slices"

	"harkara/dlt"
)

// bookRows yields the rows of the first sheet that has any.
func (f *File) bookRows(yield func(dlt.SourceRow, error) bool) {
	for _, sheet := range f.book.GetSheetList() {
		found, more := false, true
		err := f.sheetRows(sheet, func(row dlt.SourceRow) bool {
			found, more = true, yield(row, nil)
			return more
		})
		if err != nil && more {
			yield(dlt.SourceRow{}, fmt.Errorf("sheet %q: %w", sheet, err))
		}
		if err != nil || found {
			return
		}
	}
}

// sheetRows yields the rows of a sheet that are not blank. Those shorter than the first, which is the heading, are filled
// up: a workbook does not store the empty cells at their ends.
func (f *File) sheetRows(sheet string, yield func(dlt.SourceRow) bool) (err error) {
	rows, err := f.book.Rows(sheet)
	if err != nil {
		return nil // a sheet that is a chart has no rows
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	numbers, err := f.numbers(sheet)
	if err != nil {
		return err
	}
	width := 0
	for line := 1; rows.Next(); line++ {
		texts, err := rows.Columns()
		if err != nil {
			return fmt.Errorf("row %d: %w", line, err)
		}
		if !slices.ContainsFunc(texts, func(s string) bool { return s != "" }) {
			continue
		}
		if width == 0 {
			width = len(texts)
		}
		row := dlt.SourceRow{Line: line, Cells: make([]dlt.Cell, max(width, len(texts)))}
		for i, text := range texts {
			row.Cells[i] = dlt.Cell{Text: text, Number: numbers[position{line, i + 1}]}
		}
		if !yield(row) {
			return nil
		}
	}
	return nil
}
