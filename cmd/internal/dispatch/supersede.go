package dispatch

import (
	"sync"
	"time"

	"harkara/dlt"
	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// heldMax bounds how many OTPs are remembered for cancelling.
const heldMax = 1 << 16

// addressee says whose code an OTP is: a newer one for the same makes it worthless.
type addressee struct {
	tenant   sms.TenantID
	to       sms.MSISDN
	template dlt.TemplateID
}

// cancellable is an OTP that an SMSC took and that may still be on its way.
type cancellable struct {
	smsc     *SMSC
	header   dlt.Header
	ids      []string // as the SMSC wrote them
	deadline time.Time
}

// held is the newest OTP of each addressee, at the SMSCs that are configured to take cancel_sm.
type held struct {
	mu  sync.Mutex
	all map[addressee]cancellable
}

// replace remembers an OTP and returns the one that it supersedes, if that may still be on its way.
func (h *held) replace(who addressee, newest cancellable, now time.Time) (old cancellable, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all == nil {
		h.all = map[addressee]cancellable{}
	}
	old, ok = h.all[who]
	if len(h.all) >= heldMax {
		h.forget(now)
	}
	if len(newest.ids) > 0 && len(h.all) < heldMax {
		h.all[who] = newest
	} else {
		delete(h.all, who)
	}
	return old, ok && now.Before(old.deadline)
}

// forget drops what has outlived its deadline.
func (h *held) forget(now time.Time) {
	for who, c := range h.all {
		if !now.Before(c.deadline) {
			delete(h.all, who)
		}
	}
}

// supersede has the SMSC drop the code that the handset's user was sent before this one, if it is still on its way.
// Only OTPs, and only at SMSCs that are configured for cancel_sm.
func (d *Dispatcher) supersede(p *plan, smsc *SMSC, out bind.Outcome) {
	if p.req.Class != sms.OTP || !d.cancels {
		return
	}
	who := addressee{p.req.Tenant, p.req.To, p.req.Template}
	newest := cancellable{smsc: smsc, header: p.grant.Header, deadline: p.req.Deadline}
	for _, a := range out.Answers {
		if smsc.Cancel && a.Verdict == session.Accepted && a.MessageID != "" {
			newest.ids = append(newest.ids, a.MessageID)
		}
	}
	if old, ok := d.held.replace(who, newest, d.cfg.Now()); ok {
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
