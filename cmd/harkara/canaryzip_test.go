package main

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// unzip is all that is in a workbook, its own files' names too.
func unzip(t *testing.T, file string) string {
	t.Helper()
	r, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var text strings.Builder
	for _, f := range r.File {
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(f.Name + "\n")
		_, err = io.Copy(&text, part)
		part.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

// unparquet is all that is in a Parquet file: its rows, and its octets as they are.
func unparquet(t *testing.T, file string) string {
	t.Helper()
	octets, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(strings.NewReader(string(octets)), int64(len(octets)))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	text.Write(octets)
	buffer := make([]parquet.Row, 64)
	for _, group := range f.RowGroups() {
		rows := group.Rows()
		for err == nil {
			var n int
			n, err = rows.ReadRows(buffer)
			for _, row := range buffer[:n] {
				fmt.Fprintln(&text, row)
			}
		}
		if closing := rows.Close(); err != io.EOF || closing != nil {
			t.Fatal(err, closing)
		}
		err = nil
	}
	return text.String()
}
