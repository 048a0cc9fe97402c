package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"harkara/smpp/sms"
)

// rows gathers lines for one COPY, in PostgreSQL's text format: columns between tabs, \N for null, backslash escapes
// (PostgreSQL manual, COPY, "Text Format"). Columns are written in the order of the statement.
type rows struct {
	table   string
	columns string
	b       []byte
	n       int
	within  bool // a row is begun
}

func newRows(table, columns string) *rows { return &rows{table: table, columns: columns} }

func (r *rows) reset() { r.b, r.n, r.within = r.b[:0], 0, false }

func (r *rows) end() {
	r.b = append(r.b, '\n')
	r.n++
	r.within = false
}

func (r *rows) column() {
	if r.within {
		r.b = append(r.b, '\t')
	}
	r.within = true
}

func (r *rows) null() {
	r.column()
	r.b = append(r.b, '\\', 'N')
}

// text writes a text. PostgreSQL stores no NUL, so that becomes U+FFFD.
func (r *rows) text(s string) {
	r.column()
	start := 0
	for i := 0; i < len(s); i++ {
		var escaped string
		switch s[i] {
		case '\\':
			escaped = `\\`
		case '\t':
			escaped = `\t`
		case '\n':
			escaped = `\n`
		case '\r':
			escaped = `\r`
		case 0:
			escaped = "\ufffd"
		default:
			continue
		}
		r.b = append(append(r.b, s[start:i]...), escaped...)
		start = i + 1
	}
	r.b = append(r.b, s[start:]...)
}

// textOrNull writes a text, null where it is empty.
func (r *rows) textOrNull(s string) {
	if s == "" {
		r.null()
		return
	}
	r.text(s)
}

func (r *rows) int(n int64) {
	r.column()
	r.b = strconv.AppendInt(r.b, n, 10)
}

// intOrNull writes a number, null where it is 0.
func (r *rows) intOrNull(n int64) {
	if n == 0 {
		r.null()
		return
	}
	r.int(n)
}

func (r *rows) bool(v bool) {
	r.column()
	if v {
		r.b = append(r.b, 't')
	} else {
		r.b = append(r.b, 'f')
	}
}

func (r *rows) key(k sms.Key) {
	r.column()
	r.b = hex.AppendEncode(r.b, k[:]) // PostgreSQL takes a uuid without hyphens
}

func (r *rows) bytes(p []byte) {
	if p == nil {
		r.null()
		return
	}
	r.column()
	r.b = append(r.b, `\\x`...)
	r.b = hex.AppendEncode(r.b, p)
}

// time writes an instant, to the microsecond.
func (r *rows) time(t time.Time) {
	r.column()
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	micro := t.Nanosecond() / 1000
	b := append(r.b, digit(year/1000), digit(year/100), digit(year/10), digit(year), '-', digit(int(month)/10), digit(int(month)), '-', digit(day/10), digit(day), ' ')
	b = append(b, digit(hour/10), digit(hour), ':', digit(minute/10), digit(minute), ':', digit(second/10), digit(second), '.')
	for unit := 100000; unit > 0; unit /= 10 {
		b = append(b, digit(micro/unit))
	}
	r.b = append(b, '+', '0', '0')
}

func digit(n int) byte { return byte('0' + n%10) }

// timeOrNull writes an instant, null where it is zero.
func (r *rows) timeOrNull(t time.Time) {
	if t.IsZero() {
		r.null()
		return
	}
	r.time(t)
}

// micros writes an instant of microseconds since 1970, null where it is 0.
func (r *rows) micros(us int64) {
	if us == 0 {
		r.null()
		return
	}
	r.time(time.UnixMicro(us))
}

// copyIn sends the rows in a transaction of the connection.
func (r *rows) copyIn(ctx context.Context, conn *sql.Conn) error {
	if r.n == 0 {
		return nil
	}
	var failed error
	// What fails is not given to Raw: on a broken connection it would close it, and wait for the open transaction for ever.
	if err := conn.Raw(func(raw any) error {
		failed = r.copyTo(ctx, raw)
		return nil
	}); err != nil {
		failed = err
	}
	if failed != nil {
		return fmt.Errorf("write %s: %w", r.table, failed)
	}
	return nil
}

// copyTo sends the lines to lib/pq's connection.
func (r *rows) copyTo(ctx context.Context, raw any) error {
	c, ok := raw.(driver.Conn)
	if !ok {
		return errors.New("the connection is not lib/pq's")
	}
	statement, err := c.Prepare("COPY harkara." + r.table + " (" + r.columns + ") FROM STDIN")
	if err != nil {
		return err
	}
	copier, ok := statement.(interface {
		driver.Stmt
		CopyData(context.Context, string) (driver.Result, error)
	})
	if !ok {
		return errors.Join(errors.New("the statement is not lib/pq's COPY"), statement.Close())
	}
	if _, err := copier.CopyData(ctx, string(r.b[:len(r.b)-1])); err != nil { // it adds the last newline itself
		return errors.Join(err, copier.Close())
	}
	_, err = copier.Exec(nil)
	return errors.Join(err, copier.Close())
}
