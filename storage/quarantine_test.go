package storage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// A release lifts the quarantine, stays in the history, and lets failures count that are planned after it only.
func TestRelease(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	n := 1
	for i := range 2 {
		n = b.tell(t, n, templateID(i), "TTTBBBT")
	}
	b.project(t, b.config())
	b.learn(t, 3)
	release := func(template dlt.TemplateID, smsc sms.SMSCID, want int) {
		t.Helper()
		if n, err := Release(t.Context(), b.x(), template, smsc, "priya"); n != want || err != nil {
			t.Errorf("released %d of %s at %q, %v; want %d", n, template, smsc, err, want)
		}
	}
	expect := func(version int64, want ...string) {
		t.Helper()
		open, v, err := Quarantine(t.Context(), b.x())
		var got []string
		for pair, since := range open {
			got = append(got, fmt.Sprint(pair.Template[18:], string(pair.SMSC)))
			if !since.Equal(testStart.Add(3 * time.Second)) {
				t.Errorf("%v since %v", pair, since)
			}
		}
		slices.Sort(got)
		if err != nil || v != version || !slices.Equal(got, want) {
			t.Errorf("%q, version %d, %v; want %q, %d", got, v, err, want, version)
		}
	}
	expect(2, "0a", "0b", "1a", "1b")
	release(templateID(2), "", 0)
	release(templateID(0), "c", 0)
	expect(2, "0a", "0b", "1a", "1b")
	release(templateID(0), "b", 1)
	expect(3, "0a", "1a", "1b")
	release(templateID(1), "", 2)
	release(templateID(1), "", 0)
	expect(4, "0a")

	// What was on its way at the time of the release does not count, what comes later does: made-up events are of the
	// testing year, long before the clock's or long after.
	for _, c := range []struct {
		released time.Time
		want     []string
	}{{testStart.Add(time.Hour), []string{"0a"}}, {testStart.Add(-time.Hour), []string{"0a", "1a"}}} {
		if _, err := b.db.Exec(`UPDATE harkara.quarantine SET released_at = $1 WHERE released_at IS NOT NULL`, c.released); err != nil {
			t.Fatal(err)
		}
		n = b.tell(t, n, templateID(1), "TTT")
		b.project(t, b.config())
		b.learn(t, 3)
		expect(int64(3+len(c.want)), c.want...)
	}
	rows, err := QuarantineRows(t.Context(), b.x())
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprint(r.Template[18:], r.SMSC, " ", r.Reason, " ", r.Code, " ", r.Failures, " ", r.ReleasedBy, " ",
			r.ReleasedAt != nil))
		if !strings.Contains(r.Detail, "inactive") || r.QuarantinedAt.Location() != time.UTC {
			t.Errorf("%+v", r)
		}
	}
	want := []string{"1a template_inactive 6T 3  false", "0a template_inactive 6T 3  false", "1b template_inactive 6B 3 priya true",
		"1a template_inactive 6T 3 priya true", "0b template_inactive 6B 3 priya true"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\n got %q\nwant %q", err, got, want)
	}
}

// Wherever the signals are cut into stretches, the runs are the same; and a pair goes into quarantine exactly where so
// many failures stand in a row.
func TestRunsFollow(t *testing.T) {
	reasons := []string{"template_inactive", "header_inactive", "template_not_matched", "cta_not_whitelisted"}
	pairs := []Pair{{"1", "a"}, {"1", "b"}, {"2", "a"}}
	rapid.Check(t, func(t *rapid.T) {
		after := rapid.IntRange(0, 4).Draw(t, "after")
		released := testStart.Add(time.Duration(rapid.IntRange(0, 10).Draw(t, "released")) * time.Second)
		var signals []signal
		for i, letter := range rapid.SliceOfN(rapid.IntRange(0, 5), 0, 40).Draw(t, "letters") {
			s := signal{pair: rapid.SampledFrom(pairs).Draw(t, "pair"), seen: fact(i), delivered: letter == 5, retryable: letter == 4,
				plannedAt: testStart.Add(time.Duration(i) * time.Second)}
			s.reason = reasons[letter%len(reasons)]
			signals = append(signals, s)
		}
		fresh := func() runs {
			all := runs{}
			for _, p := range pairs {
				all.know(p, 0, false, &released)
			}
			return all
		}
		whole, parts := fresh(), fresh()
		opened := whole.follow(signals, after)
		cut := rapid.IntRange(0, len(signals)).Draw(t, "cut")
		opened2 := append(parts.follow(signals[:cut], after), parts.follow(signals[cut:], after)...)
		if !slices.Equal(opened, opened2) {
			t.Fatalf("cut at %d: %v and %v", cut, opened, opened2)
		}
		for _, p := range pairs {
			if *whole[p] != *parts[p] {
				t.Fatalf("cut at %d: %v and %v", cut, whole[p], parts[p])
			}
			// The plain way: the letters of the pair as a text.
			var text strings.Builder
			for _, s := range signals {
				switch {
				case s.pair != p:
				case s.delivered:
					text.WriteByte('D')
				case !s.retryable && (s.reason == reasons[0] || s.reason == reasons[1]) && s.plannedAt.After(released):
					text.WriteByte('F')
				}
			}
			row := strings.Contains(text.String(), strings.Repeat("F", max(after, 1)))
			if whole[p].open != (row && after > 0) {
				t.Fatalf("%v after %d: %q, open %v", p, after, text.String(), whole[p].open)
			}
		}
	})
}
