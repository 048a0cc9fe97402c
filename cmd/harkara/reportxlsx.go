package main

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/xuri/excelize/v2"
)

// sheetRows is how many rows a sheet of a workbook may have (Excel's limit); what is more goes into the next one.
const sheetRows = excelize.TotalRows

// workbook writes rows into an XLSX file. They go through a temporary file, and its octets straight to out, so that a
// report of a million rows needs no more memory than one of ten.
//
// Cells are text, so that no id of 19 digits is rounded and no text of a tenant is run as a formula; those of numeric
// columns are numbers.
type workbook struct {
	out     io.Writer
	file    *excelize.File
	sheet   *excelize.StreamWriter
	names   []string
	numbers map[int]bool
	sheets  int
	next    int // row of the sheet, from 1
	most    int // rows of a sheet
}

func newWorkbook(out io.Writer) *workbook {
	return &workbook{out: out, file: excelize.NewFile(), most: sheetRows}
}

func (w *workbook) head(names []string, numbers map[int]bool) error {
	w.names, w.numbers = names, numbers
	return w.begin()
}

// begin ends the sheet, if there is one, and begins the next with the heading, which stays in view.
func (w *workbook) begin() error {
	if err := w.flush(); err != nil {
		return err
	}
	w.sheets++
	name := fmt.Sprintf("Report %d", w.sheets)
	if w.sheets == 1 {
		if err := w.file.SetSheetName("Sheet1", name); err != nil {
			return fmt.Errorf("write XLSX: %w", err)
		}
	} else if _, err := w.file.NewSheet(name); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	bold, err := w.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err == nil {
		w.sheet, err = w.file.NewStreamWriter(name)
	}
	if err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	err = errors.Join(
		w.sheet.SetColWidth(1, len(w.names), 20),
		w.sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	if err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	w.next = 1
	return w.set(w.names, nil, excelize.RowOpts{StyleID: bold})
}

func (w *workbook) row(_ any, cells []string) error {
	if w.next > w.most {
		if err := w.begin(); err != nil {
			return err
		}
	}
	return w.set(cells, w.numbers)
}

func (w *workbook) set(cells []string, numbers map[int]bool, opts ...excelize.RowOpts) error {
	values := make([]any, len(cells))
	for i, cell := range cells {
		values[i] = cell
		if number, err := strconv.ParseFloat(cell, 64); err == nil && numbers[i] {
			values[i] = number
		}
	}
	err := w.sheet.SetRow("A"+strconv.Itoa(w.next), values, opts...)
	w.next++
	if err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}

func (w *workbook) flush() error {
	if w.sheet == nil {
		return nil
	}
	if err := w.sheet.Flush(); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}

func (w *workbook) end() error {
	if err := w.flush(); err != nil {
		return err
	}
	// The library would hold the whole file in memory before it writes any of it.
	w.file.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(w.out) })
	if err := w.file.Write(io.Discard); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}

// close removes the temporary file.
func (w *workbook) close() { _ = w.file.Close() }
