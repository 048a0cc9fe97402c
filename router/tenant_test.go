package router

import (
	"testing"
	"time"
)

func TestDaily(t *testing.T) {
	at := func(s string) time.Time {
		when, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	d := NewDaily(3)
	d.Seed(at("2026-11-22T09:00:00+05:30"), 1)
	steps := []struct {
		at   string
		want bool
	}{
		{"2026-11-22T10:00:00+05:30", true},
		{"2026-11-22T10:00:00Z", true},
		{"2026-11-22T10:00:01Z", false},
		{"2026-11-22T18:29:59Z", false}, // 23:59:59 IST
		{"2026-11-22T18:30:00Z", true},  // a new day in India
		{"2026-11-22T10:00:00Z", true},  // the clock was put back: the new day counts on
		{"2026-11-22T18:30:01Z", true},
		{"2026-11-22T18:30:02Z", false},
		{"2026-12-01T00:00:00Z", true},
	}
	for i, s := range steps {
		if got := d.Allow(at(s.at)); got != s.want {
			t.Errorf("step %d at %s: %v, want %v", i+1, s.at, got, s.want)
		}
	}
}

func TestDailyEdges(t *testing.T) {
	unlimited := NewDaily(0)
	for range 1000 {
		if !unlimited.Allow(noon) {
			t.Fatal("a tenant without a limit was refused")
		}
	}
	full := NewDaily(5)
	full.Seed(noon, 7)
	if full.Allow(noon) {
		t.Error("allowed over the limit that the books had reached")
	}
	full.Seed(noon.AddDate(0, 0, -1), 5) // yesterday's books, read late
	if !full.Allow(noon.AddDate(0, 0, 1)) {
		t.Error("refused on a new day")
	}
	late := NewDaily(2)
	late.Allow(noon)
	late.Seed(noon.AddDate(0, 0, -1), 1)
	if !late.Allow(noon) || late.Allow(noon) {
		t.Error("yesterday's books counted today")
	}
}
