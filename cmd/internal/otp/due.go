package otp

import (
	"cmp"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// keyRetry is when Due is called again for a challenge whose key is not known here.
const keyRetry = 5 * time.Second

// Due takes the time: it ends a challenge whose life is over, and takes the next step of the workflow of one whose step has
// waited long enough without "delivered". Before that it gives the newest send again, as long as nobody has told what became
// of it: a process may have been killed between keeping it and sending it, and a copy is dropped by its id.
func (s *Subject) Due(k *Keyring, p *Policy, id ChallengeID, now time.Time) Outcome {
	now = moment(now)
	ch := s.find(id)
	if ch == nil {
		return Outcome{}
	}
	if out := s.lapse(ch, now); out.Changed || ch.State != Live {
		return out
	}
	if ch.stepLeft(p, now) && !now.Before(ch.stepEnd(p)) {
		return s.fallBack(k, p, ch, now)
	}
	return s.heal(k, p, ch, now)
}

// due is when Due is to be called for a challenge: at the end of its step, or of its life; never once it has ended.
func (ch *Challenge) due(p *Policy, now time.Time) time.Time {
	switch {
	case ch.State != Live:
		return time.Time{}
	case ch.stepLeft(p, now) && ch.worthSending(ch.stepEnd(p)):
		return ch.stepEnd(p)
	}
	return ch.Expires
}

// stepLeft says whether the workflow has a further step for a challenge: none where the send that somebody asked for last, or
// one that the workflow made since, was delivered. A tenant's own code was not kept, so there is
// nothing to send in one; a test number is told its code without sending.
func (ch *Challenge) stepLeft(p *Policy, now time.Time) bool {
	return ch.worthSending(now) && ch.Delivered < ch.Asked && len(ch.Own) == 0 && ch.Sends < p.Sends && ch.Step+1 < len(p.Workflow)
}

func (ch *Challenge) stepEnd(p *Policy) time.Time {
	return moment(ch.StepAt.Add(p.Workflow[ch.Step].Wait))
}

// fallBack takes the next step of the workflow.
func (s *Subject) fallBack(k *Keyring, p *Policy, ch *Challenge, now time.Time) Outcome {
	step := p.Workflow[ch.Step+1]
	var avoid []sms.SMSCID
	if step.Kind == ByNext {
		avoid = ch.SMSCs
	}
	send, err := s.sendNext(k, ch, "", avoid, step.Webhook, now)
	if err != nil {
		return Outcome{Due: now.Add(keyRetry)}
	}
	ch.Step++
	e := s.event(ledger.OTPFellBack, ch)
	e.Send, e.Route = ch.Sends, cmp.Or(step.Webhook, string(step.Kind))
	return Outcome{Send: send, Events: []ledger.OTP{e}, Changed: true, Due: ch.due(p, now)}
}

// heal gives the newest send again where nobody has told what became of it.
func (s *Subject) heal(k *Keyring, p *Policy, ch *Challenge, now time.Time) Outcome {
	out := Outcome{Due: ch.due(p, now)}
	if ch.Told >= ch.Sends || !ch.worthSending(now) {
		return out
	}
	send, err := s.lastSend(k, ch, "", now)
	if err != nil {
		out.Due = now.Add(keyRetry)
	}
	out.Send = send
	return out
}
