package storage

import (
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

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
	*e = early{fact: it.fact, handle: handle{r.SMSC, r.MessageID}, raw: r.RawID, ref: r.UserRef, from: r.From,
		at: it.event.At, row: row}
	e.state, e.failure = verdictOf(r)
	if p, ok := b.memory.find(e.handle, e.at); ok && !b.overtakes(e, p) {
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

// answered is the last answer in a batch that gives an SMSC's id.
type answered struct {
	fact             fact
	at               time.Time
	key              sms.Key
	attempt, segment int
}

// comingAnswers finds the answers behind a batch's first receipt, by the ids that they give.
func comingAnswers(items []item) map[handle]answered {
	var coming map[handle]answered
	receipts := false
	for _, it := range items {
		if it.err != nil || it.event.Kind == ledger.Receipt {
			receipts = receipts || it.err == nil
			continue
		}
		for i := range it.event.Answers {
			if a := &it.event.Answers[i]; receipts && a.MessageID != "" {
				if coming == nil {
					coming = map[handle]answered{}
				}
				coming[handle{it.event.SMSC, a.MessageID}] = answered{it.fact, a.At, it.event.Key, it.event.Attempt, a.Segment}
			}
		}
	}
	return coming
}

// overtakes says that a receipt came into the ledger before the answer that gives its id, though the SMSC sent it
// after: the id is used again, and p, who had it before, is not meant. Where p is what is answered, a receipt has named
// it by its reference before its own late answer does.
func (b *batch) overtakes(e *early, p place) bool {
	next, ok := b.coming[e.handle]
	if !ok || next.fact <= e.fact || next.at.After(e.at) {
		return false
	}
	return next.key != p.m.key || next.attempt != p.attempt || next.segment != p.segment
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
		row.matched, row.given, row.key, row.attempt, row.segment = true, f, p.m.key, p.attempt, p.segment
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
