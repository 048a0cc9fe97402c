package sheet

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"harkara/dlt"
)

func rowsOf(t *testing.T, path string) (rows []dlt.SourceRow) {
	t.Helper()
	for row, err := range open(t, path).Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func TestCSVFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "export.xlsx") // the name says nothing
	text := []byte("\xef\xbb\xbfA,B\n1,\"x\r\ny\"\n")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	want := []dlt.SourceRow{{Line: 1, Cells: []dlt.Cell{{Text: "A"}, {Text: "B"}}}, {Line: 2, Cells: []dlt.Cell{{Text: "1"}, {Text: "x\r\ny"}}}}
	if got := rowsOf(t, path); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if sum := sha256.Sum256(text); string(open(t, path).Digest()) != string(sum[:]) {
		t.Error("the digest is not the file's SHA-256")
	}
}

// Rows keep their numbers, texts their breaks, and what is stored as a number says so, formatted or not.
func TestBook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "export.xlsx")
	book := excelize.NewFile()
	long, err := book.NewStyle(&excelize.Style{NumFmt: 1})
	if err != nil {
		t.Fatal(err)
	}
	// _x000D_ is how workbooks write a carriage return (ECMA-376, ST_Xstring).
	_, sheetErr := book.NewSheet("Made up")
	err = errors.Join(sheetErr,
		book.SetSheetRow("Made up", "A2", &[]any{"ID", "TEXT", "WHEN", "LAST"}),
		book.SetSheetRow("Made up", "A4", &[]any{"1107161234567890123", "a_x000D_\nb <br/> & \u0905\t ", 46387, "x"}),
		book.SetSheetRow("Made up", "A5", &[]any{1107161234567890123, 12.5, "46387"}),
		book.SetCellFloat("Made up", "A6", 1.10716123456789e18, -1, 64), book.SetCellStyle("Made up", "A5", "A6", long),
		book.SetCellBool("Made up", "B6", true), book.SetCellValue("Made up", "E7", ""), book.SaveAs(path), book.Close())
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string) dlt.Cell { return dlt.Cell{Text: s} }
	number := func(s string) dlt.Cell { return dlt.Cell{Text: s, Number: true} }
	want := []dlt.SourceRow{
		{Line: 2, Cells: []dlt.Cell{text("ID"), text("TEXT"), text("WHEN"), text("LAST")}},
		{Line: 4, Cells: []dlt.Cell{text("1107161234567890123"), text("a\r\nb <br/> & \u0905\t "), number("46387"), text("x")}},
		{Line: 5, Cells: []dlt.Cell{number("1107161234567890123"), number("12.5"), text("46387"), text("")}},
		{Line: 6, Cells: []dlt.Cell{number("1107161234567890000"), text("1"), text(""), text("")}},
	}
	if got := rowsOf(t, path); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
}

// Rows and cells need not say where they are; text of any kind is no number.
func TestScanNumbers(t *testing.T) {
	in := `<worksheet><sheetData><row><c><v>1</v></c><c t="s"><v>2</v></c><c t="n"><v>3</v></c></row>` +
		`<row r="4"><c r="C4"><f>A1</f><v>4</v></c><c><v>5</v></c><c t="str"><v>6</v></c><c r="F4"/></row>` +
		`<row><c t="inlineStr"><is><t>7</t></is></c><c t="b"><v>1</v></c><c><v>8</v></c></row></sheetData></worksheet>`
	want := map[position]bool{{1, 1}: true, {1, 3}: true, {4, 3}: true, {4, 4}: true, {5, 3}: true}
	if got, err := scanNumbers(xml.NewDecoder(strings.NewReader(in))); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if _, err := scanNumbers(xml.NewDecoder(strings.NewReader(in[:60]))); err == nil {
		t.Error("half a sheet is read without an error")
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"old workbook", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as .xlsx"},
		{"not a workbook", "PK\x03\x04 and then nothing", "save it anew"},
		{"nothing there", "", "no such file"},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "export")
		if tt.in != "" {
			if err := os.WriteFile(path, []byte(tt.in), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
	for in, want := range map[string]string{"\xff\xfeA\x00": "UTF-16", "\xff\xd8\xff\xe0\x00\x10JFIF": "a picture (JPEG)"} {
		path := filepath.Join(t.TempDir(), "export.xlsx")
		if err := os.WriteFile(path, []byte(in), 0o600); err != nil {
			t.Fatal(err)
		}
		imp, err := dlt.Read(dlt.KindTemplate, open(t, path).Rows(), dlt.Defaults{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v", in, imp, err)
		}
	}
}

// Of a workbook too it is said where the heading stands, in the spreadsheet's numbers, and that it has no rows.
func TestBookWithTitle(t *testing.T) {
	heading := []any{"ENTITY_ID", "ENTITY_NAME", "STATUS"}
	tests := []struct {
		rows [][]any
		want string
	}{
		{[][]any{{"Made-up entities"}, {}, heading, {"1101000000000000011", "Made-up Bank", "Active"}}, "stand on line 3: remove"},
		{[][]any{heading}, "has a heading and no rows"},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "export.xlsx")
		write(t, path, tt.rows)
		imp, err := dlt.Read(dlt.KindEntity, open(t, path).Rows(), dlt.Defaults{})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v, %v; want %q", imp, err, tt.want)
		}
	}
}

// A workbook that says it unfolds to more than an export can have is not unfolded.
func TestOpenRefusesBombs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "export.xlsx")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	parts := zip.NewWriter(file)
	_, err = parts.CreateRaw(&zip.FileHeader{Name: "xl/worksheets/sheet1.xml", Method: zip.Deflate, UncompressedSize64: maxUnzipped + 1})
	if err := errors.Join(err, parts.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("got %v, want the limit", err)
	}
}

// A workbook without a filled cell has no rows; the reader of the register then says that the file is empty.
func TestEmptyBook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "export.xlsx")
	write(t, path, nil)
	if rows := rowsOf(t, path); rows != nil {
		t.Errorf("got %+v", rows)
	}
}
