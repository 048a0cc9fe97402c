package sheet

import (
	"archive/zip"
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// position is a cell's row and column, from 1.
type position struct{ row, column int }

// numbers returns where a sheet has numbers. excelize tells a cell's type only of a sheet that it holds whole, which of
// 100,000 rows takes 600 MB; this reads the sheet's XML once more.
func (f *File) numbers(sheet string) (map[position]bool, error) {
	info, err := f.file.Stat()
	if err != nil {
		return nil, err
	}
	parts, err := zip.NewReader(f.file, info.Size())
	if err != nil {
		return nil, err
	}
	name, err := sheetPart(parts, sheet)
	if err != nil {
		return nil, err
	}
	part, err := parts.Open(name)
	if err != nil {
		return nil, err
	}
	defer part.Close() // read only
	return scanNumbers(xml.NewDecoder(io.LimitReader(part, maxUnzipped)))
}

// sheetPart returns the name of the part that a sheet is in: the workbook names a relationship (ECMA-376, 18.2.19), and
// that the part.
func sheetPart(parts *zip.Reader, sheet string) (string, error) {
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"id,attr"` // in the namespace of relationships, of which there are two
		} `xml:"sheets>sheet"`
	}
	var links struct {
		Relationship []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		}
	}
	if err := decode(parts, "xl/workbook.xml", &book); err != nil {
		return "", err
	}
	if err := decode(parts, "xl/_rels/workbook.xml.rels", &links); err != nil {
		return "", err
	}
	for _, s := range book.Sheets {
		for _, l := range links.Relationship {
			if s.Name == sheet && s.ID == l.ID && strings.HasPrefix(l.Target, "/") {
				return l.Target[1:], nil
			} else if s.Name == sheet && s.ID == l.ID {
				return path.Join("xl", l.Target), nil
			}
		}
	}
	return "", fmt.Errorf("the workbook does not say where the sheet %q is", sheet)
}

func decode(parts *zip.Reader, name string, into any) error {
	part, err := parts.Open(name)
	if err != nil {
		return err
	}
	defer part.Close() // read only
	return xml.NewDecoder(io.LimitReader(part, maxUnzipped)).Decode(into)
}

// scanNumbers reads a sheet's XML. A cell with a value and without a type, or of type n, is a number (ECMA-376,
// 18.3.1.4); rows and cells may leave out where they are, and then follow the one before.
func scanNumbers(d *xml.Decoder) (map[position]bool, error) {
	found := map[position]bool{}
	var at position
	number := false
	for {
		token, err := d.RawToken()
		if err == io.EOF {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "row":
			at = position{at.row + 1, 0}
			if n, err := strconv.Atoi(attribute(start, "r")); err == nil {
				at.row = n
			}
		case "c":
			at.column++
			if name := attribute(start, "r"); name != "" {
				if at.column, at.row, err = excelize.CellNameToCoordinates(name); err != nil {
					return nil, err
				}
			}
			kind := attribute(start, "t")
			number = kind == "" || kind == "n"
		case "v":
			if number {
				found[at] = true
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
