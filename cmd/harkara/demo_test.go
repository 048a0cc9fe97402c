package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestDemo pins the JSON object of the contract on a small run.
func TestDemo(t *testing.T) {
	code, stdout, stderr := harkara(t, "demo", "--messages", "40", "--rate", "0", "--challenges", "40", "--exit", "--json")
	if code != 0 {
		t.Fatalf("exit status %d\n%s", code, stderr)
	}
	got := lines[map[string]json.RawMessage](t, stdout)
	if len(got) != 1 {
		t.Fatalf("stdout holds %d objects:\n%s", len(got), stdout)
	}
	out := got[0]
	for name, want := range map[string]string{"requested": "40", "submitted": "40", "delivered": "40", "undelivered": "0", "refused": "0",
		"rejected": "0", "lapsed": "0", "expired": "0", "in_doubt": "0", "unreported": "0", "unmatched_receipts": "0",
		"duplicate_submits": "0", "in_postgres": "40"} {
		if string(out[name]) != want {
			t.Errorf("%s is %s, want %s", name, out[name], want)
		}
	}
	var latency map[string]map[string]float64
	if err := json.Unmarshal(out["latency_ms"], &latency); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"publish_to_submit", "publish_to_delivered_status"} {
		l := latency[name]
		if keys := slices.Sorted(maps.Keys(l)); !slices.Equal(keys, []string{"max", "p50", "p99"}) || l["p50"] <= 0 || l["p50"] > l["p99"] || l["p99"] > l["max"] {
			t.Errorf("%s: %v", name, l)
		}
	}
	for _, name := range []string{"wall_s", "msgs_per_s"} {
		var v float64
		if err := json.Unmarshal(out[name], &v); err != nil || v <= 0 {
			t.Errorf("%s is %s", name, out[name])
		}
	}
	var challenges map[string]json.RawMessage
	if err := json.Unmarshal(out["otp"], &challenges); err != nil {
		t.Fatal(err)
	}
	// By people's manners: one of forty asks for a second text, two type wrongly once, one until locked, and so on.
	for name, want := range map[string]string{"requested": "40", "sent": "41", "delivered": "41", "resent": "1", "verified": "37", "failed": "5",
		"locked": "1", "expired": "0", "cancelled": "1", "open": "1", "in_postgres": "40", "conversion_pct": "92.5"} {
		if string(challenges[name]) != want {
			t.Errorf("otp.%s is %s, want %s", name, challenges[name], want)
		}
	}
	if len(out) != 17 || len(challenges) != 15 || !strings.Contains(stderr, "final 40 of 40\n") || !strings.Contains(stderr, "challenges 40 of 40\n") {
		t.Errorf("%d fields; stderr\n%s", len(out), stderr)
	}
}
