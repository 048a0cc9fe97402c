package storage

import (
	"fmt"
	"math"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// item is one event of a batch, or the line that could not be read as one.
type item struct {
	fact  fact
	event *ledger.Event
	line  []byte
	err   error
}

// batch turns events into statuses and rows against the memory. It does no I/O.
type batch struct {
	memory   *memory
	touched  []*message
	receipts []*receiptRow
	early    []*early // of them, those that wait or waited
	one      early    // the receipt at hand
	matches  []matchRow
	parked   []parkedRow
	statuses []status
	moves    []move
	ids      []sms.MessageID
	stats    Stats
}

// Stats says what a batch was made of, for metrics.
type Stats struct {
	Events    int // all
	Messages  int // new
	Receipts  int // all
	Early     int // receipts whose attempt was not known
	Matched   int // early receipts whose attempt came
	Statuses  int // published
	Parked    int // could not be projected
	Recalled  int // messages that had to be looked up
	Remembers int // messages in memory after the batch
	Waiting   int // early receipts in memory after the batch
}

// receiptRow is a receipt with the segment that it was matched to, if it was.
type receiptRow struct {
	fact    fact
	event   *ledger.Event
	matched bool
	key     sms.Key
	attempt int
	segment int
}

type matchRow struct {
	receipt, fact    fact
	key              sms.Key
	attempt, segment int
	smsc             sms.SMSCID // of the receipt
	at               time.Time  // when the receipt came
}

type parkedRow struct {
	fact   fact
	reason string
	line   []byte
}

// fold lets one event change the memory, and notes what comes of it.
func (b *batch) fold(it item) {
	b.stats.Events++
	if reason := unfit(it); reason != "" {
		b.park(it, reason)
		return
	}
	if it.event.Kind == ledger.Receipt {
		b.foldReceipt(it)
		return
	}
	m := b.memory.messages[it.event.Key]
	if m == nil {
		if it.event.Facts == nil {
			b.park(it, "its message is not known")
			return
		}
		m = &message{key: it.event.Key, facts: *it.event.Facts, digest: digestOf(it.event.Facts.ToDigest), now: standing{State: sms.Planned}}
		b.memory.add(m)
		b.stats.Messages++
	}
	b.touch(m, it.fact)
	b.moves = m.apply(it.event, it.fact, b.moves[:0])
	b.announce(m, it.fact)
	if len(it.event.Answers) > 0 && it.event.Kind != ledger.Planned {
		b.nameSegments(m, it)
	}
}

// unfit says why an event cannot be projected; empty where it can.
func unfit(it item) string {
	e := it.event
	switch {
	case it.err != nil:
		return it.err.Error()
	case e.Kind == ledger.Receipt && e.Report == nil:
		return "a receipt without a report"
	case e.Kind == ledger.Receipt:
		return ""
	case e.Key == (sms.Key{}):
		return "an event without a key"
	case e.Attempt < 0 || e.Attempt > math.MaxInt32:
		return fmt.Sprintf("attempt %d", e.Attempt)
	case e.Parts < 0 || e.Parts > math.MaxInt16:
		return fmt.Sprintf("%d parts", e.Parts)
	case e.Facts != nil && (e.Facts.Segments < 0 || e.Facts.Segments > math.MaxInt16):
		return fmt.Sprintf("%d segments", e.Facts.Segments)
	}
	for i := range e.Answers {
		if s := e.Answers[i].Segment; s < 1 || s > math.MaxInt16 {
			return fmt.Sprintf("segment %d", s)
		}
	}
	switch e.Kind {
	case ledger.Rejected, ledger.Planned, ledger.Submitted, ledger.Refused, ledger.InDoubt, ledger.Lapsed:
		return ""
	}
	return fmt.Sprintf("kind %q is not known", e.Kind)
}

func (b *batch) park(it item, reason string) {
	b.parked = append(b.parked, parkedRow{it.fact, reason, it.line})
	b.stats.Parked++
}

func (b *batch) touch(m *message, f fact) {
	if !m.touched {
		m.touched = true
		b.touched = append(b.touched, m)
	}
	m.changed = f
}

// announce makes a status of every state that the message moved to; planned is not one for tenants.
func (b *batch) announce(m *message, f fact) {
	if len(b.moves) == 0 {
		return
	}
	b.ids = m.messageIDs(b.ids[:0])
	for _, move := range b.moves {
		b.statuses = append(b.statuses, status{
			id:      statusID{f, move.to},
			subject: "sms." + string(m.facts.Tenant) + ".status." + string(move.to),
			payload: appendStatus(make([]byte, 0, 384), m, move.to, move.at, b.ids),
		})
	}
}

// nameSegments remembers how receipts will name the segments that were just answered, and gives them those that were
// there before.
func (b *batch) nameSegments(m *message, it item) {
	a := m.attempt(it.event.Attempt)
	if a == nil {
		return
	}
	for i := range a.segments {
		switch s := &a.segments[i]; {
		case s.changed != it.fact:
		case unnamed(&s.answer):
			b.doubtSegment(m, a, s, it.fact)
		case s.accepted():
			b.nameSegment(m, a, s, it.fact)
		}
	}
}

func (b *batch) nameSegment(m *message, a *attempt, s *segment, f fact) {
	b.memory.name(m, a, s)
	b.memory.early.offer(handle{a.smsc, s.answer.MessageID}, func(e *early) bool {
		if s.answer.At.Sub(e.at) <= reuseAfter {
			b.give(e, place{m, a.number, s.index, s.answer.At}, f)
			b.memory.unnamed.drop(e.reference(), e)
		}
		return e.taken
	})
}

func (b *batch) foldReceipt(it item) {
	b.stats.Receipts++
	r := it.event.Report
	row := &receiptRow{fact: it.fact, event: it.event}
	b.receipts = append(b.receipts, row)
	e := &b.one
	*e = early{fact: it.fact, handle: handle{r.SMSC, r.MessageID}, raw: r.RawID, ref: r.UserRef, from: digestOf(r.From), at: it.event.At, row: row}
	e.state, e.failure = verdictOf(r)
	if p, ok := b.memory.find(e.handle, e.at); ok {
		b.give(e, p, it.fact)
	} else if p, ok := b.memory.findDoubted(e); ok {
		b.resolve(p, e, it.fact)
	} else {
		b.stats.Early++
		e = new(b.one)
		b.early = append(b.early, e)
		b.memory.wait(e)
	}
}

// give lets a segment have a receipt, because of the event f.
func (b *batch) give(e *early, p place, f fact) {
	e.taken = true
	switch row := e.row; {
	case row == nil:
		b.matches = append(b.matches, matchRow{e.fact, f, p.m.key, p.attempt, p.segment, e.handle.smsc, e.at})
		b.stats.Matched++
	default:
		if row.fact != f {
			b.stats.Matched++
		}
		row.matched, row.key, row.attempt, row.segment = true, p.m.key, p.attempt, p.segment
	}
	b.touch(p.m, f)
	b.moves = p.m.report(p.attempt, p.segment, e.state, e.at, e.failure, b.moves[:0])
	b.announce(p.m, f)
}

// verdictOf returns what a receipt says of its segment: delivered, one of the failures, or submitted for one that
// decides nothing; and the failure as tenants see it, nil where there is none.
func verdictOf(r *ledger.Report) (sms.State, *sms.Failure) {
	return verdict(r.State, r.Stat, r.Err, r.Reason, r.Retryable)
}

func verdict(state sms.State, stat, code, reason string, retryable bool) (sms.State, *sms.Failure) {
	switch state {
	case sms.Delivered:
		return state, nil
	case sms.Undelivered, sms.Expired, sms.Unreported:
	case sms.Refused, sms.Rejected, sms.Lapsed:
		state = sms.Undelivered
	default:
		return sms.Submitted, nil
	}
	if code == "" {
		code = stat
	}
	if reason == "" {
		reason = string(state)
	}
	return state, &sms.Failure{Stage: sms.StageReceipt, Code: code, Reason: reason, Detail: stat, Retryable: retryable}
}

// done marks everything as written. It is called when the transaction is committed.
func (b *batch) done() {
	for _, m := range b.touched {
		m.touched, m.stored, m.written = false, true, m.now
		m.facts.ToDigest, m.facts.ToSealed, m.facts.Digest = nil, nil, nil // only the row needs them
		for _, a := range m.attempts {
			for i := range a.segments {
				a.segments[i].stored, a.segments[i].changed = true, 0
			}
		}
	}
	for _, e := range b.early {
		e.row = nil
	}
}
