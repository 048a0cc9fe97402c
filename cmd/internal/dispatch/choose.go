package dispatch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"harkara/dlt"
	"harkara/router"
	"harkara/smpp/sms"
)

// waitForRoom is how often a message without a live SMSC, or with full lanes, looks again.
const waitForRoom = 20 * time.Millisecond

// roundsMax is how often a message asks all its SMSCs again after every one of them sent it away.
const roundsMax = 4

// choose names the SMSC of the next attempt. Where none can take the message now it waits, until the deadline (a
// failure) or the end of the gateway (an error).
func (d *Dispatcher) choose(ctx context.Context, p *plan, a *attempt) (*SMSC, *sms.Failure, error) {
	for {
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
		smsc, hope := pick(d.cfg.SMSCs, decision.Candidates, a)
		if smsc != nil {
			unfit := p.encode(smsc.Profile.Coding)
			if unfit == nil {
				return smsc, nil, nil
			}
			a.unfit(smsc, unfit)
			continue
		}
		if !hope {
			if failure := a.unencodable(); failure != nil {
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
	}
}

// pick takes the first candidate that can take the message now: the one that holds its other segments, or else one
// that did not just throttle us, or else any. hope says whether waiting may help.
func pick(smscs map[sms.SMSCID]*SMSC, list []router.Candidate, a *attempt) (smsc *SMSC, hope bool) {
	var second *SMSC
	for _, c := range list {
		_, gone := a.away[c.SMSC]
		_, never := a.cannot[c.SMSC]
		if gone || never || c.Skip == router.Barred || a.stay != "" && c.SMSC != a.stay {
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

// unfit notes that the text has no form in an SMSC's coding.
func (a *attempt) unfit(smsc *SMSC, why error) {
	if a.cannot == nil {
		a.cannot = map[sms.SMSCID]error{}
	}
	a.cannot[smsc.ID] = why
}

// unencodable is the failure of a text that no SMSC of its route can carry; nil where one can, or none was asked.
func (a *attempt) unencodable() *sms.Failure {
	if len(a.away) > 0 {
		return nil
	}
	for id, why := range a.cannot {
		f := *noCoding
		f.Detail = fmt.Sprintf("no SMSC of its route can carry the text; %s: %v", id, why)
		if !errors.As(why, new(*sms.UnfitError)) { // it is no text at all, or far too long, wherever it goes
			f.Stage, f.Code, f.Reason = sms.StageDLT, string(dlt.VariableWrongType), string(dlt.VariableWrongType)
		}
		return &f
	}
	return nil
}

// Live tells the route table whether an SMSC has a bind.
func (d *Dispatcher) Live(id sms.SMSCID) bool { return d.cfg.SMSCs[id].Pool.Live() }

// Room tells the route table how much an SMSC's lane can take.
func (d *Dispatcher) Room(id sms.SMSCID, class sms.Class) int {
	return d.cfg.SMSCs[id].Pool.Room(class)
}
