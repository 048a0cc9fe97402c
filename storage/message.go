package storage

import (
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

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

// The words of session.Verdict that storage itself must know; others are kept as they come.
const (
	accepted = "accepted"
	inDoubt  = "in_doubt"
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
			a := newAttempt(e, e.At.UnixMicro())
			a.parts = partsOf(e, m.facts.Segments)
			m.addAttempt(a)
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
		if a := m.attempt(e.Attempt); a != nil {
			return m.accept(a, e.At, moves)
		}
	case ledger.Refused:
		if e.Final || m.now.State == sms.InDoubt && m.untaken() {
			return m.advance(sms.Refused, e.At, e.Failure, moves)
		}
	case ledger.InDoubt:
		// Nothing is in doubt where the answers that it missed came before it.
		if len(e.Answers) > 0 && (e.Final || m.now.State == sms.InDoubt) && m.untaken() {
			return m.advance(sms.Refused, e.At, m.refusal(), moves)
		}
		if e.Final {
			return m.advance(sms.InDoubt, e.At, e.Failure, moves)
		}
	case ledger.Lapsed:
		return m.advance(sms.Lapsed, e.At, e.Failure, moves)
	case ledger.Unreported:
		if m.now.State == sms.Submitted { // else a receipt, or a late answer, has said more
			return m.advance(sms.Unreported, e.At, e.Failure, moves)
		}
	}
	return moves
}

// accept moves the message to submitted where all of it was accepted by an attempt.
func (m *message) accept(a *attempt, at time.Time, moves []move) []move {
	if m.chainOf(a) == nil {
		return moves
	}
	m.now.SMSC = a.smsc
	if m.now.SubmittedAt == 0 {
		m.now.SubmittedAt = at.UnixMicro()
	}
	return m.advance(sms.Submitted, at, nil, moves)
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
