package main

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Excel's limits (ECMA-376 has none): what is more goes into the next sheet, or is cut off.
const (
	sheetRows = 1 << 20
	cellUnits = 32767 // of UTF-16
)

// workbook writes rows into an XLSX file (ECMA-376, SpreadsheetML), row by row straight into the compressed sheet, so that
// a report of ten million rows needs no more memory than one of ten and leaves no temporary file of its rows.
//
// Cells are text, so that no id of 19 digits is rounded and no text of a tenant is run as a formula; those of numeric
// columns are numbers.
type workbook struct {
	zip     *zip.Writer
	sheet   *bufio.Writer
	names   []string
	numbers map[int]bool
	letters []string // of the columns
	sheets  int
	next    int // row of the sheet, from 1
	most    int // rows of a sheet
}

func newWorkbook(out io.Writer) *workbook {
	w := &workbook{zip: zip.NewWriter(out), most: sheetRows}
	w.zip.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(out, flate.BestSpeed) // cells repeat each other: more effort saves little
	})
	return w
}

func (w *workbook) head(names []string, numbers map[int]bool) error {
	w.names, w.numbers = names, numbers
	for i := range names {
		w.letters = append(w.letters, columnLetters(i))
	}
	return w.begin()
}

// begin ends the sheet, if there is one, and begins the next with the heading, which stays in view.
func (w *workbook) begin() error {
	if err := w.finish(); err != nil {
		return err
	}
	w.sheets++
	entry, err := w.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", w.sheets))
	if err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	w.sheet = bufio.NewWriterSize(entry, 1<<16)
	fmt.Fprintf(w.sheet, sheetHead, max(len(w.names), 1))
	w.next = 1
	return w.set(w.names, nil, ` s="1"`)
}

func (w *workbook) row(_ any, cells []string) error {
	if w.next > w.most {
		if err := w.begin(); err != nil {
			return err
		}
	}
	return w.set(cells, w.numbers, "")
}

// set writes the cells of the next row that are not empty. Its error is the first of the sheet's.
func (w *workbook) set(cells []string, numbers map[int]bool, style string) error {
	row := strconv.Itoa(w.next)
	w.next++
	w.write(`<row r="`, row, `">`)
	for i, cell := range cells {
		switch {
		case cell == "":
		case numbers[i] && isNumber(cell):
			w.write(`<c r="`, w.letters[i], row, `"><v>`, cell, `</v></c>`)
		default:
			w.write(`<c r="`, w.letters[i], row, `"`, style, ` t="inlineStr"><is><t xml:space="preserve">`)
			_ = xml.EscapeText(w.sheet, []byte(plain(cell)))
			w.write(`</t></is></c>`)
		}
	}
	if _, err := w.sheet.WriteString("</row>"); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}

// write adds to the sheet; an error stays there, and set returns it.
func (w *workbook) write(parts ...string) {
	for _, part := range parts {
		_, _ = w.sheet.WriteString(part)
	}
}

func (w *workbook) finish() error {
	if w.sheet == nil {
		return nil
	}
	w.write("</sheetData></worksheet>")
	if err := w.sheet.Flush(); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}

// end writes the parts that name the sheets.
func (w *workbook) end() error {
	if err := w.finish(); err != nil {
		return err
	}
	for _, part := range w.parts() {
		entry, err := w.zip.Create(part.name)
		if err == nil {
			_, err = io.WriteString(entry, xml.Header+part.text)
		}
		if err != nil {
			return fmt.Errorf("write XLSX: %w", err)
		}
	}
	if err := w.zip.Close(); err != nil {
		return fmt.Errorf("write XLSX: %w", err)
	}
	return nil
}

// columnLetters is the name of a column, from 0: A, Z, AA.
func columnLetters(i int) string {
	name := ""
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}

func isNumber(cell string) bool {
	n, err := strconv.ParseFloat(cell, 64)
	return err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) && !strings.ContainsAny(cell, "xX_pP")
}

// plain is a text as a cell may hold it. _x0041_ would be read as A (ECMA-376 part 1 §22.9.2.19), but for its first _.
func plain(cell string) string {
	if len(cell) > cellUnits {
		units := 0
		for i, r := range cell {
			if units += max(utf16.RuneLen(r), 1); units > cellUnits {
				cell = cell[:i]
				break
			}
		}
	}
	return strings.ReplaceAll(cell, "_x", "_x005F_x")
}
