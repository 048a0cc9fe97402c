package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"harkara/dlt"
)

// reportFlags are the flags that say how and where a report is written.
type reportFlags struct {
	format, out string
	bom         bool
}

func (f *reportFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "table", "table, csv, json (one object a line) or xlsx")
	flags.BoolFunc("json", "the same as --format json", func(string) error {
		f.format = "json"
		return nil
	})
	flags.BoolVar(&f.bom, "bom", false,
		"begin CSV with a byte order mark, by which Excel knows UTF-8; it rounds ids of 19 digits all the same: use xlsx")
	flags.StringVar(&f.out, "out", "", "write to this file, not to stdout")
}

// form writes rows as they come, in one format; see report.
type form interface {
	head(names []string, numbers map[int]bool) error
	row(value any, cells []string) error
	end() error
}

// report is one report on its way out.
type report struct {
	form form
	rows int
}

// write makes the report that do fills.
func (f *reportFlags) write(cmd *cobra.Command, do func(*report) error) error {
	if f.bom && f.format != "csv" {
		return usageError{fmt.Errorf("--bom is of --format csv")}
	}
	if f.out == "" {
		return f.writeTo(cmd.OutOrStdout(), cmd.ErrOrStderr(), do)
	}
	return f.writeFile(cmd, do)
}

func (f *reportFlags) writeTo(out, notes io.Writer, do func(*report) error) error {
	r := &report{}
	switch f.format {
	case "table":
		r.form = &tableForm{out: out}
	case "csv":
		if f.bom {
			if _, err := io.WriteString(out, "\ufeff"); err != nil {
				return err
			}
		}
		r.form = &csvForm{csv.NewWriter(out)}
	case "json":
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		r.form = &jsonForm{encoder}
	case "xlsx":
		if isTerminal(out) {
			return usageError{fmt.Errorf("--format xlsx is a workbook, which no terminal shows: name a file with --out")}
		}
		book := newWorkbook(out)
		defer book.close()
		r.form = book
	default:
		return usageError{fmt.Errorf("--format %q is not one of table, csv, json, xlsx", f.format)}
	}
	err := do(r)
	if err == nil {
		err = r.form.end()
	}
	if err == nil && (f.format == "table" || f.format == "xlsx") {
		fmt.Fprintln(notes, counted(r.rows, "row"))
	}
	return err
}

// counted is a number of things: 1 row, 2 rows.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}

// head begins the report; numbers are the columns, from 0, whose cells are numbers.
func (r *report) head(names []string, numbers map[int]bool) error { return r.form.head(names, numbers) }

// hideEmpty lets a table leave out these columns where all its cells in them are empty or 0, so that it fits a screen.
// The other formats, which programs read, always have all columns.
func (r *report) hideEmpty(names []string) {
	if t, ok := r.form.(*tableForm); ok {
		t.sparse = names
	}
}

// row writes one row: value is what JSON shows, cells what the other formats do.
func (r *report) row(value any, cells ...string) error {
	r.rows++
	return r.form.row(value, cells)
}

type csvForm struct{ csv *csv.Writer }

func (f *csvForm) head(names []string, _ map[int]bool) error { return f.csv.Write(names) }

func (f *csvForm) row(_ any, cells []string) error {
	for i := range cells {
		cells[i] = unformula(cells[i])
	}
	return f.csv.Write(cells)
}

func (f *csvForm) end() error {
	f.csv.Flush()
	return f.csv.Error()
}

// unformula keeps a spreadsheet from running what a tenant wrote into a reference. A workbook needs none: its cells say
// that they are text.
func unformula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

type jsonForm struct{ encoder *json.Encoder }

func (f *jsonForm) head([]string, map[int]bool) error { return nil }

func (f *jsonForm) row(value any, _ []string) error { return f.encoder.Encode(value) }

func (f *jsonForm) end() error { return nil }

// stamp writes a time in India, to the millisecond; nothing for none.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.In(dlt.IST).Format("2006-01-02T15:04:05.000-07:00")
}
