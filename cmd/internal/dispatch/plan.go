package dispatch

import (
	"encoding/binary"
	"time"

	"harkara/dlt"
	"harkara/router"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// plan is a request after the register's check: what will be sent, and as whom.
type plan struct {
	req   *sms.Request
	grant dlt.Grant
	text  sms.Secret
	facts *ledger.Facts // goes with the first event of this delivery, then nil

	coding *sms.Coding // that of the SMSC at hand
	sms    sms.Message // text in this coding
}

// plan checks a request against the register and renders its text. It is pure but for the register's snapshot.
// The plan holds what was found out even when a failure is returned.
func (d *Dispatcher) plan(req *sms.Request, past Past) (*plan, *sms.Failure) {
	p := &plan{req: req, facts: d.facts(req)}
	tenant := d.cfg.Tenants[req.Tenant]
	snap := d.cfg.Register()
	grant, v := snap.Register.Resolve(dlt.Query{Template: req.Template, Header: req.Header, Allowed: tenant.Headers})
	p.grant = grant
	p.facts.Entity, p.facts.Category = grant.Entity, grant.Category
	if grant.Header != "" {
		p.facts.Header = grant.Header
	}
	if v != nil {
		return p, violated(v)
	}
	if v := dlt.CheckHours(grant.Category, d.cfg.Now()); v != nil {
		return p, violated(v)
	}
	template, ok := snap.Catalog.Lookup(req.Template)
	if !ok {
		return p, violated(&dlt.Violation{Reason: dlt.TemplateInactive, Detail: "the template's content cannot be read; see dlt lint"})
	}
	text, v := template.Render(req.Vars)
	if v != nil {
		return p, violated(v)
	}
	if past.Attempts == 0 && !past.Doubt && !tenant.Daily.Allow(d.cfg.Now()) {
		return p, &sms.Failure{Stage: sms.StageRoute, Code: "tenant_limit", Reason: "tenant_limit",
			Detail: "the tenant's daily limit is spent", Retryable: true}
	}
	p.text, p.facts.Digest = text, d.cfg.Vault.TextDigest(req.Tenant, text)
	return p, nil
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
		f.ToLast4, f.ToDigest, f.ToSealed = req.To.Last4(), d.cfg.Vault.Digest(req.To), d.cfg.Vault.Seal(req.To)
	}
	return f
}

func violated(v *dlt.Violation) *sms.Failure {
	return &sms.Failure{Stage: sms.StageDLT, Code: string(v.Reason), Reason: string(v.Reason), Detail: v.Detail}
}
