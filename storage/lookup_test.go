package storage

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.append(t, newHistory(1).planned(1, "a", 2, 1, 2).ended(ledger.InDoubt, 1, "a", false, 1, 2).planned(2, "b", 2, 1, 2).events...)
	b.project(t, b.config())
	end := b.append(t, newHistory(2).planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Delivered).events...)
	b.append(t, newHistory(3).planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).events...)
	l := NewLookup(b.db)

	short, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := l.ByKey(short, testKey(2), end); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("before the projection got there: %v", err)
	}
	waited := make(chan Known, 1)
	go func() {
		k, err := l.ByKey(t.Context(), testKey(2), end)
		if err != nil {
			t.Error(err)
		}
		waited <- k
	}()
	b.project(t, b.config())
	delivered := Known{Found: true, Key: testKey(2), State: sms.Delivered, Final: true, SMSC: "a", Attempts: []KnownAttempt{
		{1, "a", []KnownSegment{{1, "accepted", true, "2-1-1"}}}}}
	if got := <-waited; !reflect.DeepEqual(got, delivered) {
		t.Errorf("got %+v", got)
	}
	for name, c := range map[string]struct {
		ask  func() (Known, error)
		want Known
	}{
		"by id":      {func() (Known, error) { return l.ByID(t.Context(), "acme", "order-2", end) }, delivered},
		"of another": {func() (Known, error) { return l.ByID(t.Context(), "other", "order-2", end) }, Known{}},
		"unknown":    {func() (Known, error) { return l.ByKey(t.Context(), testKey(99), end) }, Known{}},
		"open": {func() (Known, error) { return l.ByKey(t.Context(), testKey(1), end) }, Known{Found: true, Key: testKey(1), State: sms.Planned, PossibleDuplicate: true, SMSC: "b",
			Attempts: []KnownAttempt{{1, "a", []KnownSegment{{1, "in_doubt", false, ""}, {2, "in_doubt", false, ""}}}, {2, "b", []KnownSegment{{1, "planned", false, ""}, {2, "planned", false, ""}}}}}},
		"in doubt": {func() (Known, error) { return l.ByKey(t.Context(), testKey(3), end) }, Known{Found: true, Key: testKey(3), State: sms.InDoubt, Final: true, SMSC: "a",
			Attempts: []KnownAttempt{{1, "a", []KnownSegment{{1, "in_doubt", false, ""}}}}}},
	} {
		if got, err := c.ask(); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if n := (&Known{Attempts: []KnownAttempt{{Number: 1, Segments: []KnownSegment{{Index: 2, Accepted: true}}}, {Number: 3, Segments: []KnownSegment{{Index: 1, Accepted: true}, {Index: 2, Accepted: true}}}}}); n.LastAttempt() != 3 || !reflect.DeepEqual(n.Accepted(), []int{1, 2}) {
		t.Errorf("last attempt %d, accepted %v", n.LastAttempt(), n.Accepted())
	}
}

func TestRecentIDs(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	for n := range 5 {
		b.append(t, newHistory(n).rejected().events...)
	}
	b.project(t, b.config())
	var got []RecentID
	for r, err := range RecentIDs(t.Context(), b.db, 3) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	want := []RecentID{{"acme", "order-4", testKey(4)}, {"acme", "order-3", testKey(3)}, {"acme", "order-2", testKey(2)}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}
