package storage

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"
	"time"

	"harkara/dlt"
	"harkara/storage/ledger"
)

// TestBadEventsAreFoundByHalves: of 4,000 messages some are refused by the database. Each costs as many tries as its batch
// can be halved, and the others are written in batches as large as ever.
func TestBadEventsAreFoundByHalves(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		messages, full int
		bad            []int
	}{
		"one": {4000, 1000, []int{1234}}, "the first": {4000, 1000, []int{0}}, "the last": {4000, 1000, []int{3999}},
		"two together": {4000, 1000, []int{2000, 2001}}, "three": {4000, 1000, []int{7, 1999, 3500}}, "alone": {4, 1, []int{2}},
	} {
		messages, full, bad := c.messages, c.full, c.bad
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 100*time.Millisecond)
			if _, err := b.db.Exec(`ALTER TABLE harkara.message ADD CHECK (id NOT LIKE 'bad%')`); err != nil {
				t.Fatal(err)
			}
			var events []ledger.Event
			for n := range messages {
				events = append(events, newHistory(n).rejected().events...)
				if slices.Contains(bad, n) {
					events[n].Facts.ID, events[n].Facts.Tenant = "bad", "nobody"
				}
			}
			for frame := range slices.Chunk(events, max(full/2, 1)) {
				b.append(t, frame...)
			}
			failures, parked, batches := 0, 0, 0
			cfg := b.config()
			cfg.MaxEvents, cfg.MaxAge = full, 20*time.Millisecond
			cfg.Trace.Failed = func(error) { failures++ }
			cfg.Trace.Projected = func(_ ledger.Position, stats Stats, _, _ time.Duration) {
				parked += stats.Parked
				batches++
			}
			began := time.Now()
			b.project(t, cfg)
			t.Logf("%d tries failed, %d batches in %v", failures, batches, time.Since(began))
			// the batch can be halved 10 times, and the event itself is tried; one alone is tried twice
			if most := max(bits.Len(uint(full-1))+1, 2) * len(bad); failures > most {
				t.Errorf("%d tries failed, at most %d are needed", failures, most)
			}
			if parked != len(bad) {
				t.Errorf("%d events were told of as parked", parked)
			}
			if got := query(t, b.db, `SELECT count(*) FROM harkara.v_message`); got[0] != fmt.Sprint(messages-len(bad)) {
				t.Errorf("%s messages", got[0])
			}
			if got := query(t, b.db, `SELECT count(*), bool_and(event LIKE '%"bad"%' AND reason LIKE '%check constraint%') FROM harkara.parked`); got[0] != fmt.Sprint(len(bad), "|true") {
				t.Errorf("parked: %v", got)
			}
			if got := query(t, b.db, `SELECT tenant FROM harkara.dim WHERE tenant = 'nobody'`); got != nil {
				t.Errorf("the tally has names of parked events: %v", got)
			}
			if most := messages/full + 1 + 20*len(bad); batches > most { // down to one event, and up again
				t.Errorf("%d batches, at most %d are needed", batches, most)
			}
		})
	}
}

// TestHalvingEnds: whatever the batches, the bad events are found and nothing else is: copies are taken where everything is
// looked up.
func TestHalvingEnds(t *testing.T) {
	const events, full = 8000, 8000
	for _, c := range []struct {
		batch       int // how many events come at once
		bad, copies []int
	}{
		{full, []int{0}, nil}, {full, []int{7999}, nil}, {full, []int{4000}, nil}, {full, []int{17, 18, 19}, nil},
		{full, []int{100, 5000}, []int{99, 101, 4999, 6000}}, {full, nil, nil}, {full, nil, []int{3}}, {full, []int{1}, []int{0}},
		{1, nil, []int{5}}, {1, []int{5}, nil}, {1, []int{5, 6}, []int{4, 7}}, {2, nil, []int{5}}, {3, []int{6}, []int{7, 8}},
	} {
		var h halving
		var found []int
		tries := 0
		for at := 0; at < events; tries++ {
			n := h.most(min(c.batch-at%c.batch, events-at))
			hit := func(b int) bool { return b >= at && b < at+n }
			if slices.ContainsFunc(c.bad, hit) || !h.strict() && slices.ContainsFunc(c.copies, hit) {
				if !h.refused(n) {
					continue
				}
				found = append(found, at)
			}
			h.took(n, full)
			at += n
			if most := events/c.batch + 60*(len(c.bad)+len(c.copies)) + 1; tries > most {
				t.Fatalf("%+v: %d tries, at %d with %+v", c, tries, at, h)
			}
		}
		if !slices.Equal(found, c.bad) {
			t.Errorf("%+v: found %v", c, found)
		}
	}
	h := halving{limit: 1}
	for range 13 {
		h.took(1, full)
	}
	if h != (halving{}) {
		t.Errorf("after 13 good batches: %+v", h)
	}
}

// TestACopyAloneIsNotParked: a copy of a planned that comes alone, as the memory of it is gone.
func TestACopyAloneIsNotParked(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	h := newHistory(1).planned(1, "a", 1, 1)
	for range 2 {
		b.append(t, h.events...)
		b.project(t, b.config())
	}
	if got := query(t, b.db, `SELECT (SELECT count(*) FROM harkara.parked), (SELECT count(*) FROM harkara.message)`); got[0] != "0|1" {
		t.Errorf("parked and messages: %s", got[0])
	}
}

// TestADayMadeMeanwhile: a row waits to go into the default partition while its day's is made. PostgreSQL refuses it there
// then; it goes into the day's.
func TestADayMadeMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	day := testStart.In(dlt.IST)
	query(t, b.db, `DROP TABLE IF EXISTS harkara.message_`+day.Format("20060102"))
	b.append(t, newHistory(1).planned(1, "a", 1, 1).events...)
	tx, err := b.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec(`SELECT harkara.make_day('message', $1)`, day.Format(time.DateOnly)); err != nil {
		t.Fatal(err)
	}
	made := make(chan error, 1)
	go func() {
		waiting := false
		var err error
		for err == nil && !waiting && t.Context().Err() == nil {
			err = b.db.QueryRow(`SELECT count(*) > 0 FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'COPY%'`).Scan(&waiting)
		}
		made <- errors.Join(err, tx.Commit())
	}()
	cfg := b.config()
	var refused error
	cfg.Trace.Failed = func(err error) { refused = errors.Join(refused, err) }
	b.project(t, cfg)
	if err := <-made; err != nil {
		t.Error(err)
	}
	if refused == nil || !strings.Contains(refused.Error(), "violates partition constraint") {
		t.Errorf("failed with %v", refused)
	}
	if got := query(t, b.db, `SELECT (SELECT count(*) FROM harkara.parked), (SELECT count(*) FROM harkara.message)`); got[0] != "0|1" {
		t.Errorf("parked and messages: %s", got[0])
	}
}
