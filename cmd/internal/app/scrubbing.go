package app

import (
	"fmt"
	"slices"
	"strings"

	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/templates"
)

// scrubbing is one query whose template and header the register allows.
type scrubbing struct {
	ScrubQuery
	reg      *dlt.Register
	grant    dlt.Grant
	template *templates.Compiled
}

// verdict asks each SMSC's rules, and puts together what they found.
func (s *scrubbing) verdict() ScrubVerdict {
	var first *dlt.Violation // of the first SMSC
	var text sms.Secret      // as the first SMSC that lets it pass wants it
	passing := -1
	var list []SMSCVerdict
	texts := map[sms.SMSCID]string{}
	for i, smsc := range s.SMSCs {
		as, v := s.at(&smsc)
		list = append(list, SMSCVerdict{smsc.SMSC, verdictOf(v)})
		if i == 0 {
			first = v
		}
		if v != nil {
			continue
		}
		texts[smsc.SMSC] = as.Reveal()
		if passing < 0 {
			passing, text = i, as
		}
	}
	if passing < 0 {
		found := refused(first, s.Text)
		found.SMSCs = list
		if by := s.by(&s.SMSCs[0]); s.HasText {
			found.Lenient = verdictOf(s.template.Lenient(sms.Secret(s.Text), by))
		}
		return found
	}
	var usual sms.Coding
	size, err := usual.Measure(text.Reveal())
	if err != nil {
		return refused(&dlt.Violation{Reason: dlt.VariableWrongType, Detail: err.Error()}, s.Text)
	}
	return ScrubVerdict{Verdict: verdictOf(nil), Encoding: size.Encoding.String(), Segments: size.Parts, Text: text.Reveal(),
		Costs: costs(s.Codings, texts), Lenient: verdictOf(nil), Warnings: s.warnings(&s.SMSCs[passing]), SMSCs: list}
}

// at checks the message by the rules of one SMSC, in the operators' order, and returns its text as that one wants it.
func (s *scrubbing) at(smsc *SMSCRules) (sms.Secret, *dlt.Violation) {
	by := s.by(smsc)
	vars, v := s.vars(by)
	if v != nil {
		return "", v
	}
	text, v := s.template.Render(vars, by)
	if v == nil {
		v = s.grant.CheckCategory()
	}
	if carried, some := s.Carried[smsc.SMSC]; v == nil && some && !slices.Contains(carried, string(s.grant.Category)) {
		v = &dlt.Violation{Reason: dlt.CategoryNotAllowed, Detail: fmt.Sprintf("template %s is %s; binds of %s carry %s", s.grant.Template,
			s.grant.Category, smsc.SMSC, strings.Join(carried, ", "))}
	}
	if v == nil {
		v = smsc.Rules.CheckHours(s.grant.Category, s.At)
	}
	if v == nil {
		v = s.chain(smsc)
	}
	if since, held := s.Held[smsc.SMSC]; v == nil && held {
		v = &dlt.Violation{Reason: dlt.Quarantined, Detail: fmt.Sprintf("held back since %s, as the SMSC's scrubber refused it for "+
			"good: mend the template there, then dlt release", minute(since))}
	}
	return text, v
}

func (s *scrubbing) by(smsc *SMSCRules) templates.Scrub {
	return templates.Scrub{Rules: smsc.Rules, CTAs: s.grant.CTAs, At: s.At}
}

// vars are the message's variables: those given, or those found in the text.
func (s *scrubbing) vars(by templates.Scrub) ([]sms.Secret, *dlt.Violation) {
	if s.HasText {
		return s.template.Match(sms.Secret(s.Text), by)
	}
	vars := make([]sms.Secret, len(s.Vars))
	for i, v := range s.Vars {
		vars[i] = sms.Secret(v)
	}
	return vars, nil
}

func (s *scrubbing) chain(smsc *SMSCRules) *dlt.Violation {
	if smsc.Chain == "" || smsc.Chain == dlt.ChainNone {
		return nil
	}
	if _, ok := s.reg.Chain(s.grant.Entity, string(smsc.SMSC), s.At); ok {
		return nil
	}
	return &dlt.Violation{Reason: dlt.ChainMissing,
		Detail: fmt.Sprintf("no PE-TM chain of entity %s is in force at %s", s.grant.Entity, smsc.SMSC)}
}

// warnings are of a message that passes at the SMSC.
func (s *scrubbing) warnings(smsc *SMSCRules) []Verdict {
	list := []Verdict{}
	by := s.by(smsc)
	vars, _ := s.vars(by)
	for _, v := range s.template.Warnings(vars, by) {
		list = append(list, Verdict{OK: true, Reason: v.Reason, Detail: v.Detail, Position: v.Position})
	}
	return list
}
