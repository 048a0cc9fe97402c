package storage

import (
	"reflect"
	"testing"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

func TestSilent(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	accepted := func(n int, at time.Duration, smsc sms.SMSCID, segments ...int) *history {
		h := newHistory(n)
		h.at = testStart.Add(at)
		return h.planned(1, smsc, len(segments), segments...).submitted(1, smsc, segments...) // answered a second after at
	}
	odd := accepted(1, 5*time.Minute, "a", 1)
	odd.events[1].Answers[0].RawID = "0X1"
	early := newHistory(7).receipt(1, "a", 1, sms.Delivered)
	for _, h := range []*history{
		odd,
		accepted(2, 4*time.Minute, "a", 1, 2).receipt(1, "a", 1, sms.Delivered), // the second segment is silent
		accepted(3, 3*time.Minute, "a", 1).receipt(1, "a", 1, sms.Submitted),    // an intermediate receipt
		accepted(4, 3*time.Minute, "b", 1),
		accepted(5, 0, "a", 1),
		accepted(6, 10*time.Minute, "a", 1),
		early, accepted(7, 5*time.Minute, "a", 1), // matched with an answer that came later
		accepted(8, 5*time.Minute, "a", 1).receipt(1, "a", 1, sms.Rejected),
		newHistory(9).planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).receipt(1, "a", 1, sms.Submitted).referring(1, 1, false), // no id to ask by
		newHistory(10).planned(1, "a", 1, 1).ended(ledger.Refused, 1, "a", true, 1),
	} {
		b.append(t, h.events[0])
		cfg := b.config()
		b.project(t, cfg)
		if len(h.events) > 1 { // answers are rows of their own, as they are in life
			b.append(t, h.events[1:]...)
		}
	}
	b.project(t, b.config())
	from, to := testStart.Add(time.Minute), testStart.Add(10*time.Minute)
	want := []SilentSegment{
		{testKey(3), 1, 1, "3-1-1", "3-1-1", "ACMEBK", testStart.Add(3*time.Minute + time.Second)},
		{testKey(2), 1, 2, "2-1-2", "2-1-2", "ACMEBK", testStart.Add(4*time.Minute + time.Second)},
		{testKey(1), 1, 1, "0X1", "1-1-1", "ACMEBK", testStart.Add(5*time.Minute + time.Second)},
	}
	for limit, want := range map[int][]SilentSegment{10: want, 2: want[:2]} {
		got, err := Silent(t.Context(), b.db, "a", from, to, limit)
		for i := range got {
			got[i].AnsweredAt = got[i].AnsweredAt.UTC()
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("at most %d: %v\n got %+v\nwant %+v", limit, err, got, want)
		}
	}
}
