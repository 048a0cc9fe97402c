package storage

import (
	"slices"
	"testing"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// TestAShreddedNumberIsTakenOut: from the rows that the event lists, in whatever batch they came, and whatever they are
// sealed with by now.
func TestAShreddedNumberIsTakenOut(t *testing.T) {
	t.Parallel()
	facts := func(n int, tenant sms.TenantID, digest byte) ledger.Event {
		e := newHistory(n).planned(1, "a", 1, 1).events[0]
		e.Facts.Tenant, e.Facts.ToDigest = tenant, []byte{digest, 2, 3}
		return e
	}
	shredded := func(keys ...sms.Key) ledger.Event {
		return ledger.Event{Kind: ledger.Shredded, At: testStart,
			Shred: &ledger.Shred{Tenant: "acme", Month: "2026-11", Keys: keys, Who: "made up", Why: "made up"}}
	}
	events := []ledger.Event{
		facts(1, "acme", 1), facts(2, "acme", 2), facts(3, "other", 1), facts(4, "acme", 3),
		shredded(testKey(4), testKey(1), testKey(9)), // the last is of no row
		shredded(), // the month's key is gone; its rows stay as they are
		facts(5, "acme", 1),
	}
	events = append(events, newHistory(1).submitted(1, "a", 1).events...)
	want := []string{"acme|1|∅|∅|∅||submitted", "acme|2|020203|040506|0708|5678|planned", "other|3|010203|040506|0708|5678|planned",
		"acme|4|∅|∅|∅||planned", "acme|5|010203|040506|0708|5678|planned"}
	for name, size := range map[string]int{"one frame": 20, "a frame for each": 1} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 100*time.Millisecond)
			for frame := range slices.Chunk(events, size) {
				b.append(t, frame...)
			}
			b.project(t, b.config())
			got := query(t, b.db, `SELECT tenant, right(key::text, 1), encode(to_digest, 'hex'), encode(to_sealed, 'hex'), encode(text_digest, 'hex'), to_last4,
				(SELECT v.state FROM harkara.v_message v WHERE v.key = m.key) FROM harkara.message m ORDER BY key`)
			sameLines(t, "messages", got, want)
			if got := query(t, b.db, `SELECT count(*) FROM harkara.parked`); got[0] != "0" {
				t.Errorf("%s events were parked", got[0])
			}
			if got := b.statuses(t); len(got) != 1 {
				t.Errorf("statuses %v", got)
			}
		})
	}
}
