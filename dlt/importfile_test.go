package dlt

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

// wide is the text as UTF-16 without a byte order mark.
func wide(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, c := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, c)
	}
	return string(b)
}

// What is no CSV is called what it is; nothing of it stands in the error.
func TestReadTellsFiles(t *testing.T) {
	const row = "1101000000000000011,ACMEBK,1107000000000000001,Login OTP,x,SI\n"
	tests := []struct{ name, in, want string }{
		{"JPEG", "\xff\xd8\xff\xe0\x00\x10JFIF", "not a CSV or XLSX: it looks like a picture (JPEG)"},
		{"PNG", "\x89PNG\r\n\x1a\n\x00\x00", "not a CSV or XLSX: it looks like a picture (PNG)"},
		{"PDF", "%PDF-1.7\n", "not a CSV or XLSX: it looks like a document (PDF)"},
		{"NUL", "ENTITY_ID\x00,HEADER\n" + row, "not a CSV or XLSX: it is not text"},
		{"NULs alone", "\x00\x00\x00\x00", "not a CSV or XLSX: it is not text"},
		{"control character", "\n\x1f\x8b\"\n" + row, "not a CSV or XLSX: it is not text"},
		{"UTF-16 marked", "\xff\xfe" + wide(binary.LittleEndian, heading+row), "the file is UTF-16: save it as \"CSV UTF-8\""},
		{"UTF-16LE", wide(binary.LittleEndian, heading+row), "looks like UTF-16: save it as \"CSV UTF-8\""},
		{"UTF-16BE", wide(binary.BigEndian, heading+row), "looks like UTF-16: save it as \"CSV UTF-8\""},
		{"UTF-16 cut within a character", wide(binary.LittleEndian, "ENTITY_ID") + "x", "looks like UTF-16"},
		{"semicolons", strings.ReplaceAll(heading+row, ",", ";"), "separated by semicolons: save the file with commas"},
		{"semicolons and quotes", "\xef\xbb\xbf\"PE ID\";\"Text, in full\"\n", "not closed properly"}, // a comma: not told
		{"quoted, with semicolons", "\xef\xbb\xbf\"PE ID\";\"Template ID\"\r\n", "separated by semicolons: save the file with commas"},
		{"tabs", strings.ReplaceAll(heading+row, ",", "\t"), "separated by tabs: save the file with commas"},
	}
	for _, tt := range tests {
		imp, err := Read(KindTemplate, CSV(strings.NewReader(tt.in)), Defaults{})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "missing") || imp != nil {
			t.Errorf("%s: %v, error %v; want %q", tt.name, imp, err, tt.want)
		}
	}
	// What stands in rows is not the file's: a text may hold any character.
	odd := "\ufeff" + heading + strings.Replace(row, ",x,", ",a;b\tc\vd\x00,", 1)
	if imp := read(t, KindTemplate, odd, Defaults{}); len(imp.Templates) != 1 || imp.Templates[0].Value.Content != "a;b\tc\vd\x00" {
		t.Errorf("odd characters in a text: %+v", imp)
	}
}
