package dlt

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxRecord bounds one CSV record in bytes, so that a quote left open does not take the rest of a large file with it.
const maxRecord = 1 << 20

// errQuote says what is wrong with a record's quotes; the reader goes on after it.
var errQuote = errors.New("a quoted cell is not closed properly: double the quotes inside it")

// records reads CSV (RFC 4180) record by record. Unlike encoding/csv it keeps a quoted cell's CRLF as it stands: an
// operator may have registered the text so, and compares it by the byte.
type records struct {
	r    *bufio.Reader
	line int // of the next byte, from 1
}

// newRecords reads from r; a UTF-8 byte order mark is skipped, UTF-16 refused.
func newRecords(r io.Reader) (*records, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(3)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read CSV: %w", err)
	}
	switch {
	case string(head) == "\xef\xbb\xbf":
		_, _ = br.Discard(3) // cannot fail: just peeked
	case strings.HasPrefix(string(head), "\xff\xfe") || strings.HasPrefix(string(head), "\xfe\xff"):
		return nil, errors.New("the file is UTF-16: save it as \"CSV UTF-8\"")
	case strings.HasPrefix(string(head), "PK"):
		return nil, errors.New("the file is a workbook (XLSX): save it as \"CSV UTF-8\"")
	}
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
