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
	code, stdout, stderr := harkara(t, "demo", "--messages", "40", "--rate", "0", "--exit", "--json")
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
	if len(out) != 16 || !strings.Contains(stderr, "final 40 of 40\n") {
		t.Errorf("%d fields; stderr\n%s", len(out), stderr)
	}
}
