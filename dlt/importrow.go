package dlt

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// mapColumns finds our columns in the heading: name → index.
func mapColumns(heading []string, d Defaults) (map[string]int, error) {
	plain := strings.NewReplacer(" ", "", "_", "")
	at := map[string]int{}
	for i, cell := range heading {
		for _, col := range columns {
			if !strings.EqualFold(plain.Replace(strings.TrimSpace(cell)), plain.Replace(col)) {
				continue
			}
			if first, dup := at[col]; dup {
				return nil, fmt.Errorf("columns %d and %d are both %s: remove one", first+1, i+1, col)
			}
			at[col] = i
		}
	}
	var missing []string
	for _, col := range columns {
		_, found := at[col]
		if !found && !(col == colEntity && d.Entity != "") && !(col == colCategory && d.Category != "") {
			missing = append(missing, col)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("missing %s; the heading has %.400q", strings.Join(missing, ", "), strings.Join(heading, ", "))
	}
	return at, nil
}

// readRow checks the cells of one row, in the order of our columns; width is the heading's.
func readRow(cells []string, line, width int, at map[string]int, d Defaults) (ImportRow, *RefusedRow) {
	for len(cells) > width && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) != width {
		return ImportRow{}, &RefusedRow{Line: line, Reason: fmt.Sprintf(
			"it has %d cells, the heading has %d: put a text that holds commas or line breaks in double quotes", len(cells), width)}
	}
	cell := func(col string) string {
		if i, ok := at[col]; ok {
			return strings.TrimSpace(cells[i])
		}
		return ""
	}
	refused := func(col string, err error) (ImportRow, *RefusedRow) {
		return ImportRow{}, &RefusedRow{Line: line, Column: col, Reason: err.Error()}
	}
	entity, err := d.Entity, error(nil)
	if s := cell(colEntity); s != "" || entity == "" {
		if entity, err = ParseEntityID(s); err != nil {
			return refused(colEntity, err)
		}
	}
	headers, err := parseHeaders(cell(colHeader))
	if err != nil {
		return refused(colHeader, err)
	}
	id, err := ParseTemplateID(cell(colTemplate))
	if err != nil {
		return refused(colTemplate, err)
	}
	name := cell(colName)
	if !utf8.ValidString(name) {
		return refused(colName, errors.New("the name is not UTF-8: save the file as \"CSV UTF-8\""))
	}
	content := cells[at[colContent]]
	if _, err := ParseContent(content); err != nil {
		return refused(colContent, err)
	}
	category := d.Category
	if s := cell(colCategory); s != "" || category == "" {
		if category, err = ParseCategory(s); err != nil {
			return refused(colCategory, err)
		}
	}
	return ImportRow{Line: line, Entity: entity, Headers: headers, Template: Template{
		ID: id, Entity: entity, Name: name, Content: content, Category: category, Headers: headers, Active: true,
	}}, nil
}

// parseHeaders reads one or more headers separated by "|"; one that comes twice counts once.
func parseHeaders(s string) ([]Header, error) {
	var headers []Header
	for part := range strings.SplitSeq(s, "|") {
		h, err := ParseHeader(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		if !slices.Contains(headers, h) {
			headers = append(headers, h)
		}
	}
	return headers, nil
}
