package main

import (
	"archive/zip"
	"io"
	"strings"
	"testing"
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
