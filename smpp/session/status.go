package session

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"harkara/smpp/pdu"
)

// Rule is what one command_status of an SMSC means (SMPP 3.4 §5.1.3).
type Rule struct {
	Status pdu.Status
	Submit Verdict   // of a request that is answered with it
	Bind   BindFault // of a bind that is answered with it
	Why    string    // for people, one line
}

// Statuses is one SMSC's table of statuses: the standard's with the SMSC's own rules over it. The nil pointer is the
// standard's table. It is safe for concurrent use.
type Statuses struct{ own map[pdu.Status]Rule }

// NewStatuses returns the standard's table with own over it. A rule of own stands for all that the standard's rule of
// its status says; most are of the vendors' range 0x400-0x4FF, which the standard leaves open. The error names the
// status that has two rules, a verdict that no answer can mean, or ESME_ROK, whose meaning is fixed.
func NewStatuses(own []Rule) (*Statuses, error) {
	s := &Statuses{own: make(map[pdu.Status]Rule, len(own))}
	for _, r := range own {
		switch _, twice := s.own[r.Status]; {
		case r.Status == pdu.ESME_ROK:
			return nil, errors.New("ESME_ROK always means accepted: take its rule out")
		case twice:
			return nil, fmt.Errorf("status %s has two rules: keep one", r.Status)
		case r.Submit > InDoubt || r.Bind > Occupied:
			return nil, fmt.Errorf("status %s can't mean %s, %s", r.Status, r.Submit, r.Bind)
		}
		s.own[r.Status] = r
	}
	return s, nil
}

// Submit gives the verdict of a request that is answered with status.
func (s *Statuses) Submit(status pdu.Status) Verdict {
	if status == pdu.ESME_ROK { // nearly every answer
		return Accepted
	}
	return s.rule(status).Submit
}

// Bind gives the fault of a bind that is answered with status.
func (s *Statuses) Bind(status pdu.Status) BindFault { return s.rule(status).Bind }

// rule finds the rule of a status. What is in no table is Refused: in the vendors' range it mostly says that the content
// was scrubbed, which holds at every SMSC, and repeating what is not understood may cost a penalty. The status itself
// is kept for reports.
func (s *Statuses) rule(status pdu.Status) Rule {
	if s != nil {
		if r, ok := s.own[status]; ok {
			return r
		}
	}
	if r, ok := standard[status]; ok {
		return r
	}
	return Rule{Status: status, Submit: Refused, Bind: Network}
}

// Rules returns the whole table in the order of the statuses.
func (s *Statuses) Rules() []Rule {
	rules := Rules()
	if s == nil {
		return rules
	}
	for i, r := range rules {
		rules[i] = s.rule(r.Status)
	}
	for status, r := range s.own {
		if _, known := standard[status]; !known {
			rules = append(rules, r)
		}
	}
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Compare(a.Status, b.Status) })
	return rules
}

// Rules returns the standard's statuses in the order of their numbers.
func Rules() []Rule { return slices.Clone(standardRules) }

var standard = func() map[pdu.Status]Rule {
	m := make(map[pdu.Status]Rule, len(standardRules))
	for _, r := range standardRules {
		m[r.Status] = r
	}
	return m
}()
