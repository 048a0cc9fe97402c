package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// reportFlags are the flags that say how and where a report is written.
type reportFlags struct {
	format, out string
	bom         bool
	typed       bool // the columns have kinds: see addTyped
	utc         bool
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

// addTyped adds the flags of a report whose columns have kinds.
func (f *reportFlags) addTyped(cmd *cobra.Command) {
	f.add(cmd)
	f.typed = true
	flags := cmd.Flags()
	flags.Lookup("format").Usage = "table, csv, json (one object a line), xlsx or parquet (which needs --out)"
	flags.BoolVar(&f.utc, "utc", false, "write times in UTC, not India's; those of JSON and Parquet always are")
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
	utc  bool
}

// write makes the report that do fills.
func (f *reportFlags) write(cmd *cobra.Command, do func(*report) error) error {
	if f.bom && f.format != "csv" {
		return usageError{fmt.Errorf("--bom is of --format csv")}
	}
	if f.format == "parquet" && f.typed && f.out == "" {
		return usageError{fmt.Errorf("--format parquet needs --out: it is for programs, and no terminal shows it")}
	}
	if f.out == "" {
		return f.writeTo(cmd.OutOrStdout(), cmd.ErrOrStderr(), do)
	}
	return f.writeFile(cmd, do)
}

func (f *reportFlags) writeTo(out, notes io.Writer, do func(*report) error) error {
	r := &report{utc: f.utc}
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
		r.form = newJSONForm(out)
	case "xlsx":
		if isTerminal(out) {
			return usageError{fmt.Errorf("--format xlsx is a workbook, which no terminal shows: name a file with --out")}
		}
		r.form = newWorkbook(out)
	case "parquet":
		if f.typed {
			r.form = &parquetForm{out: out}
			break
		}
		fallthrough
	default:
		return usageError{fmt.Errorf("--format %q is not one of %s", f.format, f.formats())}
	}
	err := do(r)
	if err == nil {
		err = r.form.end()
	}
	if err == nil && f.format != "csv" && f.format != "json" {
		fmt.Fprintln(notes, counted(r.rows, "row"))
	}
	return err
}

func (f *reportFlags) formats() string {
	if f.typed {
		return "table, csv, json, xlsx, parquet"
	}
	return "table, csv, json, xlsx"
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

type jsonForm struct {
	out     *bufio.Writer
	encoder *json.Encoder
}

func newJSONForm(out io.Writer) *jsonForm {
	f := &jsonForm{out: bufio.NewWriter(out)}
	f.encoder = json.NewEncoder(f.out)
	f.encoder.SetEscapeHTML(false)
	return f
}

func (f *jsonForm) head([]string, map[int]bool) error { return nil }

func (f *jsonForm) row(value any, _ []string) error { return f.encoder.Encode(value) }

func (f *jsonForm) end() error { return f.out.Flush() }
