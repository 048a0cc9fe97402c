package storage

import (
	"slices"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// An SMSC may repeat the submit_sm's user_message_reference in its receipts. It is then a name for segments that have
// no message id because their answer never came: such a receipt says that the SMSC has the segment after all.

// reference is how an SMSC names a segment that it has not told a message id of: by what we wrote into it. Others
// may have the same, so the mark of the handset's number must fit too.
type reference struct {
	smsc sms.SMSCID
	ref  uint16
}

// doubtedFor is how far a receipt and the report of the doubt may be apart: receipts come within three days, and
// after that a reference is more likely to be another segment's.
const doubtedFor = 3 * 24 * time.Hour

// unnamed says that an SMSC has the segment, or may have it, and no message id names it.
func unnamed(a *ledger.Answer) bool {
	return a.Verdict == inDoubt || a.Verdict == accepted && a.MessageID == ""
}

func (m *message) reference(a *attempt, s *segment) reference {
	return reference{a.smsc, sms.UserReference(m.key, a.number, s.index)}
}

// doubt remembers a segment that no message id names.
func (w *memory) doubt(m *message, a *attempt, s *segment) {
	r := m.reference(a, s)
	mine := func(p place) bool { return p.m == m && p.attempt == a.number && p.segment == s.index }
	if !slices.ContainsFunc(w.doubts[r], mine) {
		w.doubts[r] = append(w.doubts[r], place{m, a.number, s.index, s.answer.At})
		s.doubted = true
	}
}

// forgetDoubts takes a message's segments out of doubts.
func (w *memory) forgetDoubts(m *message) {
	for _, a := range m.attempts {
		for i := range a.segments {
			if !a.segments[i].doubted {
				continue
			}
			r := m.reference(a, &a.segments[i])
			left := slices.DeleteFunc(w.doubts[r], func(p place) bool { return p.m == m })
			if w.doubts[r] = left; len(left) == 0 {
				delete(w.doubts, r)
			}
		}
	}
}

// findDoubted returns the one segment that a receipt may be about by its reference; none where several may be meant.
func (w *memory) findDoubted(e *early) (found place, ok bool) {
	if e.ref == 0 || e.from == 0 {
		return place{}, false
	}
	for _, p := range w.doubts[e.reference()] {
		s := p.m.segment(p.attempt, p.segment)
		if p.m.facts.ToMark != e.from || !unnamed(&s.answer) || e.at.Sub(p.answeredAt).Abs() > doubtedFor {
			continue
		}
		if ok {
			return place{}, false
		}
		found, ok = p, true
	}
	return found, ok
}

// resolve takes a segment as accepted because of a receipt, as a late answer would, and gives it the receipt.
func (b *batch) resolve(p place, e *early, f fact) {
	m, a, s := p.m, p.m.attempt(p.attempt), p.m.segment(p.attempt, p.segment)
	b.touch(m, f)
	late := !s.accepted()
	if late {
		s.answer, s.changed = ledger.Answer{Segment: s.index, Verdict: accepted, At: e.at}, f
	}
	if e.handle.id != "" {
		s.answer.MessageID, s.answer.RawID, s.changed = e.handle.id, e.raw, f
	}
	if late { // with its id
		b.moves = m.accept(a, e.at, b.moves[:0])
		b.announce(m, f)
	}
	b.give(e, p, f)
	if e.handle.id != "" {
		b.nameSegment(m, a, s, f)
	}
}

// doubtSegment remembers a segment that no message id names, and gives it the receipts that were there before.
func (b *batch) doubtSegment(m *message, a *attempt, s *segment, f fact) {
	b.memory.doubt(m, a, s)
	b.memory.unnamed.offer(m.reference(a, s), func(e *early) bool {
		if p, ok := b.memory.find(e.handle, e.at); ok { // the one before has named it
			b.give(e, p, f)
		} else if p, ok := b.memory.findDoubted(e); ok {
			b.resolve(p, e, f)
		}
		return e.taken
	})
}
