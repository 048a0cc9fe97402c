package dlt

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseStatus(t *testing.T) {
	spellings := map[Status][]string{
		"":          {"", " "},
		Active:      {"active", "Approved", "REGISTERED VIA AIRTEL", "registered via jio", "A", " Live "},
		Pending:     {"Pending", "In Progress", "under_review"},
		Inactive:    {"inactive", "I", "In-Active", "Expired", "Surrendered"},
		Suspended:   {"Suspended", "On Hold"},
		Rejected:    {"REJECTED", "R"},
		Blacklisted: {"blacklisted", "Blocked", "Black-listed"},
	}
	for want, ins := range spellings {
		for _, in := range ins {
			if got, err := ParseStatus(in); got != want || err != nil {
				t.Errorf("ParseStatus(%q) = %q, %v; want %q", in, got, err, want)
			}
		}
	}
	for _, in := range []string{"yes", "1", "active inactive"} {
		if got, err := ParseStatus(in); err == nil || got != "" {
			t.Errorf("ParseStatus(%q) = %q, %v; want an error", in, got, err)
		}
	}
}

func TestParseOperator(t *testing.T) {
	spellings := map[Operator][]string{
		"":        {"", " "},
		Airtel:    {"airtel", "AIRTEL", "Bharti Airtel", "REGISTERED VIA AIRTEL"},
		Vi:        {"vi", "VIL", "Vilpower", "Vodafone Idea"},
		Jio:       {"JIO", "Reliance Jio", "TrueConnect"},
		BSNL:      {"BSNL", "mtnl"},
		SmartPing: {"SmartPing", "STPL", "Videocon"},
	}
	for want, ins := range spellings {
		for _, in := range ins {
			if got, err := ParseOperator(in); got != want || err != nil {
				t.Errorf("ParseOperator(%q) = %q, %v; want %q", in, got, err, want)
			}
		}
	}
	if got, err := ParseOperator("nosuch"); err == nil || got != "" {
		t.Errorf("got %q, %v; want an error", got, err)
	}
}

func TestStandingFault(t *testing.T) {
	tests := []struct {
		s    Standing
		at   time.Time
		want string
	}{
		{Standing{Status: Active}, time.Time{}, ""},
		{Standing{}, november, "has no status"},
		{Standing{Status: Pending}, november, "is pending"},
		{Standing{Status: Rejected, From: december}, november, "is rejected"},
		{inNov, november.Add(-1), "is valid only from 2026-11-01 00:00 IST"},
		{inNov, november, ""},
		{inNov, december.Add(-1), ""},
		{inNov, december.UTC(), "was valid only until 2026-12-01 00:00 IST"},
	}
	for _, tt := range tests {
		if got := tt.s.Fault(tt.at); got != tt.want {
			t.Errorf("%+v at %s: %q, want %q", tt.s, tt.at, got, tt.want)
		}
	}
}

func TestStandingInForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		when := rapid.SampledFrom([]time.Time{{}, november, november.Add(1), december})
		s := Standing{Status: rapid.SampledFrom([]Status{Active, Suspended, ""}).Draw(t, "status"), From: when.Draw(t, "from"),
			To: when.Draw(t, "to")}
		at := when.Draw(t, "at")
		if s.InForce(at) != (s.Fault(at) == "") {
			t.Fatalf("%+v at %s: in force %v, fault %q", s, at, s.InForce(at), s.Fault(at))
		}
	})
}
