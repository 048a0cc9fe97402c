package storage

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// Made-up events of one message.

var testStart = time.Date(2026, 11, 22, 10, 11, 12, 345678000, time.UTC)

func testKey(n int) sms.Key {
	return sms.Key{0x01, 0x93, 0x52, 0x8a, 0x1c, 0x00, 0x70, 0x01, 0x80, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

func testFacts(n, segments int) *ledger.Facts {
	return &ledger.Facts{
		Tenant: "acme", ID: sms.RequestID(fmt.Sprintf("order-%d", n)), Ref: fmt.Sprintf("ref %d", n), Class: "otp", Template: "1107161234567890123",
		Header: "ACMEBK", Entity: "1101234567890123456", Category: "service_implicit", Encoding: "gsm7", Segments: segments, ToLast4: "5678",
		ToDigest: []byte{1, 2, 3}, ToSealed: []byte{4, 5, 6}, Digest: []byte{7, 8}, Requested: testStart, Deadline: testStart.Add(5 * time.Minute),
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

func (h *history) rejected() *history {
	return h.add(ledger.Event{Kind: ledger.Rejected, Final: true, Facts: testFacts(h.n, 1),
		Failure: &sms.Failure{Stage: sms.StageDLT, Code: "unknown_template", Reason: "unknown_template", Detail: "made up"}})
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
		"unknown message": {Kind: ledger.Submitted, Key: testKey(1), Attempt: 1},
		"no key":          {Kind: ledger.Planned, Facts: testFacts(1, 1)},
		"no report":       {Kind: ledger.Receipt},
		"unknown kind":    {Kind: "sung", Key: testKey(1), Facts: testFacts(1, 1)},
		"attempt":         {Kind: ledger.Planned, Key: testKey(1), Facts: testFacts(1, 1), Attempt: 1 << 31},
		"segment":         {Kind: ledger.Planned, Key: testKey(1), Facts: testFacts(1, 1), Attempt: 1, Answers: []ledger.Answer{{Segment: 0}}},
		"segments":        {Kind: ledger.Planned, Key: testKey(1), Facts: testFacts(1, 1<<15), Attempt: 1},
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

// drawHistory draws what may happen to a message of one or two segments: attempts with their ends, answers that come
// late, receipts of every kind for whatever was accepted.
func drawHistory(t *rapid.T, n int) *history {
	h := newHistory(n)
	segments := []int{1, 2}[:rapid.IntRange(1, 2).Draw(t, "segments")]
	smsc := rapid.SampledFrom([]sms.SMSCID{"a", "b"})
	for attempt := 1; ; attempt++ {
		on := smsc.Draw(t, "smsc")
		h.planned(attempt, on, len(segments), segments...)
		kind := rapid.SampledFrom([]ledger.Kind{ledger.Submitted, ledger.Submitted, ledger.Refused, ledger.InDoubt, ledger.Lapsed}).Draw(t, "end")
		last := attempt == 3 || kind == ledger.Submitted || kind == ledger.Lapsed || rapid.Bool().Draw(t, "final")
		if kind == ledger.Submitted {
			h.submitted(attempt, on, segments...)
		} else {
			h.ended(kind, attempt, on, last, segments...)
			if kind == ledger.InDoubt && rapid.Bool().Draw(t, "late answer") {
				kind = ledger.Submitted
				h.submitted(attempt, on, segments...)
			}
		}
		for range rapid.IntRange(0, 3).Draw(t, "receipts") {
			h.receipt(attempt, on, rapid.SampledFrom(segments).Draw(t, "segment"),
				rapid.SampledFrom([]sms.State{sms.Delivered, sms.Undelivered, sms.Expired, sms.Submitted, sms.Unreported}).Draw(t, "state"))
		}
		if last {
			return h
		}
	}
}

// shuffled draws an order of the events in which a message's first stays first: its facts come with it.
func shuffled(t *rapid.T, h *history) []ledger.Event {
	return append(h.events[:1:1], rapid.Permutation(h.events[1:]).Draw(t, "order")...)
}

func TestStatesOnlyRise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHistory(t, 1)
		b := &batch{memory: newMemory(100, 100)}
		foldAll(b, shuffled(t, h))
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
		if want := wasDelivered(h); want != (last == sms.Delivered) {
			t.Fatalf("ends %s, but delivered is %v", last, want)
		}
		if failed := last == sms.Undelivered || last == sms.Expired || last == sms.Unreported; failed && m.now.Failure.Stage != sms.StageReceipt {
			t.Fatalf("%s because of %+v", last, m.now.Failure)
		}
		if last == sms.Delivered && m.now.Failure != (sms.Failure{}) {
			t.Fatalf("delivered with %+v", m.now.Failure)
		}
	})
}

// wasDelivered is the oracle: of some attempt that was accepted, every segment has a receipt that says delivered,
// from the attempt's own SMSC. The order does not matter.
func wasDelivered(h *history) bool {
	type place struct {
		smsc sms.SMSCID
		id   sms.MessageID
	}
	delivered := map[place]bool{}
	for _, e := range h.events {
		if e.Kind == ledger.Receipt && e.Report.State == sms.Delivered {
			delivered[place{e.Report.SMSC, e.Report.MessageID}] = true
		}
	}
	for _, e := range h.events {
		if e.Kind != ledger.Submitted {
			continue
		}
		all := true
		for _, a := range e.Answers {
			all = all && delivered[place{e.SMSC, a.MessageID}]
		}
		if all {
			return true
		}
	}
	return false
}

func TestStatusIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) statusID {
			return statusID{factOf(ledger.Position(rapid.Uint64Range(0, 1<<47-1).Draw(t, name)), rapid.IntRange(0, maxIndex).Draw(t, name)),
				rapid.SampledFrom([]sms.State{sms.InDoubt, sms.Submitted, sms.Delivered}).Draw(t, name)}
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
	for _, bad := range []string{"", "1", "1-2", "1-2-", "1-2-sung", "-1-2-delivered", "1-65536-delivered", "x-2-delivered"} {
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

func TestMemoryIsBounded(t *testing.T) {
	b := &batch{memory: newMemory(10, 5)}
	for n := range 100 {
		foldAll(b, newHistory(n).planned(1, "a", 1, 1).submitted(1, "a", 1).events)
		foldAll(b, newHistory(1000+n).receipt(1, "a", 1, sms.Delivered).events)
	}
	b.done()
	b.memory.trim(testStart)
	w := b.memory
	if len(w.messages) != 10 || len(w.places) != 10 || w.order.len() != 10 || w.earlyCount != 5 || len(w.earlyReceipts) != 5 || !w.earlyLost {
		t.Errorf("%d messages, %d places, %d early receipts (%d counted), lost %v", len(w.messages), len(w.places), len(w.earlyReceipts), w.earlyCount, w.earlyLost)
	}
	for n := 90; n < 100; n++ {
		if w.messages[testKey(n)] == nil {
			t.Errorf("message %d was forgotten before older ones", n)
		}
	}
	w.earlyLost = false
	w.trim(testStart.Add(reuseAfter + time.Hour))
	if w.earlyCount != 0 || w.earlyLost {
		t.Errorf("%d early receipts after their time, lost %v", w.earlyCount, w.earlyLost)
	}
}
