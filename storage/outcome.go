package storage

import (
	"slices"
	"time"

	"harkara/smpp/sms"
)

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
