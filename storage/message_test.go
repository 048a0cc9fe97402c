package storage

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// Made-up events of one message.

var testStart = time.Date(2026, 11, 22, 10, 11, 12, 345678000, time.UTC)

// testKey is a key of a request at testStart.
func testKey(n int) sms.Key {
	return sms.Key{0x01, 0xa2, 0x02, 0xbd, 0x07, 0x59, 0x70, 0x01, 0x80, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

func testFacts(n, segments int) *ledger.Facts {
	return &ledger.Facts{
		Tenant: "acme", ID: sms.RequestID(fmt.Sprintf("order-%d", n)), Ref: fmt.Sprintf("ref %d", n), Class: "otp", Template: "1107161234567890123",
		Header: "ACMEBK", Entity: "1101234567890123456", Category: "service_implicit", Encoding: "gsm7", Segments: segments, ToLast4: "5678",
		ToDigest: []byte{1, 2, 3}, ToSealed: []byte{4, 5, 6}, Digest: []byte{7, 8}, ToMark: 9, Requested: testStart, Deadline: testStart.Add(5 * time.Minute),
	}
}

// history writes events of message n with times one second apart.
type history struct {
	n      int
	at     time.Time
	events []ledger.Event
}

func newHistory(n int) *history { return &history{n: n, at: testStart} }

func (h *history) add(e ledger.Event) *history {
	h.at = h.at.Add(time.Second)
	e.At = h.at
	if e.Kind != ledger.Receipt {
		e.Key = testKey(h.n)
	}
	h.events = append(h.events, e)
	return h
}

func (h *history) planned(attempt int, smsc sms.SMSCID, total int, segments ...int) *history {
	e := ledger.Event{Kind: ledger.Planned, Attempt: attempt, SMSC: smsc, PossibleDuplicate: attempt > 1}
	if attempt == 1 {
		e.Facts = testFacts(h.n, total)
	}
	for _, s := range segments {
		e.Answers = append(e.Answers, ledger.Answer{Segment: s})
	}
	return h.add(e)
}

func (h *history) id(attempt, segment int) sms.MessageID {
	return sms.MessageID(fmt.Sprintf("%d-%d-%d", h.n, attempt, segment))
}

func (h *history) submitted(attempt int, smsc sms.SMSCID, segments ...int) *history {
	e := ledger.Event{Kind: ledger.Submitted, Attempt: attempt, SMSC: smsc}
	for _, s := range segments {
		e.Answers = append(e.Answers, ledger.Answer{Segment: s, MessageID: h.id(attempt, s), Verdict: "accepted", At: h.at})
	}
	return h.add(e)
}

func (h *history) ended(kind ledger.Kind, attempt int, smsc sms.SMSCID, isFinal bool, segments ...int) *history {
	e := ledger.Event{Kind: kind, Attempt: attempt, SMSC: smsc, Final: isFinal,
		Failure: &sms.Failure{Stage: sms.StageSMSC, Code: "69", Reason: "submit_failed", Detail: "made up"}}
	for _, s := range segments {
		e.Answers = append(e.Answers, ledger.Answer{Segment: s, Status: 69, Verdict: string(kind)})
	}
	return h.add(e)
}

// rest plans the segments of a message of some parts that are still to be sent.
func (h *history) rest(attempt int, smsc sms.SMSCID, parts int, segments ...int) *history {
	h.planned(attempt, smsc, 0, segments...)
	h.events[len(h.events)-1].Parts = parts
	return h
}

// partly ends an attempt with its first segments accepted and the others throttled.
func (h *history) partly(attempt int, smsc sms.SMSCID, accepted, throttled int) *history {
	e := ledger.Event{Kind: ledger.Refused, Attempt: attempt, SMSC: smsc, Failure: &sms.Failure{Stage: sms.StageSMSC, Code: "88", Retryable: true}}
	for s := 1; s <= accepted+throttled; s++ {
		a := ledger.Answer{Segment: s, MessageID: h.id(attempt, s), Verdict: "accepted", At: h.at}
		if s > accepted {
			a = ledger.Answer{Segment: s, Status: 88, Verdict: "throttled", At: h.at}
		}
		e.Answers = append(e.Answers, a)
	}
	return h.add(e)
}

// referring makes the last event, a receipt, repeat the user_message_reference, without a message id unless named.
func (h *history) referring(attempt, segment int, named bool) *history {
	r := h.events[len(h.events)-1].Report
	r.UserRef, r.From = sms.UserReference(testKey(h.n), attempt, segment), testFacts(0, 1).ToMark
	if !named {
		r.MessageID = ""
	}
	return h
}

// twins returns two messages whose first segments have the same reference.
func twins() (int, int) {
	seen := map[uint16]int{}
	for n := 100; ; n++ {
		ref := sms.UserReference(testKey(n), 1, 1)
		if other, ok := seen[ref]; ok {
			return other, n
		}
		seen[ref] = n
	}
}

func (h *history) rejected() *history {
	return h.add(ledger.Event{Kind: ledger.Rejected, Final: true, Facts: testFacts(h.n, 1),
		Failure: &sms.Failure{Stage: sms.StageDLT, Code: "unknown_template", Reason: "unknown_template", Detail: "made up"}})
}

func (h *history) unreported() *history {
	return h.add(ledger.Event{Kind: ledger.Unreported, Final: true,
		Failure: &sms.Failure{Stage: sms.StageReceipt, Code: "unreported", Reason: "unreported", Detail: "made up"}})
}

func (h *history) receipt(attempt int, smsc sms.SMSCID, segment int, state sms.State) *history {
	stat, code := "DELIVRD", "000"
	if state != sms.Delivered {
		stat, code = "UNDELIV", "633"
	}
	return h.add(ledger.Event{Kind: ledger.Receipt, Report: &ledger.Report{SMSC: smsc, MessageID: h.id(attempt, segment), State: state, Stat: stat, Err: code, Raw: "stat:" + stat}})
}

// foldAll folds events as one batch and returns the states that were announced of message n.
func foldAll(b *batch, events []ledger.Event) {
	for i := range events {
		b.fold(item{fact: factOf(1, i), event: &events[i]})
	}
}

func announced(b *batch) (states []sms.State) {
	for _, s := range b.statuses {
		states = append(states, s.id.state)
	}
	return states
}

func TestMessageStates(t *testing.T) {
	new := func() *history { return newHistory(1) }
	for name, c := range map[string]struct {
		history *history
		want    []sms.State
	}{
		"delivered":                {new().planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Delivered), []sms.State{"submitted", "delivered"}},
		"undelivered":              {new().planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Undelivered), []sms.State{"submitted", "undelivered"}},
		"expired":                  {new().planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Expired), []sms.State{"submitted", "expired"}},
		"intermediate receipt":     {new().planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Submitted), []sms.State{"submitted"}},
		"rejected by a receipt":    {new().planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Rejected), []sms.State{"submitted", "undelivered"}},
		"receipt first":            {new().planned(1, "a", 1, 1).receipt(1, "a", 1, sms.Delivered).submitted(1, "a", 1), []sms.State{"submitted", "delivered"}},
		"receipt twice":            {new().planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Delivered).receipt(1, "a", 1, sms.Delivered), []sms.State{"submitted", "delivered"}},
		"failed then delivered":    {new().planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Expired).receipt(1, "a", 1, sms.Delivered), []sms.State{"submitted", "expired", "delivered"}},
		"delivered then failed":    {new().planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Delivered).receipt(1, "a", 1, sms.Expired), []sms.State{"submitted", "delivered"}},
		"receipt of another SMSC":  {new().planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "b", 1, sms.Delivered), []sms.State{"submitted"}},
		"rejected":                 {new().rejected(), []sms.State{"rejected"}},
		"refused":                  {new().planned(1, "a", 1, 1).ended(ledger.Refused, 1, "a", true, 1), []sms.State{"refused"}},
		"refused, another follows": {new().planned(1, "a", 1, 1).ended(ledger.Refused, 1, "a", false, 1), nil},
		"failover":                 {new().planned(1, "a", 1, 1).ended(ledger.Refused, 1, "a", false, 1).planned(2, "b", 1, 1).submitted(2, "b", 1), []sms.State{"submitted"}},
		"lapsed":                   {new().planned(1, "a", 1, 1).ended(ledger.Lapsed, 1, "a", true, 1), []sms.State{"lapsed"}},
		"in doubt":                 {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1), []sms.State{"in_doubt"}},
		"in doubt, late answer": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Delivered),
			[]sms.State{"in_doubt", "submitted", "delivered"}},
		"in doubt, early receipt, late answer": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).receipt(1, "a", 1, sms.Delivered).submitted(1, "a", 1),
			[]sms.State{"in_doubt", "submitted", "delivered"}},
		"sent again": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", false, 1).planned(2, "a", 1, 1).submitted(2, "a", 1).receipt(2, "a", 1, sms.Undelivered),
			[]sms.State{"submitted", "undelivered"}},
		"sent again, both out": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", false, 1).planned(2, "a", 1, 1).submitted(2, "a", 1).submitted(1, "a", 1).
			receipt(2, "a", 1, sms.Undelivered), []sms.State{"submitted"}},
		"sent again, one of both delivered": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", false, 1).planned(2, "a", 1, 1).submitted(2, "a", 1).submitted(1, "a", 1).
			receipt(2, "a", 1, sms.Undelivered).receipt(1, "a", 1, sms.Delivered), []sms.State{"submitted", "delivered"}},
		"refused, then the first is accepted after all": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", false, 1).planned(2, "b", 1, 1).
			ended(ledger.Refused, 2, "b", true, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Delivered), []sms.State{"refused", "delivered"}},
		"submitted late, then refused": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", false, 1).planned(2, "b", 1, 1).submitted(1, "a", 1).
			ended(ledger.Refused, 2, "b", true, 1), []sms.State{"submitted"}},
		"two segments, one delivered": {new().planned(1, "a", 2, 1, 2).submitted(1, "a", 1, 2).receipt(1, "a", 1, sms.Delivered), []sms.State{"submitted"}},
		"two segments delivered": {new().planned(1, "a", 2, 1, 2).submitted(1, "a", 1, 2).receipt(1, "a", 2, sms.Delivered).receipt(1, "a", 1, sms.Delivered),
			[]sms.State{"submitted", "delivered"}},
		"two segments, one failed": {new().planned(1, "a", 2, 1, 2).submitted(1, "a", 1, 2).receipt(1, "a", 2, sms.Expired), []sms.State{"submitted", "expired"}},
		"halves of two attempts make no message": {new().planned(1, "a", 2, 1, 2).submitted(1, "a", 1, 2).planned(2, "a", 2, 1, 2).submitted(2, "a", 1, 2).
			receipt(1, "a", 1, sms.Delivered).receipt(2, "a", 2, sms.Delivered), []sms.State{"submitted"}},
		"the rest is sent again": {new().planned(1, "a", 2, 1, 2).add(ledger.Event{Kind: ledger.Refused, Attempt: 1, SMSC: "a", Answers: []ledger.Answer{
			{Segment: 1, MessageID: "1-1-1", Verdict: "accepted", At: testStart}, {Segment: 2, Status: 20, Verdict: "throttled", At: testStart}}}).
			planned(2, "a", 2, 2).submitted(2, "a", 2).receipt(1, "a", 1, sms.Delivered).receipt(2, "a", 2, sms.Delivered), []sms.State{"submitted", "delivered"}},
		"another SMSC takes it in one": {new().planned(1, "a", 3, 1, 2, 3).ended(ledger.Refused, 1, "a", false, 1, 2, 3).planned(2, "b", 3, 1).submitted(2, "b", 1).
			receipt(2, "b", 1, sms.Delivered), []sms.State{"submitted", "delivered"}},
		"another SMSC takes it in three": {new().planned(1, "b", 1, 1).ended(ledger.Refused, 1, "b", false, 1).planned(2, "a", 1, 1, 2, 3).submitted(2, "a", 1, 2, 3).
			receipt(2, "a", 1, sms.Delivered).receipt(2, "a", 3, sms.Delivered).receipt(2, "a", 2, sms.Delivered), []sms.State{"submitted", "delivered"}},
		"the rest of three parts": {new().planned(1, "a", 1, 1, 2, 3).partly(1, "a", 2, 1).rest(2, "a", 3, 3).submitted(2, "a", 3).
			receipt(1, "a", 1, sms.Delivered).receipt(1, "a", 2, sms.Delivered).receipt(2, "a", 3, sms.Delivered), []sms.State{"submitted", "delivered"}},
		"parts of two SMSCs make no message": {new().planned(1, "a", 2, 1, 2).partly(1, "a", 1, 1).rest(2, "b", 2, 2).submitted(2, "b", 2).
			receipt(1, "a", 1, sms.Delivered).receipt(2, "b", 2, sms.Delivered), nil},
		"parts of two cuts make no message": {new().planned(1, "a", 2, 1, 2).partly(1, "a", 1, 1).rest(2, "a", 3, 2, 3).submitted(2, "a", 2, 3), nil},

		"in doubt, refused late":              {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).ended(ledger.Refused, 1, "a", false, 1), []sms.State{"in_doubt", "refused"}},
		"refused late, told before the doubt": {new().planned(1, "a", 1, 1).ended(ledger.Refused, 1, "a", false, 1).ended(ledger.InDoubt, 1, "a", true, 1), []sms.State{"refused"}},
		"in doubt, one of two refused late":   {new().planned(1, "a", 2, 1, 2).ended(ledger.InDoubt, 1, "a", true, 1, 2).ended(ledger.Refused, 1, "a", false, 2), []sms.State{"in_doubt"}},
		"in doubt, both refused late": {new().planned(1, "a", 2, 1, 2).ended(ledger.InDoubt, 1, "a", true, 1, 2).ended(ledger.Refused, 1, "a", false, 2).
			ended(ledger.Refused, 1, "a", false, 1), []sms.State{"in_doubt", "refused"}},
		"in doubt, one accepted, one refused late": {new().planned(1, "a", 2, 1, 2).ended(ledger.InDoubt, 1, "a", true, 1, 2).submitted(1, "a", 1).
			ended(ledger.Refused, 1, "a", false, 2), []sms.State{"in_doubt"}},
		"sent again, both in doubt, one refused late": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", false, 1).planned(2, "b", 1, 1).
			ended(ledger.InDoubt, 2, "b", true, 1).ended(ledger.Refused, 2, "b", false, 1), []sms.State{"in_doubt"}},
		"sent again, both in doubt, both refused late": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", false, 1).ended(ledger.Refused, 1, "a", false, 1).
			planned(2, "b", 1, 1).ended(ledger.InDoubt, 2, "b", true, 1).ended(ledger.Refused, 2, "b", false, 1), []sms.State{"in_doubt", "refused"}},
		"in doubt after a crash, an earlier attempt refused": {new().planned(1, "a", 1, 1).planned(2, "a", 1, 1).ended(ledger.InDoubt, 2, "a", true).ended(ledger.Refused, 1, "a", false, 1),
			[]sms.State{"in_doubt"}},

		"in doubt, found by its reference": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).receipt(1, "a", 1, sms.Delivered).referring(1, 1, true),
			[]sms.State{"in_doubt", "submitted", "delivered"}},
		"found by its reference, no id at all": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).receipt(1, "a", 1, sms.Undelivered).referring(1, 1, false),
			[]sms.State{"in_doubt", "submitted", "undelivered"}},
		"the receipt with a reference is first": {new().planned(1, "a", 1, 1).receipt(1, "a", 1, sms.Delivered).referring(1, 1, true).ended(ledger.InDoubt, 1, "a", true, 1),
			[]sms.State{"in_doubt", "submitted", "delivered"}},
		"an intermediate receipt finds it, the last one follows without an id": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).
			receipt(1, "a", 1, sms.Submitted).referring(1, 1, false).receipt(1, "a", 1, sms.Delivered).referring(1, 1, false), []sms.State{"in_doubt", "submitted", "delivered"}},
		"an intermediate receipt names it, the last one follows by id": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).
			receipt(1, "a", 1, sms.Submitted).referring(1, 1, true).receipt(1, "a", 1, sms.Delivered), []sms.State{"in_doubt", "submitted", "delivered"}},
		"found by its reference, then the late answer": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).receipt(1, "a", 1, sms.Submitted).referring(1, 1, false).
			submitted(1, "a", 1).receipt(1, "a", 1, sms.Delivered), []sms.State{"in_doubt", "submitted", "delivered"}},
		"one of two segments is found": {new().planned(1, "a", 2, 1, 2).ended(ledger.InDoubt, 1, "a", true, 1, 2).receipt(1, "a", 2, sms.Delivered).referring(1, 2, true),
			[]sms.State{"in_doubt"}},
		"both segments are found": {new().planned(1, "a", 2, 1, 2).ended(ledger.InDoubt, 1, "a", true, 1, 2).receipt(1, "a", 2, sms.Delivered).referring(1, 2, true).
			receipt(1, "a", 1, sms.Delivered).referring(1, 1, true), []sms.State{"in_doubt", "submitted", "delivered"}},
		"sent again, the first is found": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", false, 1).planned(2, "b", 1, 1).submitted(2, "b", 1).
			receipt(1, "a", 1, sms.Delivered).referring(1, 1, true), []sms.State{"submitted", "delivered"}},
		"a reference to what was never in doubt": {new().planned(1, "a", 1, 1).receipt(1, "a", 1, sms.Delivered).referring(1, 1, false).submitted(1, "a", 1), []sms.State{"submitted"}},
		"a reference of another SMSC":            {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).receipt(1, "b", 1, sms.Delivered).referring(1, 1, true), []sms.State{"in_doubt"}},
		"a reference to what was refused": {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).ended(ledger.Refused, 1, "a", false, 1).
			receipt(1, "a", 1, sms.Delivered).referring(1, 1, true), []sms.State{"in_doubt", "refused"}},
		"unreported": {new().planned(1, "a", 1, 1).submitted(1, "a", 1).unreported(), []sms.State{"submitted", "unreported"}},
		"unreported, then a receipt": {new().planned(1, "a", 1, 1).submitted(1, "a", 1).unreported().receipt(1, "a", 1, sms.Expired).receipt(1, "a", 1, sms.Delivered),
			[]sms.State{"submitted", "unreported", "expired", "delivered"}},
		"unreported twice":            {new().planned(1, "a", 1, 1).submitted(1, "a", 1).unreported().unreported(), []sms.State{"submitted", "unreported"}},
		"unreported behind a receipt": {new().planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Undelivered).unreported(), []sms.State{"submitted", "undelivered"}},
		"unreported, but in doubt":    {new().planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).unreported(), []sms.State{"in_doubt"}},
		"unreported, but refused":     {new().planned(1, "a", 1, 1).ended(ledger.Refused, 1, "a", true, 1).unreported(), []sms.State{"refused"}},
		"unreported, one of two segments delivered": {new().planned(1, "a", 2, 1, 2).submitted(1, "a", 1, 2).receipt(1, "a", 1, sms.Delivered).unreported().
			receipt(1, "a", 2, sms.Delivered), []sms.State{"submitted", "unreported", "delivered"}},
		"planned twice": {new().planned(1, "a", 1, 1).planned(1, "a", 1, 1).submitted(1, "a", 1), []sms.State{"submitted"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := &batch{memory: newMemory(100, 100)}
			foldAll(b, c.history.events)
			if got := announced(b); !slices.Equal(got, c.want) {
				t.Errorf("states %v, want %v", got, c.want)
			}
			if len(b.parked) != 0 {
				t.Errorf("parked: %+v", b.parked)
			}
		})
	}
}

func TestEventsThatCannotBeProjected(t *testing.T) {
	for name, e := range map[string]ledger.Event{
		"unknown message":        {Kind: ledger.Submitted, Key: testKey(1), Attempt: 1},
		"no key":                 {Kind: ledger.Planned, Facts: testFacts(1, 1)},
		"no report":              {Kind: ledger.Receipt},
		"unknown kind":           {Kind: "sung", Key: testKey(1), Facts: testFacts(1, 1)},
		"attempt":                {Kind: ledger.Planned, Key: testKey(1), Facts: testFacts(1, 1), Attempt: 1 << 31},
		"segment":                {Kind: ledger.Planned, Key: testKey(1), Facts: testFacts(1, 1), Attempt: 1, Answers: []ledger.Answer{{Segment: 0}}},
		"parts":                  {Kind: ledger.Planned, Key: testKey(1), Facts: testFacts(1, 1), Attempt: 1, Parts: 1 << 15},
		"a shredding of nothing": {Kind: ledger.Shredded},
		"a month":                {Kind: ledger.Shredded, Shred: &ledger.Shred{Tenant: "acme", Month: "November", Keys: []sms.Key{testKey(1)}}},
		"segments":               {Kind: ledger.Planned, Key: testKey(1), Facts: testFacts(1, 1<<15), Attempt: 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := &batch{memory: newMemory(100, 100)}
			b.fold(item{fact: 7, event: &e, line: []byte("x")})
			if len(b.parked) != 1 || b.parked[0].fact != 7 || b.parked[0].reason == "" || len(b.touched)+len(b.receipts)+len(b.statuses) != 0 {
				t.Errorf("batch %+v", b)
			}
		})
	}
}

// drawHistory draws what may happen to a message of one or two segments, which is one on SMSC b: attempts with their
// ends, the rest of one that was taken partly, answers that come late, receipts of every kind for whatever was accepted
// or is in doubt, by message id, by reference or both.
func drawHistory(t *rapid.T, n int) *history {
	h := newHistory(n)
	total := rapid.IntRange(1, 2).Draw(t, "segments")
	smsc := rapid.SampledFrom([]sms.SMSCID{"a", "b"})
	on, segments := smsc.Draw(t, "smsc"), []int(nil)
	for attempt := 1; ; attempt++ {
		parts := total
		if on == "b" {
			parts = 1
		}
		if segments == nil {
			segments = []int{1, 2}[:parts]
			h.planned(attempt, on, total, segments...)
		} else {
			h.rest(attempt, on, parts, segments...)
		}
		kind := rapid.SampledFrom([]ledger.Kind{ledger.Submitted, ledger.Submitted, ledger.Refused, ledger.InDoubt, ledger.InDoubt, ledger.Lapsed}).Draw(t, "end")
		last := attempt == 3 || kind == ledger.Submitted || kind == ledger.Lapsed || rapid.Bool().Draw(t, "final")
		style, rest := "id", []int(nil)
		switch {
		case kind == ledger.Submitted:
			h.submitted(attempt, on, segments...)
		case kind == ledger.Refused && !last && len(segments) == 2 && rapid.Bool().Draw(t, "partly"):
			h.partly(attempt, on, 1, 1)
			rest = []int{2}
		case kind == ledger.InDoubt:
			h.ended(kind, attempt, on, last, segments...)
			switch rapid.SampledFrom([]string{"none", "accepted", "refused"}).Draw(t, "late answer") {
			case "none":
				style = rapid.SampledFrom([]string{"id", "reference", "both"}).Draw(t, "style")
			case "accepted":
				style = rapid.SampledFrom([]string{"id", "both"}).Draw(t, "style")
				h.submitted(attempt, on, segments...)
			case "refused":
				for _, s := range segments {
					h.ended(ledger.Refused, attempt, on, false, s)
				}
			}
		default:
			h.ended(kind, attempt, on, last, segments...)
		}
		if rapid.IntRange(0, 5).Draw(t, "unreported") == 0 {
			h.unreported()
		}
		for range rapid.IntRange(0, 3).Draw(t, "receipts") {
			segment := rapid.SampledFrom(segments).Draw(t, "segment")
			h.receipt(attempt, on, segment, rapid.SampledFrom([]sms.State{sms.Delivered, sms.Delivered, sms.Undelivered, sms.Expired, sms.Submitted, sms.Unreported}).Draw(t, "state"))
			if style != "id" {
				h.referring(attempt, segment, style == "both")
			}
		}
		if last {
			return h
		}
		if segments = rest; rest == nil {
			on = smsc.Draw(t, "smsc")
		}
	}
}

// shuffled draws an order of the events in which a message's first stays first, as its facts come with it, and a plan
// stays before what became of it where it says something that the facts do not. In the ledger every plan is before what
// became of it; so they are in half of the orders. The rest of a message is planned when it is known what was taken:
// where there is one, only the receipts move.
func shuffled(t *rapid.T, h *history) []ledger.Event {
	events := append(h.events[:1:1], rapid.Permutation(h.events[1:]).Draw(t, "order")...)
	if rapid.Bool().Draw(t, "plans first") {
		slices.SortStableFunc(events, func(a, b ledger.Event) int { return cmp.Compare(planRank(a), planRank(b)) })
	}
	if slices.ContainsFunc(events, func(e ledger.Event) bool { return e.Parts > 0 }) {
		ordered := slices.DeleteFunc(slices.Clone(h.events), func(e ledger.Event) bool { return e.Kind == ledger.Receipt })
		for i := range events {
			if events[i].Kind != ledger.Receipt {
				events[i], ordered = ordered[0], ordered[1:]
			}
		}
	}
	for i, e := range events {
		if e.Kind == ledger.Planned && partsOf(&e, 0) != h.events[0].Facts.Segments {
			first := slices.IndexFunc(events, func(other ledger.Event) bool { return other.Attempt == e.Attempt })
			events = slices.Insert(slices.Delete(events, i, i+1), first, e)
		}
	}
	return events
}

func planRank(e ledger.Event) int {
	if e.Kind == ledger.Planned {
		return e.Attempt
	}
	return math.MaxInt
}

func TestStatesOnlyRise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, 1)
		b := &batch{memory: newMemory(100, 100)}
		events := shuffled(t, h)
		foldAll(b, events)
		last := sms.Planned
		for _, state := range announced(b) {
			if rank[state] <= rank[last] || final(last) && !final(state) {
				t.Fatalf("%s follows %s", state, last)
			}
			last = state
		}
		m := b.memory.messages[testKey(1)]
		if m.now.State != last {
			t.Fatalf("the message is %s, the last status said %s", m.now.State, last)
		}
		if final(last) != (m.now.FinalAt != 0) {
			t.Fatalf("%s, final at %d", last, m.now.FinalAt)
		}
		delivered, taken := oracle(h)
		if delivered != (last == sms.Delivered) {
			t.Fatalf("ends %s, but delivered is %v", last, delivered)
		}
		if !taken && (last == sms.InDoubt || last == sms.Submitted) {
			t.Fatalf("ends %s, but no SMSC can have it", last)
		}
		planned := slices.IsSortedFunc(events, func(a, b ledger.Event) int { return cmp.Compare(planRank(a), planRank(b)) })
		if end := h.end(); planned && end == ledger.InDoubt && taken && last == sms.Refused {
			t.Fatal("refused, but an SMSC has it or may have it")
		}
		if failed := last == sms.Undelivered || last == sms.Expired || last == sms.Unreported; failed && m.now.Failure.Stage != sms.StageReceipt {
			t.Fatalf("%s because of %+v", last, m.now.Failure)
		}
		if last == sms.Refused && (m.now.Failure.Stage != sms.StageSMSC || m.now.Failure.Code == "") {
			t.Fatalf("refused because of %+v", m.now.Failure)
		}
		if last == sms.Delivered && m.now.Failure != (sms.Failure{}) {
			t.Fatalf("delivered with %+v", m.now.Failure)
		}
	})
}

// end is the kind of the event that says that no further attempt follows.
func (h *history) end() (kind ledger.Kind) {
	for _, e := range h.events {
		if e.Final || e.Kind == ledger.Submitted {
			kind = e.Kind
		}
	}
	return kind
}

// oracle says whether the message was delivered: of some attempt, every segment was, with those that an earlier one on
// the same SMSC had got through where it was to send the rest only; and whether an SMSC has any segment of it or may
// have. The order of the events does not matter.
func oracle(h *history) (delivered, taken bool) {
	type place struct{ attempt, segment int }
	said, reported, done := map[place]string{}, map[sms.MessageID]bool{}, map[sms.MessageID]bool{}
	byReference, doneByReference := map[uint16]bool{}, map[uint16]bool{}
	for _, e := range h.events {
		if r := e.Report; r != nil {
			reported[r.MessageID], byReference[r.UserRef] = true, true
			if r.State == sms.Delivered {
				done[r.MessageID], doneByReference[r.UserRef] = true, true
			}
		}
		for _, a := range e.Answers {
			at := place{e.Attempt, a.Segment}
			if said[at] == "" || said[at] == inDoubt || a.Verdict == accepted {
				said[at] = a.Verdict
			}
		}
	}
	got := map[place]bool{} // delivered, of those that an SMSC has
	for at, verdict := range said {
		ref := sms.UserReference(testKey(h.n), at.attempt, at.segment)
		if verdict == inDoubt && byReference[ref] {
			verdict = accepted
		}
		taken = taken || verdict == accepted || verdict == inDoubt || verdict == ""
		if verdict == accepted {
			got[at] = done[h.id(at.attempt, at.segment)] || doneByReference[ref]
		}
	}
	for i, e := range h.events {
		if e.Kind != ledger.Planned {
			continue
		}
		all := true
		for s := 1; s <= max(e.Parts, len(e.Answers)); s++ {
			attempt := e.Attempt
			if !slices.ContainsFunc(e.Answers, func(a ledger.Answer) bool { return a.Segment == s }) {
				attempt = plannedBefore(h.events[:i], e.SMSC)
			}
			all = all && got[place{attempt, s}]
		}
		delivered = delivered || all
	}
	return delivered, taken
}

// plannedBefore is the newest attempt on an SMSC; drawHistory sends a rest only behind the attempt that left it.
func plannedBefore(events []ledger.Event, smsc sms.SMSCID) int {
	for _, e := range slices.Backward(events) {
		if e.Kind == ledger.Planned && e.SMSC == smsc {
			return e.Attempt
		}
	}
	return 0
}

func TestStatusIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) statusID {
			position := rapid.OneOf(rapid.Just(uint64(7)), rapid.Uint64Range(0, 1<<47-1)).Draw(t, name)
			index := rapid.OneOf(rapid.Just(7), rapid.IntRange(0, maxIndex)).Draw(t, name)
			id := statusID{fact: factOf(ledger.Position(position), index), otp: rapid.Bool().Draw(t, name)}
			if !id.otp || rapid.Bool().Draw(t, name) {
				id.state = rapid.SampledFrom([]sms.State{sms.InDoubt, sms.Submitted, sms.Delivered}).Draw(t, name)
			}
			return id
		}
		a, b := draw("a"), draw("b")
		got, err := parseStatusID(a.String())
		if err != nil || got != a {
			t.Fatalf("%s reads as %v, %v", a, got, err)
		}
		if a != b && a.after(b) == b.after(a) || a.after(a) {
			t.Fatalf("%s and %s have no order", a, b)
		}
	})
	for _, bad := range []string{"", "1", "1-2", "1-2-", "1-2-sung", "-1-2-delivered", "1-65536-delivered", "x-2-delivered",
		"1-2-otp-otp", "1-2-deliveredotp", "1-2-otp-delivered", "1-2--otp", "1-2-sung-otp"} {
		if id, err := parseStatusID(bad); err == nil {
			t.Errorf("%q reads as %v", bad, id)
		}
	}
}

func BenchmarkFold(b *testing.B) {
	const messages = 1000
	var events []ledger.Event
	for n := range messages {
		events = append(events, newHistory(n).planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Delivered).events...)
	}
	b.ReportAllocs()
	for b.Loop() {
		batch := &batch{memory: newMemory(messages, messages)}
		foldAll(batch, events)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/messages, "ns/message")
}

func TestAnSMSCMayUseItsIDsAgain(t *testing.T) {
	sent := func(n int, at time.Time) []ledger.Event {
		h := newHistory(n)
		h.at = at
		h.planned(1, "a", 1, 1).submitted(1, "a", 1)
		h.events[1].Answers[0].MessageID = "again"
		return h.events
	}
	receipt := func(at time.Time) ledger.Event {
		return ledger.Event{Kind: ledger.Receipt, At: at, Report: &ledger.Report{SMSC: "a", MessageID: "again", State: sms.Delivered}}
	}
	late := testStart.Add(reuseAfter + time.Hour)
	for name, c := range map[string]struct {
		events []ledger.Event
		want   string
	}{
		"the newest use counts":                  {slices.Concat(sent(1, testStart), sent(2, testStart.Add(time.Hour)), []ledger.Event{receipt(testStart.Add(2 * time.Hour))}), "order-2"},
		"a receipt of long ago's use":            {append(sent(1, testStart), receipt(late)), ""},
		"a receipt that waited for too long":     {append([]ledger.Event{receipt(testStart)}, sent(1, late)...), ""},
		"a receipt that waited for a short time": {append([]ledger.Event{receipt(testStart)}, sent(1, testStart.Add(time.Hour))...), "order-1"},
	} {
		b := &batch{memory: newMemory(100, 100)}
		foldAll(b, c.events)
		got := ""
		for n := 1; n <= 2; n++ {
			if m := b.memory.messages[testKey(n)]; m != nil && m.now.State == sms.Delivered {
				got += string(m.facts.ID)
			}
		}
		if got != c.want {
			t.Errorf("%s: delivered %q, want %q", name, got, c.want)
		}
	}
}

// TestAReferenceThatSeveralHave: the number decides, then the time; where both fit, nobody gets the receipt.
func TestAReferenceThatSeveralHave(t *testing.T) {
	first, second := twins()
	doubted := func(n int, to uint8, at time.Time) []ledger.Event {
		h := newHistory(n)
		h.at = at
		h.planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1)
		h.events[0].Facts.ToMark = to
		return h.events
	}
	receipt := func(to uint8, at time.Time) ledger.Event {
		h := newHistory(first)
		h.at = at
		h.receipt(1, "a", 1, sms.Delivered).referring(1, 1, true)
		h.events[0].Report.From = to
		return h.events[0]
	}
	day := func(n int) time.Time { return testStart.Add(time.Duration(n) * 24 * time.Hour) }
	refused := newHistory(second).ended(ledger.Refused, 1, "a", false, 1).events[0]
	for name, c := range map[string]struct {
		events []ledger.Event
		want   string
	}{
		"two numbers":               {slices.Concat(doubted(first, 1, day(0)), doubted(second, 2, day(0)), []ledger.Event{receipt(2, day(0))}), fmt.Sprint("order-", second)},
		"one number":                {slices.Concat(doubted(first, 1, day(0)), doubted(second, 1, day(0)), []ledger.Event{receipt(1, day(0))}), ""},
		"one number, days apart":    {slices.Concat(doubted(first, 1, day(0)), doubted(second, 1, day(2)), []ledger.Event{receipt(1, day(4))}), fmt.Sprint("order-", second)},
		"one of them refused":       {slices.Concat(doubted(first, 1, day(0)), doubted(second, 1, day(0)), []ledger.Event{refused, receipt(1, day(0))}), fmt.Sprint("order-", first)},
		"another number":            {append(doubted(first, 1, day(0)), receipt(3, day(0))), ""},
		"no number":                 {append(doubted(first, 0, day(0)), receipt(0, day(0))), ""},
		"after more than 3 days":    {append(doubted(first, 1, day(0)), receipt(1, day(4))), ""},
		"3 days before the doubt":   {append([]ledger.Event{receipt(1, day(0))}, doubted(first, 1, day(4))...), ""},
		"the receipt is first":      {append([]ledger.Event{receipt(1, day(0))}, doubted(first, 1, day(1))...), fmt.Sprint("order-", first)},
		"it is first and two doubt": {slices.Concat([]ledger.Event{receipt(1, day(0))}, doubted(first, 1, day(0)), doubted(second, 1, day(0))), fmt.Sprint("order-", first)},
	} {
		b := &batch{memory: newMemory(100, 100)}
		foldAll(b, c.events)
		got := ""
		for _, n := range []int{first, second} {
			if m := b.memory.messages[testKey(n)]; m != nil && m.now.State == sms.Delivered {
				got += string(m.facts.ID)
			}
		}
		if got != c.want {
			t.Errorf("%s: delivered %q, want %q", name, got, c.want)
		}
		b.done()
		b.memory.limit = 0
		if b.memory.trim(day(20)); len(b.memory.doubts)+len(b.memory.places)+b.memory.early.count+b.memory.unnamed.count > 0 {
			t.Errorf("%s: memory keeps %d doubts, %d places, %d and %d early receipts", name, len(b.memory.doubts), len(b.memory.places),
				b.memory.early.count, b.memory.unnamed.count)
		}
	}
}

// TestTakenReceiptsLeaveNothing: receipts that come just before their answers, behind one that nothing comes for.
func TestTakenReceiptsLeaveNothing(t *testing.T) {
	b := &batch{memory: newMemory(10, 5)}
	w := b.memory
	foldAll(b, newHistory(1_000_000).receipt(1, "a", 1, sms.Delivered).referring(1, 1, true).events)
	for n := range 5000 {
		h := newHistory(n).planned(1, "a", 1, 1).receipt(1, "a", 1, sms.Delivered)
		if n%2 == 0 {
			h.referring(1, 1, n%4 == 0).ended(ledger.InDoubt, 1, "a", true, 1)
		} else {
			h.referring(1, 1, true).submitted(1, "a", 1)
		}
		foldAll(b, h.events)
		b.done()
		w.trim(testStart)
		b = &batch{memory: w}
	}
	if w.early.count != 1 || w.unnamed.count != 1 || len(w.early.receipts) != 1 || len(w.unnamed.receipts) != 1 || w.early.lost || w.unnamed.lost {
		t.Errorf("%d early receipts by id, %d by reference; lost %v, %v", w.early.count, w.unnamed.count, w.early.lost, w.unnamed.lost)
	}
	if most := 2*1 + 1025; w.early.order.len() > most || w.unnamed.order.len() > most || len(w.doubts) > 10 {
		t.Errorf("%d and %d places in the orders, %d doubts", w.early.order.len(), w.unnamed.order.len(), len(w.doubts))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	b := &batch{memory: newMemory(10, 5)}
	for n := range 100 {
		foldAll(b, newHistory(n).planned(1, "a", 1, 1).submitted(1, "a", 1).events)
		foldAll(b, newHistory(1000+n).receipt(1, "a", 1, sms.Delivered).events)
	}
	b.done()
	b.memory.trim(testStart)
	w := b.memory
	if len(w.messages) != 10 || len(w.places) != 10 || w.order.len() != 10 || w.early.count != 5 || len(w.early.receipts) != 5 || !w.early.lost {
		t.Errorf("%d messages, %d places, %d early receipts (%d counted), lost %v", len(w.messages), len(w.places), len(w.early.receipts), w.early.count, w.early.lost)
	}
	for n := 90; n < 100; n++ {
		if w.messages[testKey(n)] == nil {
			t.Errorf("message %d was forgotten before older ones", n)
		}
	}
	if over := w.early.order.len(); over > 2*5+1024 {
		t.Errorf("%d places in the order of early receipts", over)
	}
	w.early.lost = false
	w.trim(testStart.Add(reuseAfter + time.Hour))
	if w.early.count != 0 || w.early.lost {
		t.Errorf("%d early receipts after their time, lost %v", w.early.count, w.early.lost)
	}
}
