package main

import (
	"bytes"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"harkara/storage"
	"harkara/storage/ledger"
)

// madeChallenges yields two made-up groups: one with all there is to show, one with nothing.
func madeChallenges() iter.Seq2[storage.OTPRow, error] {
	return func(yield func(storage.OTPRow, error) bool) {
		percent, p50, p95 := 72.5, 9.87, 61.2
		if yield(storage.OTPRow{Group: []string{"login", "2026-11-22T15:00:00+05:30"}, OTPCounts: storage.OTPCounts{Requested: 40, Sent: 44, Delivered: 41,
			Undelivered: 3, Resent: 2, FellBack: 4, Verified: 29, Failed: 6, Locked: 1, Expired: 7, Cancelled: 5, Blocked: 8, WouldBlock: 9},
			ConversionPercent: &percent, P50: &p50, P95: &p95}, nil) {
			yield(storage.OTPRow{Group: []string{"reset", "2026-11-22T16:00:00+05:30"}}, nil)
		}
	}
}

func TestWriteOTP(t *testing.T) {
	by := []string{"purpose", "hour"}
	for _, tt := range []struct {
		form reportFlags
		want string
	}{
		{reportFlags{format: "csv"}, `purpose,hour,requested,sent,delivered,undelivered,resent,fell_back,verified,failed,locked,expired,cancelled,blocked,would_block,conversion_%,p50_s,p95_s
login,2026-11-22T15:00:00+05:30,40,44,41,3,2,4,29,6,1,7,5,8,9,72.50,9.87,61.20
reset,2026-11-22T16:00:00+05:30,0,0,0,0,0,0,0,0,0,0,0,0,0,,,
`},
		{reportFlags{format: "json", utc: true}, `{"blocked":8,"cancelled":5,"conversion_percent":72.5,"delivered":41,"expired":7,"failed":6,"fell_back":4,"hour":"2026-11-22T09:30:00Z","locked":1,"p50_s":9.87,"p95_s":61.2,"purpose":"login","requested":40,"resent":2,"sent":44,"undelivered":3,"verified":29,"would_block":9}
{"blocked":0,"cancelled":0,"conversion_percent":null,"delivered":0,"expired":0,"failed":0,"fell_back":0,"hour":"2026-11-22T10:30:00Z","locked":0,"p50_s":null,"p95_s":null,"purpose":"reset","requested":0,"resent":0,"sent":0,"undelivered":0,"verified":0,"would_block":0}
`},
	} {
		var out bytes.Buffer
		if err := tt.form.writeTo(&out, io.Discard, func(r *report) error { return writeOTP(r, by, madeChallenges()) }); err != nil || out.String() != tt.want {
			t.Errorf("%s, %v:\n got %s\nwant %s", tt.form.format, err, &out, tt.want)
		}
	}
}

func TestReportOTP(t *testing.T) {
	config := gateway(t)
	if out := must(t, "report", "otp", "--config", config, "--tenant", "acme", "--to", "2020-01-01", "--format", "csv"); !strings.HasPrefix(out, "tenant,purpose,requested,") ||
		strings.Count(out, "\n") != 1 {
		t.Errorf("%s", out)
	}
	if code, _, stderr := harkara(t, "report", "otp", "--config", config, "--by", "header"); code != 2 || !strings.Contains(stderr, "tenant, purpose, template, route, hour, day") {
		t.Errorf("exit status %d, %s", code, stderr)
	}
}

// The ledger's events of challenges in words, without the digits of a number.
func TestTailOfChallenges(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 11, 12, 0, time.UTC)
	for want, o := range map[string]ledger.OTP{
		"requested  tenant acme  login  challenge c1  template 1107": {Event: ledger.OTPRequested, Challenge: "c1", Template: "1107"},
		"failed  tenant acme  login  challenge c1  tries left: 0":    {Event: ledger.OTPFailed, Challenge: "c1"},
		"fell_back  tenant acme  login  challenge c1  by next  send 2": {Event: ledger.OTPFellBack, Challenge: "c1", Route: "next",
			Send: 2},
		"verified  tenant acme  login  challenge c1  on sim-a":                        {Event: ledger.OTPVerified, Challenge: "c1", SMSC: "sim-a"},
		"blocked  tenant acme  login  for 1m30s  number  dry run: it was let through": {Event: ledger.OTPBlocked, Retry: 90, Reason: "number", DryRun: true},
	} {
		o.Tenant, o.Purpose, o.ToLast4, o.Requested = "acme", "login", "5678", at
		var out bytes.Buffer
		if err := printEvent(&out, &ledger.Frame{Position: 7}, 1, &ledger.Event{Kind: ledger.OneTime, At: at, OTP: &o}, nil, nil); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != "7/1  2026-11-22T15:41:12.000+05:30  otp         "+want+"\n" {
			t.Errorf("got %swant %s", got, want)
		}
	}
}
