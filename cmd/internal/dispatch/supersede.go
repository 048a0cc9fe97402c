package dispatch

import (
	"sync"
	"time"

	"harkara/dlt"
	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/receipt"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// heldMax bounds how many OTPs are remembered for cancelling, and sweepEvery how often those that are dead are looked for.
const (
	heldMax    = 1 << 16
	sweepEvery = 5 * time.Second
)

// addressee says whose code an OTP is: a newer one for the same makes it worthless.
type addressee struct {
	tenant   sms.TenantID
	to       sms.MSISDN
	template dlt.TemplateID
}

// cancellable is an OTP that an SMSC took and that may still be on its way.
type cancellable struct {
	smsc                *SMSC
	header              dlt.Header
	ids                 []string // as the SMSC wrote them
	requested, deadline time.Time
}

// handle is how an SMSC names a segment.
type handle struct {
	smsc sms.SMSCID
	id   sms.MessageID
}

// held is the newest OTP of each addressee, while no receipt has settled it.
type held struct {
	mu    sync.Mutex
	all   map[addressee]cancellable
	whose map[handle]addressee
	swept time.Time
}

// replace remembers an OTP, unless a newer one is held, and returns the one that is superseded by the other.
func (h *held) replace(who addressee, one cancellable, now time.Time) (old cancellable, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all == nil {
		h.all, h.whose = map[addressee]cancellable{}, map[handle]addressee{}
	}
	old, ok = h.all[who]
	if ok && old.requested.After(one.requested) { // the older one was accepted last
		return one, len(one.ids) > 0 && now.Before(one.deadline)
	}
	h.drop(who)
	if len(h.all) >= heldMax && now.Sub(h.swept) >= sweepEvery {
		h.sweep(now)
	}
	if len(one.ids) > 0 && len(h.all) < heldMax {
		h.all[who] = one
		for _, id := range one.ids {
			h.whose[one.handle(id)] = who
		}
	}
	return old, ok && now.Before(old.deadline)
}

// settled forgets the OTP that a final receipt is about.
func (h *held) settled(of handle) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if who, ok := h.whose[of]; ok {
		h.drop(who)
	}
}

func (h *held) drop(who addressee) {
	old := h.all[who]
	for _, id := range old.ids {
		delete(h.whose, old.handle(id))
	}
	delete(h.all, who)
}

// sweep drops what has outlived its deadline.
func (h *held) sweep(now time.Time) {
	h.swept = now
	for who, c := range h.all {
		if !now.Before(c.deadline) {
			h.drop(who)
		}
	}
}

func (c *cancellable) handle(id string) handle {
	return handle{c.smsc.ID, receipt.Canonical(id, c.smsc.SubmitID)}
}

// supersede has the SMSC drop the code that the handset's user was sent before this one, if it is still on its way.
// Only OTPs, and only at SMSCs that are configured for cancel_sm.
func (d *Dispatcher) supersede(p *plan, smsc *SMSC, out bind.Outcome) {
	if p.req.Class != sms.OTP || !d.cancels {
		return
	}
	who := addressee{p.req.Tenant, p.req.To, p.req.Template}
	one := cancellable{smsc: smsc, header: p.grant.Header, requested: p.req.Requested, deadline: p.req.Deadline}
	for _, a := range out.Answers {
		if smsc.Cancel && a.Verdict == session.Accepted && a.MessageID != "" {
			one.ids = append(one.ids, a.MessageID)
		}
	}
	if old, ok := d.held.replace(who, one, d.cfg.Now()); ok {
		d.late.Go(func() { d.cancel(who, old) })
	}
}

// cancel asks for each segment. What comes of it is told by the receipt: DELETED, or what it would have been.
func (d *Dispatcher) cancel(who addressee, old cancellable) {
	f := &old.smsc.Profile
	for _, id := range old.ids {
		status, err := old.smsc.Pool.Cancel(d.running, pdu.Inquiry{MessageID: id,
			SourceTON: f.SourceTON, SourceNPI: f.SourceNPI, Source: string(old.header),
			DestTON: f.DestTON, DestNPI: f.DestNPI, Dest: who.to.Digits()})
		if err != nil {
			d.cfg.Log.Debug("cancel_sm came to nothing", "smsc", old.smsc.ID, "error", err)
		}
		if d.cfg.Trace.Cancelled != nil {
			d.cfg.Trace.Cancelled(old.smsc.ID, err == nil && status == pdu.ESME_ROK)
		}
	}
}

// cancelsAny says whether any SMSC takes cancel_sm.
func cancelsAny(smscs map[sms.SMSCID]*SMSC) bool {
	for _, s := range smscs {
		if s.Cancel {
			return true
		}
	}
	return false
}
