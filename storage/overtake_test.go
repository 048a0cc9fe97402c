package storage

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// TestAReceiptThatOvertakesItsAnswer: an SMSC that counts its ids from 1 again after a restart sends a receipt right
// behind the answer, and it comes into the ledger first. It is the new message's, not that of who had the id before.
func TestAReceiptThatOvertakesItsAnswer(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	old, fresh := uuid.MustParse("01900000-0000-7000-8000-000000000001"), uuid.MustParse("01900000-0000-7000-8000-000000000002")
	answer := func(key sms.Key, at time.Time) *ledger.Event {
		return &ledger.Event{Kind: ledger.Submitted, At: at, Key: key, Attempt: 1, SMSC: "a", Final: true,
			Answers: []ledger.Answer{{Segment: 1, MessageID: "7", Verdict: accepted, At: at}}}
	}
	plan := func(key sms.Key, at time.Time) *ledger.Event {
		return &ledger.Event{Kind: ledger.Planned, At: at, Key: key, Attempt: 1, SMSC: "a", Answers: []ledger.Answer{{Segment: 1}},
			Facts: &ledger.Facts{Tenant: "acme", ID: sms.RequestID(key.String()), Class: "otp", Requested: at, Deadline: at.Add(time.Hour), Segments: 1}}
	}
	receipt := &ledger.Event{Kind: ledger.Receipt, At: at.Add(time.Hour + time.Millisecond),
		Report: &ledger.Report{SMSC: "a", MessageID: "7", State: sms.Undelivered, Stat: "UNDELIV"}}
	w := newMemory(100, 100)
	for position, events := range [][]*ledger.Event{
		{plan(old, at), answer(old, at)},
		{plan(fresh, at.Add(time.Hour)), receipt, answer(fresh, at.Add(time.Hour))},
	} {
		var items []item
		for i, e := range events {
			items = append(items, item{fact: factOf(ledger.Position(position+1), i), event: e})
		}
		b := &batch{memory: w, coming: comingAnswers(items)}
		for _, it := range items {
			b.fold(it)
		}
		b.done()
	}
	if a, b := w.messages[old].now.State, w.messages[fresh].now.State; a != sms.Submitted || b != sms.Undelivered {
		t.Errorf("the old message is %s, the new one %s; want submitted and undelivered", a, b)
	}
}

// TestAReceiptBeforeTheLateAnswerOfItsOwnSegment: the segment was in doubt, and a receipt has named it by its reference. A
// second receipt finds it by that id, though the late answer that gives the same id is behind it in the batch.
func TestAReceiptBeforeTheLateAnswerOfItsOwnSegment(t *testing.T) {
	h := newHistory(1).planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).receipt(1, "a", 1, sms.Submitted).referring(1, 1, true).
		receipt(1, "a", 1, sms.Delivered).submitted(1, "a", 1)
	h.events[4].Answers[0].At = testStart.Add(time.Second)
	var items []item
	for i := range h.events {
		items = append(items, item{fact: factOf(1, i), event: &h.events[i]})
	}
	b := &batch{memory: newMemory(100, 100), coming: comingAnswers(items)}
	for _, it := range items {
		b.fold(it)
	}
	if m := b.memory.messages[testKey(1)]; m.now.State != sms.Delivered || b.stats.Early != 0 {
		t.Errorf("the message is %s, %d receipts wait", m.now.State, b.stats.Early)
	}
}
