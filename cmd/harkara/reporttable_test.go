package main

import (
	"slices"
	"strings"
	"testing"
)

// TestTableLeavesOut what no row has, of the columns that are named so; each block of a long table for itself.
func TestTableLeavesOut(t *testing.T) {
	heading := []string{"name", "sent", "failed", "price", "held", "note"}
	numbers := map[int]bool{1: true, 2: true, 3: true}
	table := func(rows ...[]string) []string {
		var out strings.Builder
		r := &report{form: &tableForm{out: &out}}
		r.hideEmpty([]string{"sent", "failed", "held"})
		if err := r.head(heading, numbers); err != nil {
			t.Fatal(err)
		}
		for _, cells := range rows {
			if err := r.row(nil, cells...); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.form.end(); err != nil {
			t.Fatal(err)
		}
		return strings.Split(out.String(), "\n")
	}
	a, b := []string{"a", "10", "0", "0", "", "x"}, []string{"long", "0", "0", "0", "", "y"}
	for _, tt := range []struct{ rows, want [][]string }{
		{[][]string{a, b}, [][]string{{"NAME  SENT  PRICE  NOTE", "a       10      0  x", "long     0      0  y", ""}}},
		{[][]string{b}, [][]string{{"NAME  PRICE  NOTE", "long      0  y", ""}}},
		{nil, [][]string{{"NAME  SENT  FAILED  PRICE  HELD  NOTE", ""}}},
	} {
		if got := table(tt.rows...); !slices.Equal(got, tt.want[0]) {
			t.Errorf("%q\n got %q\nwant %q", tt.rows, got, tt.want[0])
		}
	}
	long := table(append(slices.Repeat([][]string{b}, tableBlock), a)...)
	if len(long) != tableBlock+4 || long[0] != "NAME  PRICE  NOTE" || long[tableBlock+1] != "NAME  SENT  PRICE  NOTE" {
		t.Errorf("%d lines, %q, %q", len(long), long[0], long[tableBlock+1])
	}
}
