package dispatch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"harkara/dlt"
	"harkara/router"
	"harkara/smpp/sms"
	"harkara/storage"
)

// waitForRoom is how often a message without a live SMSC, or with full lanes, looks again.
const waitForRoom = 20 * time.Millisecond

// roundsMax is how often a message asks all its SMSCs again after every one of them sent it away.
const roundsMax = 4

// choose names the SMSC of the next attempt. Where none can take the message now it waits, until the deadline (a
// failure), the loss of its lease or the end of the gateway (errors). A message that was not planned just now, or has
// waited, is taken up anew: the register may have changed, or the hours of promotional messages ended.
func (d *Dispatcher) choose(ctx context.Context, p *plan, a *attempt) (*SMSC, *sms.Failure, error) {
	for waited := a.number > 0; ; {
		if !p.req.Lease.Held(d.cfg.Now()) { // whoever has it now ends it, too
			return nil, nil, ErrLetGo
		}
		if waited && a.stay == "" { // parts that are there already must be joined by parts of the same text
			a.cannot, a.first = nil, nil
			if v := d.resolve(p); v != nil {
				return nil, violated(v), nil
			}
		}
		waited = false
		if ctx.Err() != nil {
			return nil, nil, ErrStopping
		}
		if !d.cfg.Now().Before(p.req.Deadline) {
			return nil, deadlinePassed, nil
		}
		decision := d.cfg.Table.Select(p.query(d.cfg.Now()), d, rand.Uint64())
		if decision.Reason != "" {
			return nil, routeFailure(decision.Reason), nil
		}
		list := allowed(decision.Candidates, p.req.Avoid)
		if len(list) == 0 {
			return nil, allAvoided, nil
		}
		smsc, hope := pick(d.cfg.SMSCs, list, a)
		if smsc != nil {
			unfit := d.fit(p, smsc)
			if unfit == nil {
				return smsc, nil, nil
			}
			a.unfit(smsc, unfit)
			continue
		}
		if !hope {
			if failure := a.uncarried(); failure != nil {
				return nil, failure, nil
			}
			// Trouble of every SMSC at once may pass; an account that is wrong everywhere does not.
			if a.rounds++; a.rounds > roundsMax {
				return nil, turnedAway, nil
			}
			a.away = nil
			continue
		}
		if err := d.sleep(ctx, min(waitForRoom, p.req.Deadline.Sub(d.cfg.Now()))); err != nil {
			return nil, nil, err
		}
		waited = true
	}
}

// allowed leaves of a route's SMSCs those that may have the message: they take its category, and it is not to avoid them.
// It makes use of the list.
func allowed(list []router.Candidate, avoid []sms.SMSCID) []router.Candidate {
	return slices.DeleteFunc(list, func(c router.Candidate) bool {
		return c.Skip == router.Barred || slices.Contains(avoid, c.SMSC)
	})
}

// pick takes the first candidate that can take the message now: the one that holds its other segments, or else one
// that did not just throttle us, or else any. hope says whether waiting may help.
func pick(smscs map[sms.SMSCID]*SMSC, list []router.Candidate, a *attempt) (smsc *SMSC, hope bool) {
	var second *SMSC
	for _, c := range list {
		_, gone := a.away[c.SMSC]
		_, never := a.cannot[c.SMSC]
		if gone || never || a.stay != "" && c.SMSC != a.stay {
			continue
		}
		hope = true
		if c.Skip != router.Ready {
			continue
		}
		s := smscs[c.SMSC]
		if _, busy := a.busy[c.SMSC]; !busy {
			return s, true
		}
		if second == nil {
			second = s
		}
	}
	return second, hope
}

// fit prepares the message for an SMSC, or says why it can't carry it: its scrubber's rules, a quarantine, a chain that
// it wants and that is not there, or its coding.
func (d *Dispatcher) fit(p *plan, smsc *SMSC) error {
	if v := d.scrub(p, smsc.Rules); v != nil {
		return v
	}
	snap := d.cfg.Register()
	p.chain = ""
	if mode := smsc.Profile.Chain; mode != dlt.ChainNone && mode != "" {
		ids, ok := snap.Register.Chain(p.grant.Entity, string(smsc.ID), d.cfg.Now())
		if !ok {
			return &dlt.Violation{Reason: dlt.ChainMissing, Detail: fmt.Sprintf("no PE-TM chain of entity %s is in force there", p.grant.Entity)}
		}
		p.chain = dlt.ChainValue(mode, ids)
	}
	if since, held := snap.Quarantine[storage.Pair{Template: p.grant.Template, SMSC: smsc.ID}]; held {
		return &dlt.Violation{Reason: dlt.Quarantined, Detail: fmt.Sprintf("template %s is held back there since %s, as its scrubber "+
			"refused it for good; see dlt quarantine", p.grant.Template, since.In(dlt.IST).Format("2006-01-02 15:04 IST"))}
	}
	return p.encode(smsc.Profile.Coding)
}

// unfit notes that an SMSC can't carry the message.
func (a *attempt) unfit(smsc *SMSC, why error) {
	if a.cannot == nil {
		a.cannot, a.first = map[sms.SMSCID]error{}, fmt.Errorf("%s: %w", smsc.ID, why)
	}
	a.cannot[smsc.ID] = why
}

// uncarried is the failure of a message that no SMSC of its route can carry, as the first of them has it; nil where one
// can, or none was asked.
func (a *attempt) uncarried() *sms.Failure {
	if len(a.away) > 0 || a.first == nil {
		return nil
	}
	f := *noCoding
	f.Detail = fmt.Sprintf("no SMSC of its route can carry the message; %v", a.first)
	var v *dlt.Violation
	switch {
	case errors.As(a.first, &v):
		f.Stage, f.Code, f.Reason = sms.StageDLT, string(v.Reason), string(v.Reason)
	case !errors.As(a.first, new(*sms.UnfitError)): // it is no text at all, or far too long, wherever it goes
		f.Stage, f.Code, f.Reason = sms.StageDLT, string(dlt.VariableWrongType), string(dlt.VariableWrongType)
	}
	return &f
}

// Live tells the route table whether an SMSC has a bind.
func (d *Dispatcher) Live(id sms.SMSCID) bool { return d.cfg.SMSCs[id].Pool.Live() }

// Room tells the route table how much an SMSC's lane can take.
func (d *Dispatcher) Room(id sms.SMSCID, class sms.Class) int {
	return d.cfg.SMSCs[id].Pool.Room(class)
}
