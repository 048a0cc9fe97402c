package dlt

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func TestCSV(t *testing.T) {
	in := "\xef\xbb\xbfa,b\r\n\n\"x\r\ny\",\"1 \"\"2\"\"\"\r\n\"p\"q,r\nlast,\"\""
	type got struct {
		line  int
		cells []string
		bad   bool
	}
	want := []got{{1, []string{"a", "b"}, false}, {3, []string{"x\r\ny", `1 "2"`}, false}, {5, []string{"p", "r"}, true},
		{6, []string{"last", ""}, false}}
	var all []got
	for row, err := range CSV(strings.NewReader(in)) {
		g := got{line: row.Line, bad: errors.Is(err, errQuote)}
		for _, c := range row.Cells {
			g.cells = append(g.cells, c.Text)
		}
		all = append(all, g)
	}
	if !reflect.DeepEqual(all, want) {
		t.Errorf("got %+v\nwant %+v", all, want)
	}
}

func TestCSVRefusesFiles(t *testing.T) {
	broken := errors.New("disk on fire")
	tests := []struct {
		in   io.Reader
		want string
	}{
		{strings.NewReader("\xff\xfeE\x00"), "UTF-16"},
		{strings.NewReader("\xfe\xff\x00E"), "UTF-16"},
		{strings.NewReader("PK\x03\x04"), "XLSX"},
		{strings.NewReader("a,b\n\"" + strings.Repeat("x", maxRecord)), "is a quote left open?"},
		{iotest.ErrReader(broken), broken.Error()},
		{io.MultiReader(strings.NewReader("abcd\nx"), iotest.ErrReader(broken)), broken.Error()},
	}
	for i, tt := range tests {
		var last error
		for _, err := range CSV(tt.in) {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), tt.want) {
			t.Errorf("%d: error %v, want %q", i, last, tt.want)
		}
	}
}

// What encoding/csv writes comes back cell by cell, line breaks in texts included.
func TestRecordsReadWhatCSVWrites(t *testing.T) {
	cell := rapid.StringOf(rapid.SampledFrom([]rune("ab ,\"\n\r;अ")))
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.SliceOfN(cell, 2, 4), 0, 5).Draw(t, "records")
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		if err := w.WriteAll(want); err != nil {
			t.Fatal(err)
		}
		in, err := newRecords(&file)
		if err != nil {
			t.Fatal(err)
		}
		for i, record := range want {
			got, _, err := in.next()
			if err != nil || !reflect.DeepEqual(got, record) {
				t.Fatalf("record %d: %q, %v; want %q", i, got, err, record)
			}
		}
		if got, _, err := in.next(); err != io.EOF {
			t.Fatalf("after the last: %q, %v", got, err)
		}
	})
}
