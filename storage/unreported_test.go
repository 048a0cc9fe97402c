package storage

import (
	"slices"
	"testing"
	"time"

	"harkara/smpp/sms"
)

func TestUnreportedMessagesAreFound(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	for _, h := range []*history{
		newHistory(1).planned(1, "a", 1, 1).submitted(1, "a", 1),
		newHistory(2).planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Delivered),
		newHistory(3).planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Submitted),
		newHistory(4).planned(1, "b", 1, 1).submitted(1, "b", 1),
		newHistory(5).planned(1, "a", 1, 1),
		newHistory(6).planned(1, "a", 1, 1).ended("in_doubt", 1, "a", true, 1),
		newHistory(7).planned(1, "a", 1, 1).ended("in_doubt", 1, "a", false, 1).planned(2, "b", 1, 1).submitted(2, "b", 1),
	} {
		for _, e := range h.events { // each in a batch of its own, so that there are transitions and answers
			b.append(t, e)
		}
	}
	late := newHistory(8)
	late.at = testStart.Add(2 * time.Hour)
	b.append(t, late.planned(1, "a", 1, 1).submitted(1, "a", 1).events...)
	cfg := b.config()
	cfg.MaxEvents = 1
	b.project(t, cfg)
	for _, c := range []struct {
		smsc   sms.SMSCID
		before time.Time
		limit  int
		want   []sms.Key
	}{
		{"a", testStart.Add(time.Hour), 10, []sms.Key{testKey(1), testKey(3)}},
		{"a", testStart.Add(time.Hour), 1, []sms.Key{testKey(1)}},
		{"b", testStart.Add(time.Hour), 10, []sms.Key{testKey(4), testKey(7)}},
		{"a", testStart.Add(3 * time.Hour), 10, []sms.Key{testKey(1), testKey(3), testKey(8)}},
		{"a", testStart.Add(time.Second), 10, nil},
		{"a", testStart.AddDate(0, 1, 0), 10, []sms.Key{testKey(1), testKey(3), testKey(8)}}, // a gateway was off for long
		{"c", testStart.Add(time.Hour), 10, nil},
	} {
		got, err := Unreported(t.Context(), b.db, c.smsc, c.before, c.limit)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %v, %v", c, got, err)
		}
	}
	b.append(t, newHistory(1).unreported().events...)
	b.append(t, newHistory(3).unreported().events...)
	b.project(t, cfg)
	if got, err := Unreported(t.Context(), b.db, "a", testStart.Add(time.Hour), 10); err != nil || got != nil {
		t.Errorf("asked again: %v, %v", got, err)
	}
	if got := query(t, b.db, `SELECT state, error_reason FROM harkara.v_message WHERE id IN ('order-1', 'order-3')`); !slices.Equal(got, []string{"unreported|unreported", "unreported|unreported"}) {
		t.Errorf("states %v", got)
	}
	have, want := b.tallies(t)
	sameLines(t, "tallies", have, want)
}
