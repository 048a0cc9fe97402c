package main

import (
	"strconv"
	"time"

	"harkara/dlt"
)

// kind is what the cells of a column are.
type kind int

const (
	text     kind = iota // string
	whole                // int64, or *int64
	fraction             // *float64
	truth                // bool
	moment               // *time.Time
)

// column is one column of a report whose cells have kinds; nil pointers are empty cells.
type column struct {
	name string
	kind kind
}

// columnsOf makes columns of one kind.
func columnsOf(kind kind, names ...string) []column {
	list := make([]column, len(names))
	for i, name := range names {
		list[i] = column{name, kind}
	}
	return list
}

// columns begins a report whose cells have kinds.
func (r *report) columns(list []column) error {
	if p, ok := r.form.(*parquetForm); ok {
		return p.begin(list)
	}
	names, numbers := make([]string, len(list)), map[int]bool{}
	for i, c := range list {
		names[i] = c.name
		numbers[i] = c.kind == whole || c.kind == fraction
	}
	return r.head(names, numbers)
}

// values writes one row: value is what JSON shows, cells what the other formats do, each of its column's kind.
func (r *report) values(value any, cells ...any) error {
	r.rows++
	return r.put(value, cells...)
}

// put is values for what is no row of its own, such as a total.
func (r *report) put(value any, cells ...any) error {
	if p, ok := r.form.(*parquetForm); ok {
		return p.values(cells)
	}
	texts := make([]string, len(cells))
	for i, cell := range cells {
		texts[i] = r.text(cell)
	}
	return r.form.row(value, texts)
}

// text is a cell as people read it.
func (r *report) text(cell any) string {
	switch c := cell.(type) {
	case string:
		return c
	case int64:
		return strconv.FormatInt(c, 10)
	case *int64:
		if c != nil {
			return strconv.FormatInt(*c, 10)
		}
	case *float64:
		return decimal(c)
	case bool:
		return strconv.FormatBool(c)
	case *time.Time:
		if c != nil && r.utc {
			return c.UTC().Format("2006-01-02T15:04:05.000Z07:00")
		}
		return stamp(c)
	}
	return ""
}

func decimal(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', 2, 64)
}

// stamp writes a time in India, to the millisecond; nothing for none.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.In(dlt.IST).Format("2006-01-02T15:04:05.000-07:00")
}

// counts is cells of a report that counts.
func counts(numbers []int64) []any {
	cells := make([]any, len(numbers))
	for i, n := range numbers {
		cells[i] = n
	}
	return cells
}

// texts is cells of text.
func texts[T ~string](list ...T) []any {
	cells := make([]any, len(list))
	for i, s := range list {
		cells[i] = string(s)
	}
	return cells
}
