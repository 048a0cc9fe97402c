package dispatch

import (
	"cmp"
	"encoding/binary"
	"time"

	"harkara/dlt"
	"harkara/router"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
	"harkara/templates"
)

// plan is a request after the register's check: what will be sent, and as whom.
type plan struct {
	req      *sms.Request
	grant    dlt.Grant
	template *templates.Compiled
	vars     []sms.Secret
	facts    *ledger.Facts // goes with the first event of this delivery, then nil

	rules  *dlt.Rules // those of the SMSC at hand
	text   sms.Secret // as these rules want it
	coding *sms.Coding
	sms    sms.Message // text in this coding
	chain  string      // the PE-TM chain as the SMSC at hand wants it; empty: none
}

// plan checks a request against the register and renders its text by the rules of any SMSC: one that no SMSC would take
// is refused for what the first of them finds. It is pure but for the register's snapshot. The plan holds what was found
// out even when a failure is returned.
func (d *Dispatcher) plan(req *sms.Request, past Past) (*plan, *sms.Failure) {
	p := &plan{req: req, vars: req.Vars, facts: d.facts(req)}
	if v := d.permit(p); v != nil {
		return p, violated(v)
	}
	if past.Attempts == 0 && !past.Doubt && !d.cfg.Tenants[req.Tenant].Daily.Allow(d.cfg.Now()) {
		return p, &sms.Failure{Stage: sms.StageRoute, Code: "tenant_limit", Reason: "tenant_limit",
			Detail: "the tenant's daily limit is spent", Retryable: true}
	}
	return p, nil
}

// permit is the register's check, and the scrub by the rules of any SMSC.
func (d *Dispatcher) permit(p *plan) *dlt.Violation {
	if v := d.resolve(p); v != nil {
		return v
	}
	var first *dlt.Violation
	for _, rules := range d.rules {
		v := d.scrub(p, rules)
		if v == nil {
			return nil
		}
		first = cmp.Or(first, v)
	}
	return first
}

// resolve takes the request up with the register as it stands now; what was made of an earlier one is made anew.
func (d *Dispatcher) resolve(p *plan) (v *dlt.Violation) {
	snap := d.cfg.Register()
	p.rules, p.coding = nil, nil
	p.template, _ = snap.Catalog.Lookup(p.req.Template)
	p.grant, v = snap.Register.Resolve(dlt.Query{Template: p.req.Template, Header: p.req.Header,
		Allowed: d.cfg.Tenants[p.req.Tenant].Headers, At: d.cfg.Now()})
	if p.facts != nil {
		p.facts.Register, p.facts.Entity, p.facts.Category = snap.Register.Version(), p.grant.Entity, p.grant.Category
		if p.grant.Header != "" {
			p.facts.Header = p.grant.Header
		}
	}
	if v != nil {
		return v
	}
	if p.template == nil {
		return &dlt.Violation{Reason: dlt.TemplateInactive, Detail: "the template's content cannot be read; see dlt lint"}
	}
	return nil
}

// scrub checks the message as an SMSC's scrubber would, in the operators' order from the variables on, and gives the
// text the form that it wants; once for all SMSCs in a row that share their rules.
func (d *Dispatcher) scrub(p *plan, rules *dlt.Rules) (v *dlt.Violation) {
	if p.rules == rules {
		return nil
	}
	by := templates.Scrub{Rules: rules, CTAs: p.grant.CTAs, At: d.cfg.Now()}
	if p.req.Finished != "" {
		if p.vars, v = p.template.Match(p.req.Finished, by); v != nil {
			return lenient(v, p.template.Lenient(p.req.Finished, by))
		}
	}
	text, v := p.template.Render(p.vars, by)
	if v == nil {
		v = p.grant.CheckCategory()
	}
	if v == nil {
		v = rules.CheckHours(p.grant.Category, by.At)
	}
	if v != nil {
		return v
	}
	p.rules, p.coding = rules, nil
	if p.text != text {
		p.text = text
		if p.facts != nil {
			p.facts.Digest = d.cfg.Vault.TextDigest(p.req.Tenant, p.req.Requested, text)
			p.facts.Variables = shapes(p.vars)
		}
	}
	return nil
}

// lenient adds to what the strict reading found whether the lenient one finds it too.
func lenient(strict, loose *dlt.Violation) *dlt.Violation {
	if loose == nil {
		strict.Detail += "; an operator that ignores spaces and punctuation would let it pass"
	}
	return strict
}

// encode puts the text into the coding of the SMSC at hand, once for all SMSCs in a row that share one.
func (p *plan) encode(coding *sms.Coding) error {
	if p.coding == coding {
		return nil
	}
	message, err := coding.Encode(p.text.Reveal(), binary.BigEndian.Uint16(p.req.Key[14:]))
	if err != nil {
		return err
	}
	p.coding, p.sms = coding, message
	if p.facts != nil {
		p.facts.Encoding, p.facts.Segments = message.Encoding.String(), message.Parts
	}
	return nil
}

// measure notes what the text of a message that no SMSC was found for would have come to.
func (p *plan) measure() {
	if p.facts == nil || p.facts.Segments > 0 {
		return
	}
	var usual sms.Coding
	if size, err := usual.Measure(p.text.Reveal()); err == nil {
		p.facts.Encoding, p.facts.Segments = size.Encoding.String(), size.Parts
	}
}

func (p *plan) query(now time.Time) router.Query {
	return router.Query{Tenant: p.req.Tenant, Header: p.grant.Header, Class: p.req.Class, To: p.req.To,
		Category: p.grant.Category, At: now}
}

// facts are what the ledger keeps of a request: nothing in the clear but the last four digits.
func (d *Dispatcher) facts(req *sms.Request) *ledger.Facts {
	f := &ledger.Facts{Tenant: req.Tenant, ID: req.ID, Ref: req.Ref, Class: req.Class.String(), Template: req.Template,
		Header: req.Header, Requested: req.Requested, Deadline: req.Deadline}
	if req.To != "" {
		v, at := d.cfg.Vault, req.Requested
		f.ToLast4, f.ToDigest, f.ToSealed = req.To.Last4(), v.Digest(req.Tenant, at, req.To), v.Seal(req.Tenant, at, req.To)
		f.ToMark = v.Mark(req.To)
	}
	return f
}

func violated(v *dlt.Violation) *sms.Failure {
	return &sms.Failure{Stage: sms.StageDLT, Code: string(v.Reason), Reason: string(v.Reason), Detail: v.Detail}
}
