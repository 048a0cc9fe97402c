package storage

import (
	"slices"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// rank orders the states by how far a message has got, which decides what may follow what: a state gives way to one of
// higher rank only (G5).
var rank = map[sms.State]int{
	sms.Planned:     0,
	sms.InDoubt:     1, // the SMSC may have it: an answer that comes late still says so
	sms.Rejected:    2, // the ends before the network: only proof that a phone was tried outranks them
	sms.Lapsed:      2,
	sms.Refused:     2,
	sms.Submitted:   3, // the SMSC has it; what we meant to do besides (refuse, lapse) no longer counts
	sms.Unreported:  4, // the SMSC says that it does not know
	sms.Expired:     5, // the SMSC says that it failed
	sms.Undelivered: 5,
	sms.Delivered:   6, // the phone has it: nothing undoes that
}

// final says whether a message may rest in a state. In doubt is no end: a late answer makes it submitted.
func final(s sms.State) bool {
	return s != sms.Planned && s != sms.Submitted && s != sms.InDoubt
}

// mayFollow says whether a message may go from one state to another: to a higher rank, and never from an end to what
// is not one.
func mayFollow(from, to sms.State) bool {
	return rank[to] > rank[from] && (final(to) || !final(from))
}

// standing is all of a message that changes. Times are microseconds since 1970, 0 where there is none.
type standing struct {
	State             sms.State
	SMSC              sms.SMSCID
	SubmittedAt       int64
	FinalAt           int64
	Failure           sms.Failure // zero where none
	PossibleDuplicate bool
}

// message is one message as the projector works on it.
type message struct {
	key      sms.Key
	facts    ledger.Facts
	now      standing
	written  standing // as the database has it
	stored   bool     // its row is in the database
	changed  fact     // the last event that touched it
	touched  bool     // in the batch at hand
	attempts []*attempt
}

// attempt is the segments that were offered to one SMSC at once.
type attempt struct {
	number    int
	smsc      sms.SMSCID
	plannedAt int64
	segments  []segment
}

// segment is one short message of an attempt.
type segment struct {
	index   int
	answer  ledger.Answer // At is zero while there is none
	report  sms.State     // what the receipts say; empty while there is none
	stored  bool          // its row is in the database
	changed fact          // the event that answered it in the batch at hand; 0: none
}

func (s *segment) accepted() bool { return s.answer.Verdict == accepted }

// The words of session.Verdict that storage itself must know; others are kept as they come.
const (
	accepted = "accepted"
	planned  = "planned"
)

// move is one change of state, for the tenant.
type move struct {
	to sms.State
	at time.Time
}

// advance moves the message to a state, if it may go there.
func (m *message) advance(to sms.State, at time.Time, failure *sms.Failure, moves []move) []move {
	if !mayFollow(m.now.State, to) {
		return moves
	}
	m.now.State, m.now.Failure, m.now.FinalAt = to, sms.Failure{}, 0
	if failure != nil {
		m.now.Failure = *failure
	}
	if final(to) {
		m.now.FinalAt = at.UnixMicro()
	}
	return append(moves, move{to, at})
}

// apply lets an event that names this message's key change it, and appends the changes of state to moves.
func (m *message) apply(e *ledger.Event, f fact, moves []move) []move {
	m.now.PossibleDuplicate = m.now.PossibleDuplicate || e.PossibleDuplicate
	switch e.Kind {
	case ledger.Rejected:
		return m.advance(sms.Rejected, e.At, e.Failure, moves)
	case ledger.Planned:
		if m.attempt(e.Attempt) == nil {
			m.attempts = append(m.attempts, newAttempt(e, e.At.UnixMicro()))
			if m.now.SubmittedAt == 0 {
				m.now.SMSC = e.SMSC
			}
		}
		return moves
	}
	if e.Attempt > 0 {
		m.answer(e, f)
	}
	switch e.Kind {
	case ledger.Submitted:
		if a := m.attempt(e.Attempt); a != nil && m.chainOf(a) != nil {
			m.now.SMSC = a.smsc
			if m.now.SubmittedAt == 0 {
				m.now.SubmittedAt = e.At.UnixMicro()
			}
			return m.advance(sms.Submitted, e.At, nil, moves)
		}
	case ledger.Refused:
		if e.Final {
			return m.advance(sms.Refused, e.At, e.Failure, moves)
		}
	case ledger.InDoubt:
		if e.Final {
			return m.advance(sms.InDoubt, e.At, e.Failure, moves)
		}
	case ledger.Lapsed:
		return m.advance(sms.Lapsed, e.At, e.Failure, moves)
	}
	return moves
}

// answer keeps what an SMSC said of the segments of an attempt. An accepted segment stays accepted.
func (m *message) answer(e *ledger.Event, f fact) {
	a := m.attempt(e.Attempt)
	if a == nil { // its planned event is in a part of the ledger that is gone
		a = newAttempt(e, 0)
		m.attempts = append(m.attempts, a)
	}
	for _, said := range e.Answers {
		i := slices.IndexFunc(a.segments, func(s segment) bool { return s.index == said.Segment })
		if i < 0 {
			a.segments = append(a.segments, segment{index: said.Segment})
			i = len(a.segments) - 1
		}
		s := &a.segments[i]
		if said.Verdict == "" {
			said.Verdict = string(e.Kind)
		}
		if e.Kind == ledger.Submitted {
			said.Verdict = accepted
		}
		if s.accepted() || said == s.answer {
			continue
		}
		s.answer, s.changed = said, f
	}
}

func newAttempt(e *ledger.Event, plannedAt int64) *attempt {
	a := &attempt{number: e.Attempt, smsc: e.SMSC, plannedAt: plannedAt, segments: make([]segment, len(e.Answers))}
	for i := range e.Answers {
		a.segments[i].index = e.Answers[i].Segment
	}
	return a
}

func (m *message) attempt(number int) *attempt {
	for _, a := range m.attempts {
		if a.number == number {
			return a
		}
	}
	return nil
}

// report keeps what a receipt says of one segment, of several the best, and moves the message where that decides it.
func (m *message) report(number, index int, state sms.State, at time.Time, failure *sms.Failure, moves []move) []move {
	m.keepReport(number, index, state)
	to, by := m.outcome()
	if to == "" {
		return moves
	}
	if to == sms.Delivered {
		failure = nil
	}
	before := len(moves)
	if moves = m.advance(to, at, failure, moves); len(moves) > before {
		m.now.SMSC = by.smsc
	}
	return moves
}

// keepReport keeps the best of what receipts say of a segment.
func (m *message) keepReport(number, index int, state sms.State) {
	a := m.attempt(number)
	if a == nil {
		return
	}
	for i := range a.segments {
		if s := &a.segments[i]; s.index == index && rank[state] > rank[s.report] {
			s.report = state
		}
	}
}

// outcome is what the receipts make of the message, and of which attempt: delivered where every segment of one accepted
// attempt was; failed where every accepted attempt has a segment that failed; nothing yet while one is still out.
func (m *message) outcome() (to sms.State, by *attempt) {
	out := false
	for _, a := range m.attempts {
		chain := m.chainOf(a)
		if chain == nil {
			continue
		}
		delivered, failed := 0, sms.State("")
		for _, s := range chain {
			switch {
			case s.report == sms.Delivered:
				delivered++
			case final(s.report) && s.report != "" && rank[s.report] > rank[failed]:
				failed = s.report
			}
		}
		switch {
		case delivered == len(chain):
			return sms.Delivered, a
		case failed == "":
			out = true
		case to == "" || rank[failed] > rank[to]:
			to, by = failed, a
		}
	}
	if out {
		return "", nil
	}
	return to, by
}

// chainOf returns the segments that make up the whole message by an attempt: its own and, where it was to send some
// only, the others from the newest earlier attempt that had them accepted. It is nil unless all were accepted.
func (m *message) chainOf(a *attempt) []*segment {
	chain := make([]*segment, max(m.facts.Segments, 1))
	for _, earlier := range m.attempts {
		if earlier.number > a.number {
			continue
		}
		for i := range earlier.segments {
			s := &earlier.segments[i]
			if s.index < 1 || s.index > len(chain) || earlier != a && (!s.accepted() || a.covers(s.index)) {
				continue
			}
			chain[s.index-1] = s
		}
	}
	for _, s := range chain {
		if s == nil || !s.accepted() {
			return nil
		}
	}
	return chain
}

func (a *attempt) covers(index int) bool {
	return slices.ContainsFunc(a.segments, func(s segment) bool { return s.index == index })
}

// messageIDs lists the SMSCs' ids of the accepted segments, by attempt and segment.
func (m *message) messageIDs(ids []sms.MessageID) []sms.MessageID {
	for _, a := range m.attempts {
		for i := range a.segments {
			if s := &a.segments[i]; s.accepted() && s.answer.MessageID != "" {
				ids = append(ids, s.answer.MessageID)
			}
		}
	}
	return ids
}
