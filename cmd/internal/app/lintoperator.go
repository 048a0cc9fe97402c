package app

import (
	"fmt"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/templates"
)

// Findings that come of what SMSCs are configured to want, and of what their receipts say.
var (
	operatorRejects = templates.LintCode{Code: "operator_rejects", Kind: dlt.KindTemplate, Severity: dlt.Error,
		Means: "an SMSC's scrubber refused messages in the last 30 days; found on headers, entities, ctas and chains too"}
	quarantined = templates.LintCode{Code: "quarantined", Kind: dlt.KindTemplate, Severity: dlt.Error,
		Means: "the template is held back at an SMSC, after failures for good in a row"}
	chainMissing = templates.LintCode{Code: "chain_missing", Kind: dlt.KindChain, Severity: dlt.Error,
		Means: "an SMSC wants the PE-TM chain, and none of the entity is in force there"}
	chainFaulty = templates.LintCode{Code: "chain_faulty", Kind: dlt.KindChain, Severity: dlt.Warning,
		Means: "the PE-TM chain in force is not made as the SMSC's operator takes it"}
)

// LintCodes lists every code of a finding.
func LintCodes() []templates.LintCode {
	return append(templates.LintCodes(), quarantined, operatorRejects, chainMissing, chainFaulty)
}

// mends are by what a scrubber's refusal blames.
var mends = map[dlt.ErrorClass]string{
	dlt.ClassEntity:   "see on the operator's portal whether the entity is active, and dlt import --kind entities",
	dlt.ClassHeader:   "see on the operator's portal whether the header is active and linked, and dlt import --kind headers",
	dlt.ClassTemplate: "compare the template with the operator's portal, dlt import its export, and dlt release it where it is held back",
	dlt.ClassChain:    "have the chain approved on the operator's portal, and compare dlt: of the SMSC in the configuration",
	dlt.ClassCTA:      "whitelist the URL, number or address on the operator's portal, and dlt import --kind ctas",
	dlt.ClassCategory: "compare the category of the template and of its headers with the operator's portal",
	dlt.ClassContent:  "compare the template's text with the operator's portal, to the character, and dlt import its export",
}

// rejects are what scrubbers refused lately for a row of the register.
func (l *Linter) rejects(kind dlt.Kind, subject string, owner dlt.EntityID) []dlt.Finding {
	var findings []dlt.Finding
	for _, f := range l.rejected[row{kind, subject}] {
		if f.Entity != owner {
			continue
		}
		findings = append(findings, dlt.Finding{Code: operatorRejects.Code, Severity: operatorRejects.Severity, Kind: kind,
			Subject: subject, Entity: owner, Operator: string(l.operator(f.SMSC)),
			Detail: fmt.Sprintf("%s refused %d message(s) of template %s: %s %s, last at %s", f.SMSC, f.Count, f.Template, f.Code,
				f.Reason, minute(f.LastAt)),
			Mend: mends[f.Class]})
	}
	return findings
}

func (l *Linter) quarantined(t *dlt.Template) []dlt.Finding {
	var findings []dlt.Finding
	for _, q := range l.held[t.ID] {
		findings = append(findings, dlt.Finding{Code: quarantined.Code, Severity: quarantined.Severity, Kind: quarantined.Kind,
			Subject: string(t.ID), Entity: t.Entity, Operator: string(l.operator(q.SMSC)),
			Detail: fmt.Sprintf("held back at %s since %s, after %d failures in a row: %s %s", q.SMSC, minute(q.QuarantinedAt),
				q.Failures, q.Code, q.Reason),
			Mend: fmt.Sprintf("mend it on the operator's portal, then dlt release --template %s --smsc %s", t.ID, q.SMSC)})
	}
	return findings
}

// chains are the findings on the entity's chains at the SMSCs that want one.
func (l *Linter) chains(e *dlt.Entity) []dlt.Finding {
	var findings []dlt.Finding
	for _, s := range l.smscs {
		if s.Chain == "" || s.Chain == dlt.ChainNone || !e.InForce(l.at) {
			continue
		}
		add := func(code templates.LintCode, detail, mend string) {
			findings = append(findings, dlt.Finding{Code: code.Code, Severity: code.Severity, Kind: code.Kind, Subject: string(e.ID),
				Entity: e.ID, Operator: string(s.Rules.Operator), Detail: detail, Mend: mend})
		}
		ids, ok := l.Register.Chain(e.ID, string(s.SMSC), l.at)
		if !ok {
			add(chainMissing, fmt.Sprintf("%s wants the PE-TM chain (%s), and none of the entity is in force there", s.SMSC, s.Chain),
				"dlt import --kind chains, or add it to chains: in the configuration")
			continue
		}
		for _, fault := range dlt.CheckChain(s.Rules.Operator, ids) {
			add(chainFaulty, fmt.Sprintf("at %s: %s", s.SMSC, fault), "compare the chain with the one on the operator's portal")
		}
	}
	return findings
}

func (l *Linter) operator(id sms.SMSCID) dlt.Operator {
	for _, s := range l.smscs {
		if s.SMSC == id {
			return s.Rules.Operator
		}
	}
	return ""
}

// minute writes a time in India, to the minute.
func minute(t time.Time) string { return t.In(dlt.IST).Format("2006-01-02 15:04 IST") }
