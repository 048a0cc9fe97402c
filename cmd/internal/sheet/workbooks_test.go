package sheet

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/xuri/excelize/v2"
)

// number is a cell's value that is written as the number it shows, as a spreadsheet does that lost its last digits.
type number float64

// The made-up workbooks among the samples, row by row.
var workbooks = map[string][][]any{
	"jio-templates.xlsx": {
		{"HEADER", "TEMPLATE_ID", "TEMPLATE_NAME", "TEMPLATE_CONTENT", "VARIABLE_COUNT", "Template Type", "Provider", "Status"},
		{"MEGHNA", "1277178845678945678", "Made-up Meghna Gas OTP",
			"{#num#} is your Meghna Gas login code.<br/>\n  It is valid for {#num#} minutes.<br/>\n  -MEGHNA", number(2), "TEXT", "JIO", "Approved"},
		{"MEGHNA", "1277178845678945786", "Made-up Meghna Gas refill", "Meghna Gas: refill {#alp#} is booked for {#alp#}.<br/>Track: {#urg#} -MEGHNA",
			number(3), "TEXT", "JIO", "Approved"},
		{"MEGHNA", "1207161234567823456", "Made-up Meghna Gas subsidy Hindi", "Meghna Gas: आपके खाते में Rs {#var#} की सब्सिडी {#var#} को भेजी गई। -MEGHNA",
			number(3), "UNICODE", "JIO", "Approved"},
		{"MEGH", "1207161234567823564", "Made-up Meghna Gas survey", "Dear {#name#}, tell Meghna Gas how we did: {#url#} -MEGH", number(2), "TEXT",
			"Made-up Hub", "Pending"},
	},
	"msg91-ctas.xlsx": {
		{"CTA Name", "CTA Type", "CTA Sub-Type", "CTA Input"},
		{"Made-up Indus Mart orders", "URL", "Dynamic", "https://www.indusmart.example/track?"},
		{"Made-up Indus Mart terms", "URL", "Static", "https://www.indusmart.example/terms"},
		{"Made-up Indus Mart short links", "URL", "Short", "indm.example"},
		{"Made-up Indus Mart app", "URL", "APK", "https://www.indusmart.example/indusmart.apk"},
		{"Made-up Indus Mart care", "Number", "Toll Free", number(18001234567)},
		{"Made-up Indus Mart mail", "Email", "", "care@indusmart.example"},
	},
	"rounded-templates.xlsx": {
		{"ENTITY_ID", "HEADER", "TEMPLATE_ID", "TEMPLATE_NAME", "TEMPLATE_CONTENT", "VALID_TO"},
		{number(1201159123456712345), "MEGHNA", "1207161234567823672", "Made-up, the entity id as a number", "Meghna Gas is closed today. -MEGHNA", nil},
		{"1201159123456712345", "MEGHNA", number(1207161234567823780), "Made-up, the template id as a number", "Meghna Gas opens at 9. -MEGHNA", nil},
		{"1201159123456712345", "MEGHNA", "1.20716E+18", "Made-up, the template id as shown", "Meghna Gas opens at 10. -MEGHNA", nil},
		{"1201159123456712345", "MEGHNA", "1207161234567820000", "Made-up, the template id rounded", "Meghna Gas opens at 11. -MEGHNA", nil},
		{number(110100001234), "KAVERI", "1107161234567823898", "Made-up, an old id survives as a number", "Kaveri Bank is closed today. -KAVERI",
			number(46387)}, // 31 December 2026
	},
}

// writeWorkbooks writes the sample workbooks anew, the same bytes each time.
func writeWorkbooks(t *testing.T) {
	for name, rows := range workbooks {
		write(t, filepath.Join(exports, name), rows)
	}
}

// write writes a workbook of one sheet.
func write(t *testing.T, path string, rows [][]any) {
	t.Helper()
	book := excelize.NewFile()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(book.SetDocProps(&excelize.DocProperties{Creator: "Harkara", Description: "Made up, registered nowhere",
		Created: "2026-11-22T00:00:00Z", Modified: "2026-11-22T00:00:00Z"}))
	for i, row := range rows {
		for j, v := range row {
			cell, err := excelize.CoordinatesToCellName(j+1, i+1)
			must(err)
			switch v := v.(type) {
			case nil:
			case number:
				must(book.SetCellFloat("Sheet1", cell, float64(v), -1, 64))
			default:
				must(book.SetCellValue("Sheet1", cell, v))
			}
		}
	}
	must(book.SaveAs(path))
	must(os.Chmod(path, 0o644))
	must(book.Close())
}
