package dlt

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Defaults fill columns that an export does not have, or cells that are empty in it.
type Defaults struct {
	Entity   EntityID
	Category Category
}

// ImportRow is one template of an import, checked.
type ImportRow struct {
	Line     int // of the file, from 1, where the row begins
	Entity   EntityID
	Headers  []Header
	Template Template // with Entity and Headers filled, and active
}

// RefusedRow is a row that is not taken over, with the first thing that is wrong with it.
type RefusedRow struct {
	Line   int    `json:"line"`
	Column string `json:"column,omitempty"` // as our own columns are called; empty where the whole row is meant
	Reason string `json:"reason"`           // in plain words
}

// The columns of our own form. Their names are read in any case, with or without spaces and underscores.
const (
	colEntity   = "ENTITY_ID"
	colHeader   = "HEADER"
	colTemplate = "TEMPLATE_ID"
	colName     = "TEMPLATE_NAME"
	colContent  = "TEMPLATE_CONTENT"
	colCategory = "CATEGORY"
)

var columns = [...]string{colEntity, colHeader, colTemplate, colName, colContent, colCategory}

// ReadTemplates reads templates from CSV (UTF-8, with or without byte order mark; LF or CRLF): a heading with the
// columns ENTITY_ID, HEADER, TEMPLATE_ID, TEMPLATE_NAME, TEMPLATE_CONTENT, CATEGORY in any order, others ignored, then
// a row for each template. HEADER may hold several, separated by "|". TEMPLATE_CONTENT is kept to the byte, the
// other cells are trimmed. A template that comes again with the same text adds its headers to the first row; with
// another text, entity or category the later row is refused.
//
// The error is about the whole file: it cannot be read, or a column is missing that has no default. Rows with faults
// are in refused, in the file's order.
func ReadTemplates(r io.Reader, d Defaults) (rows []ImportRow, refused []RefusedRow, err error) {
	in, err := newRecords(r)
	if err != nil {
		return nil, nil, err
	}
	heading, _, err := in.next()
	if err == io.EOF {
		return nil, nil, errors.New("the file is empty: it needs a heading with " + strings.Join(columns[:], ", "))
	} else if err != nil {
		return nil, nil, fmt.Errorf("heading: %w", err)
	}
	at, err := mapColumns(heading, d)
	if err != nil {
		return nil, nil, err
	}
	seen := map[TemplateID]int{} // index in rows
	for {
		cells, line, err := in.next()
		if err == io.EOF {
			return rows, refused, nil
		}
		if err != nil && !errors.Is(err, errQuote) {
			return nil, nil, err
		}
		if err == nil && !slices.ContainsFunc(cells, func(s string) bool { return s != "" }) {
			continue // spreadsheets leave rows of commas behind the last one
		}
		row, fault := ImportRow{}, &RefusedRow{Line: line, Reason: errQuote.Error()}
		if err == nil {
			row, fault = readRow(cells, line, len(heading), at, d)
		}
		if fault == nil {
			fault = mergeRow(&rows, seen, row)
		}
		if fault != nil {
			refused = append(refused, *fault)
		}
	}
}

// mergeRow adds the row, or its headers to the row that the same template already has, or says what contradicts it.
func mergeRow(rows *[]ImportRow, seen map[TemplateID]int, row ImportRow) *RefusedRow {
	i, again := seen[row.Template.ID]
	if !again {
		seen[row.Template.ID] = len(*rows)
		*rows = append(*rows, row)
		return nil
	}
	first := &(*rows)[i]
	column := ""
	switch {
	case first.Template.Content != row.Template.Content:
		column = colContent
	case first.Entity != row.Entity:
		column = colEntity
	case first.Template.Category != row.Template.Category:
		column = colCategory
	}
	if column != "" {
		return &RefusedRow{Line: row.Line, Column: column, Reason: fmt.Sprintf(
			"template %s stands on line %d already with another value: keep the one that is registered", row.Template.ID, first.Line)}
	}
	for _, h := range row.Headers {
		if !slices.Contains(first.Headers, h) {
			first.Headers = append(first.Headers, h)
		}
	}
	first.Template.Headers = first.Headers
	return nil
}
