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
		{"1101123456789010000", "was rounded by a spreadsheet"},
		{"110112345678901000x", "is not digits only"},
		{"'1101123456789012345", "is not digits only"},
		{" 1101123456789012345", "is not digits only"},
		{"११०११२३४५६७८", "is not digits only"},
		{"e", "is not digits only"},
		{"110100000000", ""}, // twelve digits are not rounded
	}
	for _, tt := range tests {
		id, err := ParseEntityID(tt.in)
		checkParse(t, tt.in, string(id), err, tt.fault)
	}
}

func TestParseTemplateID(t *testing.T) {
	tests := []struct{ in, fault string }{
		{"1107161234567890123", ""},
		{"1177178791267832947", ""}, // the type since mid-2026
		{"110716123456", ""},
		{"11071612345", "has 11 digits"},
		{"11071612345678901234", "has 20 digits"},
		{"1.10716E+18", "turned into a number by a spreadsheet"},
		{"1107161234567890000", "was rounded by a spreadsheet"},
		{"0107161234567890123", "does not begin with 1"},
	}
	for _, tt := range tests {
		id, err := ParseTemplateID(tt.in)
		checkParse(t, tt.in, string(id), err, tt.fault)
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
		{"A-B-C", "is not 3 to 6 letters or 6 digits"},
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

func TestParseCategory(t *testing.T) {
	spellings := map[Category][]string{
		Transactional:   {"transactional", "Transactional", "TRANS", "DLT_TRANSACTIONAL", " Transactional ", "T"},
		ServiceImplicit: {"service_implicit", "Service Implicit", "SI", "service-implicit", "DLT_SERVICE_IMPLICT", "ServiceImplicit"},
		ServiceExplicit: {"service_explicit", "Service Explicit", "se"},
		Promotional:     {"promotional", "Promo", "P"},
		Government:      {"government", "Govt", "DLT_GOVT"},
	}
	for want, ins := range spellings {
		for _, in := range ins {
			if got, err := ParseCategory(in); got != want || err != nil {
				t.Errorf("ParseCategory(%q) = %q, %v; want %q", in, got, err, want)
			}
		}
	}
	for _, in := range []string{"", "S", "service", "OTP", "transactional promotional"} {
		if got, err := ParseCategory(in); err == nil || got != "" {
			t.Errorf("ParseCategory(%q) = %q, %v; want an error", in, got, err)
		}
	}
}
