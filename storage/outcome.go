package storage

import (
	"fmt"
	"slices"
	"time"

	"harkara/smpp/sms"
)

// report keeps what a receipt says of one segment, of several the best, and moves the message where that decides it.
func (m *message) report(number, index int, state sms.State, at time.Time, failure *sms.Failure, moves []move) []move {
	m.keepReport(number, index, state, failure)
	to, by, failure := m.outcome()
	if to == "" {
		return moves
	}
	before := len(moves)
	if moves = m.advance(to, at, failure, moves); len(moves) > before {
		m.now.SMSC = by.smsc
	}
	return moves
}

// keepReport keeps the best of what receipts say of a segment, the first of equals.
func (m *message) keepReport(number, index int, state sms.State, failure *sms.Failure) {
	if s := m.segment(number, index); s != nil && rank[state] > rank[s.report] {
		s.report, s.failure = state, failure
	}
}

// outcome is what the receipts make of the message, by which attempt, and why: delivered where every segment of one
// accepted attempt was; failed where every accepted attempt has a segment that failed; nothing yet while one is still
// out.
func (m *message) outcome() (to sms.State, by *attempt, why *sms.Failure) {
	out := false
	for _, a := range m.attempts {
		chain := m.chainOf(a)
		if chain == nil {
			continue
		}
		delivered, failed, failure := 0, sms.State(""), (*sms.Failure)(nil)
		for _, s := range chain {
			switch {
			case s.report == sms.Delivered:
				delivered++
			case final(s.report) && s.report != "" && rank[s.report] > rank[failed]:
				failed, failure = s.report, s.failure
			}
		}
		switch {
		case delivered == len(chain):
			return sms.Delivered, a, nil
		case failed == "":
			out = true
		case to == "" || rank[failed] > rank[to]:
			to, by, why = failed, a, failure
		}
	}
	if out {
		return "", nil, nil
	}
	return to, by, why
}

// chainOf returns the segments that make up the whole message by an attempt: its own and, where it was to send some
// only, the others from the newest earlier attempt that had them accepted: on the same SMSC and cut into as many, or
// they are parts of something else. It is nil unless all were accepted.
func (m *message) chainOf(a *attempt) []*segment {
	chain := make([]*segment, m.partsOf(a))
	for _, earlier := range m.attempts {
		if earlier.number > a.number || earlier.smsc != a.smsc || m.partsOf(earlier) != len(chain) {
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

func (m *message) partsOf(a *attempt) int {
	if a.parts > 0 {
		return a.parts
	}
	return max(m.facts.Segments, 1)
}

// untaken says that surely no SMSC has any of the message: every segment of every attempt was answered, and none
// accepted.
func (m *message) untaken() bool {
	for _, a := range m.attempts {
		for i := range a.segments {
			if v := a.segments[i].answer.Verdict; v == "" || v == inDoubt || v == accepted {
				return false
			}
		}
	}
	return true
}

// refusal makes a failure of the newest answer that refused a segment.
func (m *message) refusal() *sms.Failure {
	f := &sms.Failure{Stage: sms.StageSMSC, Detail: "the SMSC refused it after its answer was no longer waited for"}
	for _, a := range m.attempts {
		for i := range a.segments {
			if s := &a.segments[i].answer; f.Code == "" || s.Status != 0 {
				f.Code, f.Reason = fmt.Sprintf("0x%08X", s.Status), s.Verdict
			}
		}
	}
	return f
}
