package dlt

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// sniffed is how many bytes of a file are looked at to tell what it is.
const sniffed = 512

// saveUTF8 is what to do with a file whose characters are not read.
const saveUTF8 = "save it as \"CSV UTF-8\""

// signatures are what files begin with that are often given in place of CSV.
var signatures = []struct{ begins, fault string }{
	{"\xff\xfe", "the file is UTF-16: " + saveUTF8},
	{"\xfe\xff", "the file is UTF-16: " + saveUTF8},
	{"PK\x03\x04", "the file is a workbook (XLSX): " + saveUTF8},
	{"\xff\xd8\xff", "not a CSV or XLSX: it looks like a picture (JPEG)"},
	{"\x89PNG", "not a CSV or XLSX: it looks like a picture (PNG)"},
	{"%PDF-", "not a CSV or XLSX: it looks like a document (PDF)"},
}

// checkFile refuses a file that is not CSV as its first bytes show, or one that is separated by something else than
// commas, and says what to save it as. head is without a UTF-8 byte order mark.
func checkFile(head []byte) error {
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.begins)) {
			return errors.New(s.fault)
		}
	}
	if isWide(head) {
		return errors.New("the file looks like UTF-16: " + saveUTF8)
	}
	first, _, _ := bytes.Cut(bytes.TrimLeft(head, "\r\n"), []byte("\n"))
	isControl := func(c rune) bool { return c < ' ' && c != '\t' && c != '\r' || c == 0x7f }
	if bytes.ContainsFunc(first, isControl) {
		return errors.New("not a CSV or XLSX: it is not text")
	}
	return checkSeparator(string(first))
}

// isWide says whether every second byte is NUL, and none of the others: UTF-16 without a byte order mark.
func isWide(head []byte) bool {
	var nuls [2]int
	head = head[:len(head)&^1]
	for i, b := range head {
		if b == 0 {
			nuls[i%2]++
		}
	}
	half := len(head) / 2
	return half > 0 && (nuls == [2]int{0, half} || nuls == [2]int{half, 0})
}

// checkSeparator refuses a heading without a comma that has known columns between semicolons or tabs.
func checkSeparator(first string) error {
	if strings.Contains(first, ",") {
		return nil
	}
	for _, s := range []struct{ sep, name string }{{";", "semicolons"}, {"\t", "tabs"}} {
		if countKnown(strings.Split(first, s.sep), Aliases{}) > 1 {
			return fmt.Errorf("the columns are separated by %s: save the file with commas between them", s.name)
		}
	}
	return nil
}
