package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/xuri/excelize/v2"
)

// TestWorkbook reads back what was written: ids to the digit, numbers as numbers, formulas as text, and the rows that
// one sheet can't hold on the next.
func TestWorkbook(t *testing.T) {
	const id, formula = "1107161234567890123", `=HYPERLINK("http://example.com","x")`
	var out bytes.Buffer
	book := newWorkbook(&out)
	book.most = 701 // with the heading
	if err := book.head([]string{"template", "requested", "ref", "last_used"}, map[int]bool{1: true}); err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		if err := book.row(nil, []string{id, fmt.Sprint(i), formula, ""}); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.end(); err != nil {
		t.Fatal(err)
	}
	file, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if sheets := file.GetSheetList(); !slices.Equal(sheets, []string{"Report 1", "Report 2"}) {
		t.Fatalf("sheets %v", sheets)
	}
	at := 0
	for sheet, want := range map[string]int{"Report 1": 701, "Report 2": 301} {
		rows, err := file.GetRows(sheet)
		if err != nil || len(rows) != want || !slices.Equal(rows[0], []string{"template", "requested", "ref", "last_used"}) {
			t.Fatalf("%s: %d rows, heading %v, %v", sheet, len(rows), rows[0], err)
		}
		at += len(rows) - 1
		for i, row := range rows[1:] {
			number := i
			if sheet == "Report 2" {
				number += 700
			}
			if !slices.Equal(row, []string{id, fmt.Sprint(number), formula}) {
				t.Fatalf("%s row %d: %q", sheet, i+2, row)
			}
		}
	}
	if at != 1000 {
		t.Errorf("%d rows", at)
	}
	for cell, want := range map[string]excelize.CellType{"A2": excelize.CellTypeInlineString, "B2": excelize.CellTypeUnset,
		"C2": excelize.CellTypeInlineString} {
		if got, err := file.GetCellType("Report 1", cell); err != nil || got != want {
			t.Errorf("%s is of type %v, want %v, %v", cell, got, want, err)
		}
	}
	if got, err := file.GetCellFormula("Report 1", "C2"); err != nil || got != "" {
		t.Errorf("C2 holds the formula %q, %v", got, err)
	}
}

// TestWorkbookWithoutRows: nothing found is a heading alone, not a broken file.
func TestWorkbookWithoutRows(t *testing.T) {
	var out bytes.Buffer
	book := newWorkbook(&out)
	if err := book.head([]string{"template"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := book.end(); err != nil {
		t.Fatal(err)
	}
	file, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if rows, err := file.GetRows("Report 1"); err != nil || len(rows) != 1 {
		t.Errorf("%v, %v", rows, err)
	}
}

// BenchmarkWorkbook writes rows as wide as those of report messages; what it allocates does not stay.
func BenchmarkWorkbook(b *testing.B) {
	book := newWorkbook(io.Discard)
	cells := make([]string, 19)
	for i := range cells {
		cells[i] = "1107161234567890123"
	}
	if err := book.head(cells, nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := book.row(nil, cells); err != nil {
			b.Fatal(err)
		}
	}
	if err := book.end(); err != nil {
		b.Fatal(err)
	}
}
