package dlt

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// maxRecord bounds one CSV record in bytes, so that a quote left open does not take the rest of a large file with it.
const maxRecord = 1 << 20

// errQuote says what is wrong with a record's quotes; the reader goes on after it.
var errQuote = errors.New("a quoted cell is not closed properly: double the quotes inside it")

// CSV yields the records of a CSV file (UTF-8, with or without byte order mark; LF or CRLF) that are not blank. An error
// ends it, but for the one about a single record's quotes, which comes with the record's line; Read refuses that row.
func CSV(r io.Reader) iter.Seq2[SourceRow, error] {
	return func(yield func(SourceRow, error) bool) {
		in, err := newRecords(r)
		if err != nil {
			yield(SourceRow{Line: 1}, err)
			return
		}
		for {
			record, line, err := in.next()
			if err == io.EOF {
				return
			}
			row := SourceRow{Line: line, Cells: make([]Cell, len(record))}
			for i, text := range record {
				row.Cells[i].Text = text
			}
			if !yield(row, err) || err != nil && !errors.Is(err, errQuote) {
				return
			}
		}
	}
}

// records reads CSV (RFC 4180) record by record. Unlike encoding/csv it keeps a quoted cell's CRLF as it stands: an
// operator may have registered the text so, and compares it by the byte.
type records struct {
	r    *bufio.Reader
	line int // of the next byte, from 1
}

// newRecords reads from r; a UTF-8 byte order mark is skipped, what is not CSV is refused (see checkFile).
func newRecords(r io.Reader) (*records, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(sniffed)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read CSV: %w", err)
	}
	text := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if err := checkFile(text); err != nil {
		return nil, err
	}
	_, _ = br.Discard(len(head) - len(text)) // cannot fail: just peeked
	return &records{r: br, line: 1}, nil
}

// next returns the next record that is not blank, with the line it begins on. At the end err is io.EOF; errQuote
// is about this record alone, anything else ends the reading.
func (c *records) next() (cells []string, line int, err error) {
	for {
		line = c.line
		cells, err = c.record()
		if err != nil || len(cells) > 1 || cells[0] != "" {
			return cells, line, err
		}
	}
}

// record reads one record. It is the one place that knows the grammar, a loop over bytes with three states: before or
// in a plain cell, in a quoted cell, after its closing quote.
func (c *records) record() ([]string, error) {
	const (
		plain = iota
		quoted
		closed
	)
	var cells []string
	var cell []byte
	var fault error
	state, size := plain, 0
	for ; ; size++ {
		b, err := c.r.ReadByte()
		switch {
		case err == io.EOF && size == 0:
			return nil, io.EOF
		case err == io.EOF:
			if state == quoted {
				fault = errQuote
			}
			return append(cells, string(trimCR(cell, state == plain))), fault
		case err != nil:
			return nil, fmt.Errorf("read CSV at line %d: %w", c.line, err)
		case size == maxRecord:
			return nil, fmt.Errorf("read CSV: at line %d a record is over %d bytes: is a quote left open?", c.line, maxRecord)
		}
		if b == '\n' {
			c.line++
		}
		switch {
		case state == quoted && b == '"':
			state = closed
		case state == quoted:
			cell = append(cell, b)
		case b == ',':
			cells, cell, state = append(cells, string(cell)), cell[:0], plain
		case b == '\n':
			return append(cells, string(trimCR(cell, state == plain))), fault
		case state == closed && b == '"':
			cell, state = append(cell, '"'), quoted
		case state == closed && b != '\r':
			fault = errQuote
		case b == '"' && len(cell) == 0:
			state = quoted
		case state == plain:
			cell = append(cell, b)
		}
	}
}

// trimCR drops the carriage return of a CRLF line end from a plain cell.
func trimCR(cell []byte, plain bool) []byte {
	if n := len(cell); plain && n > 0 && cell[n-1] == '\r' {
		return cell[:n-1]
	}
	return cell
}
