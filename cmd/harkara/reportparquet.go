package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// rowGroup is how many rows are gathered before they are written.
const rowGroup = 100_000

// parquetForm writes rows into a Parquet file, for programs: text, 64-bit integers, doubles, booleans, and times as UTC
// microseconds; empty cells of all but text are null. It holds one group of rows at a time.
type parquetForm struct {
	out    io.Writer
	kinds  []kind
	writer *parquet.GenericWriter[any]
	cells  parquet.Row
}

// begin makes the file's schema of the columns.
func (f *parquetForm) begin(list []column) error {
	s := fields{Group: parquet.Group{}}
	for _, c := range list {
		name := strings.ReplaceAll(c.name, "%", "percent")
		s.names = append(s.names, name)
		s.Group[name] = nodeOf(c.kind)
		f.kinds = append(f.kinds, c.kind)
	}
	f.cells = make(parquet.Row, len(list))
	f.writer = parquet.NewGenericWriter[any](f.out, parquet.NewSchema("report", s), parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest, Concurrency: 1}),
		parquet.MaxRowsPerRowGroup(rowGroup), parquet.DictionaryMaxBytes(1<<20))
	return nil
}

func nodeOf(k kind) parquet.Node {
	switch k {
	case whole:
		return parquet.Optional(parquet.Int(64))
	case fraction:
		return parquet.Optional(parquet.Leaf(parquet.DoubleType))
	case truth:
		return parquet.Optional(parquet.Leaf(parquet.BooleanType))
	case moment:
		return parquet.Optional(parquet.Timestamp(parquet.Microsecond))
	default:
		return parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
	}
}

// fields is a group that keeps its columns in the report's order, which the library would sort.
type fields struct {
	parquet.Group
	names []string
}

func (f fields) Fields() []parquet.Field {
	list := f.Group.Fields()
	slices.SortFunc(list, func(a, b parquet.Field) int {
		return cmp.Compare(slices.Index(f.names, a.Name()), slices.Index(f.names, b.Name()))
	})
	return list
}

func (f *parquetForm) values(cells []any) error {
	for i, cell := range cells {
		defined := 1
		v := valueOf(cell)
		switch {
		case f.kinds[i] == text:
			defined = 0 // never null, and so not told
		case v.IsNull():
			defined = 0
		}
		f.cells[i] = v.Level(0, defined, i)
	}
	if _, err := f.writer.WriteRows([]parquet.Row{f.cells}); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}

// valueOf is a cell's value; null where there is none.
func valueOf(cell any) parquet.Value {
	switch c := cell.(type) {
	case string:
		return parquet.ByteArrayValue([]byte(c))
	case int64:
		return parquet.Int64Value(c)
	case *int64:
		if c != nil {
			return parquet.Int64Value(*c)
		}
	case *float64:
		if c != nil {
			return parquet.DoubleValue(*c)
		}
	case bool:
		return parquet.BooleanValue(c)
	case *time.Time:
		if c != nil {
			return parquet.Int64Value(c.UnixMicro())
		}
	}
	return parquet.NullValue()
}

// head and row are of reports whose columns have no kinds, which reportFlags does not let be Parquet.
func (f *parquetForm) head(names []string, _ map[int]bool) error {
	return f.begin(columnsOf(text, names...))
}

func (f *parquetForm) row(_ any, cells []string) error { return f.values(texts(cells...)) }

func (f *parquetForm) end() error {
	if err := f.writer.Close(); err != nil {
		return fmt.Errorf("write Parquet: %w", err)
	}
	return nil
}
