package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"harkara/dlt"
	"harkara/storage"
)

func formatFlag(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "format", "table", "table, csv or json (one object a line)")
	cmd.Flags().BoolFunc("json", "the same as --format json", func(string) error {
		*format = "json"
		return nil
	})
}

// report writes rows as they come, in one of the formats.
type report struct {
	cmd    *cobra.Command
	format string
	table  table
	csv    *csv.Writer
	json   *json.Encoder
	rows   int
	err    error
}

// tableBlock is how many rows a table aligns at a time, so that a long one needs no more memory than a short one.
const tableBlock = 1000

func newReport(cmd *cobra.Command, format string) (*report, error) {
	r := &report{cmd: cmd, format: format}
	switch format {
	case "table":
	case "csv":
		r.csv = csv.NewWriter(cmd.OutOrStdout())
	case "json":
		r.json = json.NewEncoder(cmd.OutOrStdout())
		r.json.SetEscapeHTML(false)
	default:
		return nil, usageError{fmt.Errorf("--format %q is not one of table, csv, json", format)}
	}
	return r, nil
}

func (r *report) head(names ...string) {
	r.table.right = map[int]bool{}
	if r.format == "csv" {
		r.err = r.csv.Write(names)
		return
	}
	for _, n := range names {
		r.table.head = append(r.table.head, strings.ToUpper(n))
	}
}

// row writes one row: value is what JSON shows, cells what the others do.
func (r *report) row(value any, cells ...string) {
	if r.err != nil {
		return
	}
	r.rows++
	switch r.format {
	case "csv":
		for i := range cells {
			cells[i] = unformula(cells[i])
		}
		r.err = r.csv.Write(cells)
	case "json":
		r.err = r.json.Encode(value)
	default:
		r.table.add(cells...)
		if len(r.table.rows) == tableBlock {
			r.table.print(r.cmd.OutOrStdout())
			r.table.rows = nil
		}
	}
}

func (r *report) end() error {
	switch r.format {
	case "csv":
		r.csv.Flush()
		if r.err == nil {
			r.err = r.csv.Error()
		}
	case "table":
		if len(r.table.rows) > 0 || r.rows == 0 {
			r.table.print(r.cmd.OutOrStdout())
		}
		fmt.Fprintf(r.cmd.ErrOrStderr(), "%d rows\n", r.rows)
	}
	return r.err
}

// unformula keeps a spreadsheet from running what a tenant wrote into a reference.
func unformula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// stamp writes a time in India, to the millisecond; nothing for none.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.In(dlt.IST).Format("2006-01-02T15:04:05.000-07:00")
}

func printDLR(out *report, by []string, rows []storage.DLRRow) error {
	counts := []string{"requested", "submitted", "pending", "delivered", "undelivered", "expired", "unreported", "refused",
		"rejected", "lapsed", "in_doubt", "delivered_%", "p50_s", "p95_s", "p99_s"}
	out.head(slices.Concat(by, counts)...)
	for i := range counts {
		out.table.right[len(by)+i] = true
	}
	for _, d := range rows {
		cells := slices.Clone(d.Group)
		for _, n := range []int64{d.Requested, d.Submitted, d.Pending, d.Delivered, d.Undelivered, d.Expired, d.Unreported,
			d.Refused, d.Rejected, d.Lapsed, d.InDoubt} {
			cells = append(cells, strconv.FormatInt(n, 10))
		}
		for _, f := range []*float64{d.DeliveredPercent, d.P50, d.P95, d.P99} {
			cells = append(cells, decimal(f))
		}
		out.row(named(by, d), cells...)
	}
	return out.end()
}

func decimal(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', 2, 64)
}

// named gives a row of JSON its groups by name.
func named(by []string, d storage.DLRRow) map[string]any {
	raw, err := json.Marshal(d)
	fields := map[string]any{}
	if err == nil {
		err = json.Unmarshal(raw, &fields)
	}
	if err != nil {
		panic(err) // a struct of numbers
	}
	delete(fields, "group")
	for i, name := range by {
		fields[name] = d.Group[i]
	}
	return fields
}
