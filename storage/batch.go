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
	coming   map[handle]answered
	matches  []matchRow
	parked   []parkedRow
	statuses []status
	otp      []otpRow
	shred    *ledger.Shred // the last event, where that takes something out of rows
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
	given   fact // the event that matched it
	key     sms.Key
	attempt int
	segment int
}

// matchRow is a receipt of an earlier batch whose segment has come: its row moves from receipt_early to receipt.
type matchRow struct {
	receipt, given   fact
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
	switch it.event.Kind {
	case ledger.Receipt:
		b.foldReceipt(it)
		return
	case ledger.Shredded:
		if it.shreds() {
			b.shred = it.event.Shred
		}
		return
	case ledger.OneTime:
		b.tellOTP(statusID{fact: it.fact}, it.event.At, *it.event.OTP)
		return
	}
	m := b.memory.messages[it.event.Key]
	if m == nil {
		if it.event.Facts == nil {
			b.park(it, "its message is not known")
			return
		}
		m = &message{key: it.event.Key, facts: *it.event.Facts, now: standing{State: sms.Planned}}
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
	case e.Kind == ledger.Shredded:
		return unfitShred(e.Shred)
	case e.Kind == ledger.OneTime:
		return unfitOTP(e.OTP)
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
	case ledger.Rejected, ledger.Planned, ledger.Submitted, ledger.Refused, ledger.InDoubt, ledger.Lapsed, ledger.Unreported:
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

// announce makes a status of every state that the message moved to; planned is not one for tenants. Where it is a send of
// a challenge, that has an event as well.
func (b *batch) announce(m *message, f fact) {
	if len(b.moves) == 0 {
		return
	}
	b.ids = m.messageIDs(b.ids[:0])
	for _, move := range b.moves {
		b.statuses = append(b.statuses, status{
			id:      statusID{fact: f, state: move.to},
			subject: "sms." + string(m.facts.Tenant) + ".status." + string(move.to),
			payload: appendStatus(make([]byte, 0, 384), m, move.to, move.at, b.ids),
		})
		b.announceSend(m, f, move)
	}
}

// done marks everything as written. It is called when the transaction is committed.
func (b *batch) done() {
	for _, m := range b.touched {
		m.touched, m.stored, m.written = false, true, m.now
		m.facts.ToDigest, m.facts.ToSealed, m.facts.Digest = nil, nil, nil // only the row needs them
		for _, a := range m.attempts {
			for i := range a.segments {
				s := &a.segments[i]
				s.stored, s.changed, s.billed = true, 0, billOf(s.answer.Verdict)
			}
		}
	}
	for _, e := range b.early {
		e.row = nil
	}
}
