package dlt

import (
	"testing"
	"time"
)

// The ids are sample ids of the manual "PE TM Chain Hash Generation" (BSNL).
func TestChainValue(t *testing.T) {
	const pe, af, af2, df = "1101172974420810001", "1101172974420820002", "1101172974420820003", "1101172974420830004"
	tests := []struct {
		mode ChainMode
		ids  []string
		want string
	}{
		{ChainHash, []string{pe, df}, "c0c951afca257c5b87c3da535c09112080483f35b7e6faf35e2428b3b526b694"},
		{ChainHash, []string{pe, af, df}, "ba38bbe4ab3780a70aad6071c006e720eed8efc1ff70b00691d3b6844e6497e2"},
		{ChainHash, []string{pe, af, af2, df}, "d3133e436040034d9e95932ea93a1f82c37e1d98803229f835d8f3124e77e07f"},
		{ChainHash, nil, ""},
		{ChainList, []string{pe, af, df}, pe + "," + af + "," + df},
		{ChainList, []string{pe}, pe},
		{ChainTMID, []string{pe, af, df}, df},
		{ChainTMID, []string{pe}, ""},
		{ChainNone, []string{pe, df}, ""},
	}
	for _, tt := range tests {
		if got := ChainValue(tt.mode, tt.ids); got != tt.want {
			t.Errorf("%s of %v = %q, want %q", tt.mode, tt.ids, got, tt.want)
		}
	}
}

func TestParseChainMode(t *testing.T) {
	for _, m := range []ChainMode{ChainNone, ChainTMID, ChainList, ChainHash} {
		if got, err := ParseChainMode(string(m)); got != m || err != nil {
			t.Errorf("%q: %q, %v", m, got, err)
		}
	}
	for _, s := range []string{"", "Hash", "sha256"} {
		if got, err := ParseChainMode(s); err == nil || got != "" {
			t.Errorf("%q: %q, want an error", s, got)
		}
	}
}

func TestCheckHours(t *testing.T) {
	tests := []struct {
		cat  Category
		at   string
		want bool // may go out
	}{
		{Promotional, "2026-11-22T09:59:59.999999999+05:30", false},
		{Promotional, "2026-11-22T10:00:00+05:30", true},
		{Promotional, "2026-11-22T20:59:59.999999999+05:30", true},
		{Promotional, "2026-11-22T21:00:00+05:30", false},
		{Promotional, "2026-11-22T00:00:00+05:30", false},
		{Promotional, "2026-11-22T04:30:00Z", true}, // the same as 10:00 IST
		{Promotional, "2026-11-22T04:29:59Z", false},
		{Promotional, "2026-11-22T15:30:00Z", false},
		{Transactional, "2026-11-22T03:00:00+05:30", true},
		{ServiceImplicit, "2026-11-22T03:00:00+05:30", true},
		{ServiceExplicit, "2026-11-22T03:00:00+05:30", true},
		{Government, "2026-11-22T03:00:00+05:30", true},
	}
	for _, tt := range tests {
		at, err := time.Parse(time.RFC3339Nano, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		v := CheckHours(tt.cat, at)
		if (v == nil) != tt.want || v != nil && v.Reason != OutsideHours {
			t.Errorf("%s at %s: %v, want allowed %v", tt.cat, tt.at, v, tt.want)
		}
	}
}

func TestViolationError(t *testing.T) {
	if got := (&Violation{Reason: TextMismatch, Detail: "expected a dot"}).Error(); got != "text_mismatch: expected a dot" {
		t.Errorf("got %q", got)
	}
}
