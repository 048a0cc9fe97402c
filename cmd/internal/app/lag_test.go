package app

import (
	"testing"
	"time"

	"harkara/storage/ledger"
)

func TestLag(t *testing.T) {
	start := time.Date(2026, 11, 22, 6, 30, 0, 0, time.UTC)
	var l lag
	for _, step := range []struct {
		second         int
		end, projected ledger.Position
		want           time.Duration
	}{
		{0, 10, 10, 0},
		{1, 12, 10, 0}, // it has waited for less than a look
		{2, 15, 10, time.Second},
		{3, 15, 12, time.Second}, // what came between the looks at 1 and 2 waits
		{4, 15, 14, 2 * time.Second},
		{5, 15, 15, 0},
		{3600, 16, 15, 0}, // an idle hour is no lag
		{3605, 16, 15, 5 * time.Second},
		{3606, 20, 16, 0},
		{3607, 20, 16, time.Second},
	} {
		now := start.Add(time.Duration(step.second) * time.Second)
		l.note(now, step.end, step.projected)
		if got := l.behind(now); got != step.want {
			t.Errorf("second %d: behind %v, want %v", step.second, got, step.want)
		}
	}
}
