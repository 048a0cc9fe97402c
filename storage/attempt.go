package storage

import (
	"cmp"
	"slices"
	"sort"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// attempt is the segments that were offered to one SMSC at once.
type attempt struct {
	number    int
	smsc      sms.SMSCID
	plannedAt int64
	parts     int  // how many segments the whole message is on this SMSC; 0: as many as facts.Segments
	duplicate bool // it may bring the handset a second copy
	segments  []segment
}

// segment is one short message of an attempt.
type segment struct {
	index   int
	answer  ledger.Answer // At is zero while there is none
	report  sms.State     // what the receipts say; empty while there is none
	failure *sms.Failure  // why, where they say that it failed
	stored  bool          // its row is in the database
	doubted bool          // it is in memory.doubts
	changed fact          // the event that answered it in the batch at hand; 0: none
	billed  billed        // as the database counts it
}

func (s *segment) accepted() bool { return s.answer.Verdict == accepted }

// answer keeps what an SMSC said of the segments of an attempt.
func (m *message) answer(e *ledger.Event, f fact) {
	a := m.attempt(e.Attempt)
	if a == nil { // its planned event is in a part of the ledger that is gone
		a = newAttempt(e, 0)
		m.addAttempt(a)
	}
	for _, said := range e.Answers {
		i := slices.IndexFunc(a.segments, func(s segment) bool { return s.index == said.Segment })
		if i < 0 {
			i = sort.Search(len(a.segments), func(i int) bool { return a.segments[i].index > said.Segment })
			a.segments = slices.Insert(a.segments, i, segment{index: said.Segment})
		}
		s := &a.segments[i]
		if said.Verdict == "" {
			said.Verdict = string(e.Kind)
		}
		if e.Kind == ledger.Submitted {
			said.Verdict = accepted
		}
		if said.At.IsZero() && (said.Verdict == accepted || said.Verdict == inDoubt) {
			said.At = e.At
		}
		if s.learns(&said) {
			s.answer, s.changed = said, f
		}
	}
}

// learns says whether an answer tells more than what is known. An accepted segment stays accepted and may get its
// id; the report that there was no answer may come behind an answer that came late.
func (s *segment) learns(said *ledger.Answer) bool {
	switch {
	case s.accepted():
		return s.answer.MessageID == "" && said.Verdict == accepted && said.MessageID != ""
	case said.Verdict == inDoubt:
		return s.answer.Verdict == ""
	}
	return *said != s.answer
}

func newAttempt(e *ledger.Event, plannedAt int64) *attempt {
	a := &attempt{number: e.Attempt, smsc: e.SMSC, plannedAt: plannedAt, duplicate: e.PossibleDuplicate, segments: make([]segment, len(e.Answers))}
	for i := range e.Answers {
		a.segments[i].index = e.Answers[i].Segment
	}
	slices.SortFunc(a.segments, func(x, y segment) int { return cmp.Compare(x.index, y.index) })
	return a
}

// partsOf returns how many segments the whole message is where a planned attempt goes. Events from before Parts was
// there say nothing of it where they list the rest of a message only; it is then as many as the message has.
func partsOf(e *ledger.Event, segments int) int {
	if e.Parts > 0 {
		return e.Parts
	}
	for i := range e.Answers {
		if e.Answers[i].Segment > len(e.Answers) {
			return segments
		}
	}
	return len(e.Answers)
}

// addAttempt keeps the attempts in the order of their numbers, whatever the order of their events.
func (m *message) addAttempt(a *attempt) {
	i := sort.Search(len(m.attempts), func(i int) bool { return m.attempts[i].number > a.number })
	m.attempts = slices.Insert(m.attempts, i, a)
}

func (m *message) attempt(number int) *attempt {
	for _, a := range m.attempts {
		if a.number == number {
			return a
		}
	}
	return nil
}

// segment returns a segment of an attempt, nil where there is none.
func (m *message) segment(number, index int) *segment {
	if a := m.attempt(number); a != nil {
		for i := range a.segments {
			if a.segments[i].index == index {
				return &a.segments[i]
			}
		}
	}
	return nil
}
