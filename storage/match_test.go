package storage

import (
	"fmt"
	"testing"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// receiptsAt is a batch with the receipts of an SMSC, the first of them matched.
func receiptsAt(smsc sms.SMSCID, at time.Time, received, matched int) *batch {
	b := new(batch)
	for i := range received {
		b.receipts = append(b.receipts, &receiptRow{fact: fact(i), matched: i < matched,
			event: &ledger.Event{At: at, Report: &ledger.Report{SMSC: smsc}}})
	}
	return b
}

func TestMatchRate(t *testing.T) {
	m := matches{bySMSC: map[sms.SMSCID]*matchCount{}}
	want := func(what string, at time.Duration, smsc sms.SMSCID, want Match) {
		t.Helper()
		if got := m.at(noon.Add(at))[smsc]; got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	want("nothing yet", 0, "a", Match{})
	m.add(receiptsAt("a", noon, 10, 4))
	m.add(receiptsAt("b", noon, 1, 1))
	want("the unmatched may still wait", 30*time.Second, "a", Match{10, 4, 1, 4})
	want("they have waited for long enough", 2*time.Minute, "a", Match{10, 4, 0.4, 10})
	want("another SMSC", 2*time.Minute, "b", Match{1, 1, 1, 1})
	late := &batch{}
	for range 2 {
		late.matches = append(late.matches, matchRow{smsc: "a", at: noon})
	}
	m.add(late)
	want("two were matched late", 2*time.Minute, "a", Match{10, 6, 0.6, 10})
	m.add(receiptsAt("a", noon.Add(10*time.Minute), 10, 10))
	want("both times count", 12*time.Minute, "a", Match{20, 16, 0.8, 20})
	want("the first is too old", 16*time.Minute, "a", Match{20, 16, 1, 10})
	want("both are too old", time.Hour, "a", Match{20, 16, 1, 0})
	m.add(receiptsAt("a", noon.Add(time.Hour), 1, 0))
	m.add(late)
	want("what is matched later than anybody looks", time.Hour+2*time.Minute, "a", Match{21, 18, 0, 1})
	m.first = 1
	m.add(late)
	want("a receipt from before the start", time.Hour+2*time.Minute, "a", Match{21, 18, 0, 1})
}

// TestMatchRateOfAProjector: receipts that match at once, later, by reference, and never, across a restart.
func TestMatchRateOfAProjector(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.append(t, newHistory(1).receipt(1, "a", 1, sms.Delivered).events...)
	b.project(t, b.config())
	b.append(t, newHistory(1).planned(1, "a", 1, 1).submitted(1, "a", 1).events...) // its receipt came before the start
	b.append(t, newHistory(2).planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Delivered).events...)
	b.append(t, newHistory(3).planned(1, "a", 1, 1).receipt(1, "a", 1, sms.Delivered).events...)
	b.append(t, newHistory(3).submitted(1, "a", 1).events...)
	b.append(t, newHistory(4).planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).receipt(1, "a", 1, sms.Delivered).referring(1, 1, false).events...)
	b.append(t, newHistory(5).receipt(1, "a", 1, sms.Delivered).events...)
	b.append(t, newHistory(6).receipt(1, "b", 1, sms.Delivered).events...)
	p := b.project(t, b.config())
	if got := p.matches.at(testStart.Add(2 * time.Minute)); fmt.Sprint(got) != "map[a:{4 3 0.75 4} b:{1 0 0 1}]" {
		t.Errorf("got %v", got)
	}
	if got := p.Matches()["a"]; got.Received != 4 || got.Matched != 3 {
		t.Errorf("now %+v", got)
	}
}
