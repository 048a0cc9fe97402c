package dlt

import (
	"testing"
	"time"
)

func TestCheckHours(t *testing.T) {
	usual, night, whole, none := RulesOf(""), Rules{PromoFrom: 22 * time.Hour, PromoUntil: 90 * time.Minute},
		Rules{PromoUntil: 24 * time.Hour}, Rules{}
	tests := []struct {
		rules Rules
		cat   Category
		at    string
		want  string // the detail; empty where it may go out
	}{
		{usual, Promotional, "2026-11-22T09:59:59.999999999+05:30", "promotional messages go out from 10:00 to 21:00 IST"},
		{usual, Promotional, "2026-11-22T10:00:00+05:30", ""},
		{usual, Promotional, "2026-11-22T20:59:59.999999999+05:30", ""},
		{usual, Promotional, "2026-11-22T21:00:00+05:30", "promotional messages go out from 10:00 to 21:00 IST"},
		{usual, Promotional, "2026-11-22T00:00:00+05:30", "promotional messages go out from 10:00 to 21:00 IST"},
		{usual, Promotional, "2026-11-22T04:30:00Z", ""}, // the same as 10:00 IST
		{usual, Promotional, "2026-11-22T04:29:59Z", "promotional messages go out from 10:00 to 21:00 IST"},
		{usual, Promotional, "2026-11-22T15:30:00Z", "promotional messages go out from 10:00 to 21:00 IST"},
		{usual, Transactional, "2026-11-22T03:00:00+05:30", ""},
		{usual, ServiceImplicit, "2026-11-22T03:00:00+05:30", ""},
		{usual, ServiceExplicit, "2026-11-22T03:00:00+05:30", ""},
		{usual, Government, "2026-11-22T03:00:00+05:30", ""},
		{night, Promotional, "2026-11-22T21:59:59+05:30", "promotional messages go out from 22:00 to 01:30 IST"},
		{night, Promotional, "2026-11-22T22:00:00+05:30", ""},
		{night, Promotional, "2026-11-23T00:00:00+05:30", ""},
		{night, Promotional, "2026-11-23T01:29:59.999999999+05:30", ""},
		{night, Promotional, "2026-11-23T01:30:00+05:30", "promotional messages go out from 22:00 to 01:30 IST"},
		{whole, Promotional, "2026-11-22T00:00:00+05:30", ""},
		{whole, Promotional, "2026-11-22T23:59:59.999999999+05:30", ""},
		{none, Promotional, "2026-11-22T00:00:00+05:30", "promotional messages go out from 00:00 to 00:00 IST"},
		{none, Promotional, "2026-11-22T12:00:00+05:30", "promotional messages go out from 00:00 to 00:00 IST"},
		{none, Transactional, "2026-11-22T12:00:00+05:30", ""},
	}
	for _, tt := range tests {
		at, err := time.Parse(time.RFC3339Nano, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		v, got := tt.rules.CheckHours(tt.cat, at), ""
		if v != nil {
			got = v.Detail
		}
		if got != tt.want || v != nil && v.Reason != OutsideHours {
			t.Errorf("%s at %s: %v, want %q", tt.cat, tt.at, v, tt.want)
		}
	}
}

func TestMaxLen(t *testing.T) {
	tests := []struct {
		op                                  Operator
		untyped, numeric, alphanumeric, url int
	}{
		{"", 30, 40, 40, 120},
		{Airtel, 30, 40, 40, 120},
		{Jio, 30, 30, 40, 120},
		{SmartPing, 30, 30, 30, 120},
	}
	for _, tt := range tests {
		r := RulesOf(tt.op)
		want := map[VarType]int{Untyped: tt.untyped, Unknown: tt.untyped, Numeric: tt.numeric, Alphanumeric: tt.alphanumeric,
			Email: tt.alphanumeric, CBN: tt.alphanumeric, URL: tt.url, URLOTT: tt.url}
		for typ, want := range want {
			if got := r.MaxLen(typ); got != want {
				t.Errorf("%s, %s: %d, want %d", tt.op, typ, got, want)
			}
		}
	}
}

func TestParseNewline(t *testing.T) {
	for _, n := range []Newline{AsStored, LF, CRLF} {
		if got, err := ParseNewline(string(n)); got != n || err != nil {
			t.Errorf("%q: %q, %v", n, got, err)
		}
	}
	for _, s := range []string{"", "CRLF", "cr"} {
		if got, err := ParseNewline(s); err == nil || got != "" {
			t.Errorf("%q: %q, want an error", s, got)
		}
	}
}

func TestViolationError(t *testing.T) {
	if got := (&Violation{Reason: TextMismatch, Detail: "expected a dot"}).Error(); got != "text_mismatch: expected a dot" {
		t.Errorf("got %q", got)
	}
}
