package app

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
	"harkara/templates"
)

// lately is how far back the operators' refusals are looked at.
const lately = 30 * 24 * time.Hour

// Lint is what is to be said of the register.
type Lint struct {
	Costs    []TemplateCosts `json:"costs"`
	Findings []dlt.Finding   `json:"findings"`
}

// Linter finds what is wrong with rows of the register, or should be known of them, as things stood when it was opened.
type Linter struct {
	Register *dlt.Register
	smscs    []SMSCRules
	codings  []Coding
	named    []templates.NamedCoding // the same
	rules    dlt.Rules               // whose variables are as long as any SMSC lets them be: lengths are judged at their worst
	profiles map[dlt.TemplateID]templates.Profile
	at       time.Time
	// When what went out last was requested.
	templates map[dlt.TemplateID]time.Time
	headers   map[storage.OwnedHeader]time.Time
	known     map[storage.OwnedHeader]time.Time // when headers came into the register
	rejected  map[row][]storage.FailureRow
	held      map[dlt.TemplateID][]storage.QuarantineRow
}

// row is one of the register, or what stands for it in failures.
type row struct {
	kind    dlt.Kind
	subject string
}

// OpenLinter reads the register, and what receipts told of it lately.
func (c *Config) OpenLinter(ctx context.Context, db *sqlx.DB, at time.Time) (*Linter, error) {
	l := &Linter{at: at, profiles: c.Profiles(), rejected: map[row][]storage.FailureRow{}, held: map[dlt.TemplateID][]storage.QuarantineRow{}}
	var err error
	if l.smscs, err = c.ScrubRules(); err != nil {
		return nil, err
	}
	l.rules = widest(l.smscs)
	if l.codings, err = c.Codings(); err != nil {
		return nil, err
	}
	for _, coding := range l.codings {
		l.named = append(l.named, templates.NamedCoding{Name: idList(coding.SMSCs), Coding: coding.Coding})
	}
	if l.Register, err = c.OpenRegister(ctx, db, 0); err != nil {
		return nil, err
	}
	if l.templates, l.headers, err = storage.Usage(ctx, db, time.Time{}); err != nil {
		return nil, err
	}
	if l.known, err = storage.HeadersSince(ctx, db); err != nil {
		return nil, err
	}
	failures, err := storage.Failures(ctx, db, storage.FailureFilter{Since: at.Add(-lately)})
	if err != nil {
		return nil, err
	}
	for _, f := range failures {
		l.rejected[row{f.Kind, f.Subject}] = append(l.rejected[row{f.Kind, f.Subject}], f)
	}
	held, err := storage.QuarantineRows(ctx, db)
	if err != nil {
		return nil, err
	}
	for _, q := range held {
		if q.ReleasedAt == nil {
			l.held[q.Template] = append(l.held[q.Template], q)
		}
	}
	return l, nil
}

func widest(smscs []SMSCRules) dlt.Rules {
	if len(smscs) == 0 {
		return dlt.RulesOf("")
	}
	rules := *smscs[0].Rules
	for _, s := range smscs[1:] {
		rules.Untyped, rules.Numeric = max(rules.Untyped, s.Rules.Untyped), max(rules.Numeric, s.Rules.Numeric)
		rules.Alphanumeric, rules.URL = max(rules.Alphanumeric, s.Rules.Alphanumeric), max(rules.URL, s.Rules.URL)
	}
	return rules
}

// All yields the findings on templates, then on headers, then on entities with their CTAs and chains, each in the order
// of their ids.
func (l *Linter) All() iter.Seq[dlt.Finding] {
	return func(yield func(dlt.Finding) bool) {
		each := func(findings []dlt.Finding) bool {
			return !slices.ContainsFunc(findings, func(f dlt.Finding) bool { return !yield(f) })
		}
		for t := range l.Register.Templates() {
			if !each(l.Template(t)) {
				return
			}
		}
		for h := range l.Register.Headers() {
			if !each(l.Header(h)) {
				return
			}
		}
		for e := range l.Register.Entities() {
			if !each(l.entity(e)) {
				return
			}
		}
	}
}

// Template returns the findings on one template.
func (l *Linter) Template(t *dlt.Template) []dlt.Finding {
	entity, _ := l.Register.Entity(t.Entity)
	q := templates.LintQuery{Template: t, Entity: entity, CTAs: l.Register.CTAs(t.Entity), Rules: &l.rules, Codings: l.named, At: l.at}
	if p, ok := l.profiles[t.ID]; ok {
		q.Profile = &p
	}
	findings := templates.Lint(q)
	return slices.Concat(findings, l.quarantined(t), l.rejects(dlt.KindTemplate, string(t.ID), t.Entity))
}

// Header returns the findings on one header.
func (l *Linter) Header(h *dlt.HeaderRecord) []dlt.Finding {
	header := *h
	if known := l.known[storage.OwnedHeader{Header: h.Header, Entity: h.Entity}]; known.After(header.From) {
		header.From = known // it can't have been used from here before
	}
	findings := templates.LintHeader(&header, l.HeaderUsed(h.Header, h.Entity), l.at)
	return append(findings, l.rejects(dlt.KindHeader, string(h.Header), h.Entity)...)
}

func (l *Linter) entity(e *dlt.Entity) []dlt.Finding {
	id := string(e.ID)
	return slices.Concat(l.rejects(dlt.KindEntity, id, e.ID), l.rejects(dlt.KindCTA, id, e.ID), l.rejects(dlt.KindChain, id, e.ID),
		l.chains(e))
}

// Costs measures one template for each coding; nothing where its text can't be read, which is a finding.
func (l *Linter) Costs(t *dlt.Template) []TemplateCosts {
	compiled, err := templates.Compile(*t)
	if err != nil {
		return nil
	}
	return templateCosts(compiled, l.codings, &l.rules)
}

// Held lists the SMSCs where the template is in quarantine.
func (l *Linter) Held(id dlt.TemplateID) []sms.SMSCID {
	list := []sms.SMSCID{}
	for _, q := range l.held[id] {
		list = append(list, q.SMSC)
	}
	return list
}

// TemplateUsed is when the last message that went out by the template was requested; zero: never.
func (l *Linter) TemplateUsed(id dlt.TemplateID) time.Time { return l.templates[id] }

// HeaderUsed is when the last message that went out under an entity's header was requested; zero: never.
func (l *Linter) HeaderUsed(h dlt.Header, owner dlt.EntityID) time.Time {
	return l.headers[storage.OwnedHeader{Header: h, Entity: owner}]
}

func idList(ids []sms.SMSCID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	return strings.Join(texts, ", ")
}
