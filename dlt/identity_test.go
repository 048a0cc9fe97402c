package dlt

import (
	"strings"
	"testing"
)

func TestParseEntityID(t *testing.T) {
	tests := []struct{ in, fault string }{
		{"1101123456789012345", ""},
		{"110100001483", ""}, // the older form
		{"", "is empty"},
		{"11010000148", "has 11 digits"},
		{"1101123456789", "has 13 digits"},
		{"110112345678901234", "has 18 digits"},
		{"11011234567890123456", "has 20 digits"},
		{"2101123456789012345", "does not begin with 1"},
		{"1.10112E+18", "turned into a number by a spreadsheet"},
		{"1,10112E+18", "turned into a number by a spreadsheet"},
		{"1e18", "turned into a number by a spreadsheet"},
		{"1101123456789012345.0", "turned into a number by a spreadsheet"},
		{"1101123456789010000", ""}, // one in ten thousand ends so: only an import asks
		{"110112345678901000x", "is not digits only"},
		{"'1101123456789012345", "is not digits only"},
		{" 1101123456789012345", "is not digits only"},
		{"११०११२३४५६७८", "is not digits only"},
		{"e", "is not digits only"},
		{"110100000000", ""}, // twelve digits are not rounded
		{"1705123456789012345", ""},
		{"1310123456789012345", ""}, // type digits that tell nothing
		{"1107161234567890123", "is a template's id (type digits 07)"},
		{"1177100200300400947", "is a template's id (type digits 77)"},
		{"1102592013746580291", "is a telemarketer's id (type digits 02)"},
		{"110259201374", ""}, // twelve digits do not tell
	}
	for _, tt := range tests {
		id, err := ParseEntityID(tt.in)
		checkParse(t, tt.in, string(id), err, tt.fault)
	}
}

func TestParseTemplateID(t *testing.T) {
	tests := []struct{ in, fault string }{
		{"1107161234567890123", ""},
		{"1177100200300400947", ""}, // the type since mid-2026
		{"110716123456", ""},
		{"11071612345", "has 11 digits"},
		{"11071612345678901234", "has 20 digits"},
		{"1.10716E+18", "turned into a number by a spreadsheet"},
		{"1107161234567890000", ""},
		{"0107161234567890123", "does not begin with 1"},
		{"1199161234567890123", ""},
		{"1101481029384756102", "is an entity's id (type digits 01): look for columns or settings that were swapped"},
		{"1705481029384756102", "is an entity's id (type digits 05)"},
		{"1102592013746580291", "is a telemarketer's id (type digits 02)"},
		{"110148102938", ""},
	}
	for _, tt := range tests {
		id, err := ParseTemplateID(tt.in)
		checkParse(t, tt.in, string(id), err, tt.fault)
	}
}

func TestParseTelemarketerID(t *testing.T) {
	tests := []struct{ in, fault string }{
		{"1102592013746580291", ""},
		{"1101172974420830004", ""}, // as in the manual on the hash
		{"110200001000", ""},
		{"1001096933494158", ""},
		{"100109693349415", "has 15 digits"},
		{"10010969334941589", "has 17 digits"},
		{"1001096933490000", ""},
		{"1.10259E+18", "telemarketer id \"1.10259E+18\" was turned into a number"},
		{"1107161234567890123", "is a template's id (type digits 07)"},
		{"", "the telemarketer id is empty"},
	}
	for _, tt := range tests {
		id, err := ParseTelemarketerID(tt.in)
		checkParse(t, tt.in, string(id), err, tt.fault)
	}
}

func TestSwappedID(t *testing.T) {
	const entity, telemarketer = "1101481029384756102", "1102592013746580291"
	const template, newer = "1107161234567890123", "1177100200300400947"
	tests := []struct {
		wanted   Kind
		id, want string
	}{
		{KindEntity, entity, ""},
		{KindEntity, template, "a template's id (type digits 07)"},
		{KindEntity, newer, "a template's id (type digits 77)"},
		{KindEntity, telemarketer, "a telemarketer's id (type digits 02)"},
		{KindTemplate, template, ""},
		{KindTemplate, newer, ""},
		{KindTemplate, entity, "an entity's id (type digits 01)"},
		{KindTemplate, telemarketer, "a telemarketer's id (type digits 02)"},
		{KindChain, telemarketer, ""},
		{KindChain, entity, ""},
		{KindChain, template, "a template's id (type digits 07)"},
		{KindEntity, "1107161234", ""}, // too short to tell
		{KindEntity, "", ""},
		{KindEntity, "1142161234567890123", ""},
	}
	for _, tt := range tests {
		if got := SwappedID(tt.wanted, tt.id); got != tt.want {
			t.Errorf("%s in a place for %s: %q, want %q", tt.id, tt.wanted, got, tt.want)
		}
	}
}

func TestParseHeader(t *testing.T) {
	tests := []struct{ in, fault string }{
		{"ACMEBK", ""},
		{"AcmeBk", ""}, // another header than the one above
		{"MAIK", ""},
		{"ABC", ""},
		{"612345", ""},
		{"", "is not 3 to 6 letters or 6 digits"},
		{"AB", "is not 3 to 6 letters or 6 digits"},
		{"ACMEBNK", "is not 3 to 6 letters or 6 digits"},
		{"61234", "is not 3 to 6 letters or 6 digits"},
		{"6123456", "is not 3 to 6 letters or 6 digits"},
		{"ACME01", "is not 3 to 6 letters or 6 digits"},
		{"ACME B", "is not 3 to 6 letters or 6 digits"},
		{"ÀCMEBK", "is not 3 to 6 letters or 6 digits"},
		{"AX-ACMEBK-S", `carries the operator's prefix or suffix: write "ACMEBK"`},
		{"AX-ACMEBK", `write "ACMEBK"`},
		{"ACMEBK-T", `write "ACMEBK"`},
		{"JD-612345-P", `write "612345"`},
		{"JD-MAIK-g", `write "MAIK"`},
		{"VM-ABC-S", `write "ABC"`},
		{"A-B-C", "is not 3 to 6 letters or 6 digits"},
		{"AX-ACMEBK-X", "is not 3 to 6 letters or 6 digits"}, // no suffix of an operator's
		{"ACMEBK-ACMEIN", "is not 3 to 6 letters or 6 digits"},
		{"AX-", "is not 3 to 6 letters or 6 digits"},
		{"AX-S", "is not 3 to 6 letters or 6 digits"},
		{"-P", "is not 3 to 6 letters or 6 digits"},
	}
	for _, tt := range tests {
		h, err := ParseHeader(tt.in)
		checkParse(t, tt.in, string(h), err, tt.fault)
	}
}

// checkParse asks that in came through unchanged, or was refused for the fault and left nothing.
func checkParse(t *testing.T, in, got string, err error, fault string) {
	t.Helper()
	switch {
	case fault == "" && (err != nil || got != in):
		t.Errorf("%q: got %q, %v; want it unchanged", in, got, err)
	case fault != "" && (err == nil || !strings.Contains(err.Error(), fault) || got != ""):
		t.Errorf("%q: got %q, error %v; want an error with %q", in, got, err, fault)
	}
}
