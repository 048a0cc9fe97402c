package otp

import (
	"time"

	"harkara/smpp/sms"
)

// Fate is what became of a send.
type Fate string

// The fates.
const (
	Sent      Fate = "sent"
	Delivered Fate = "delivered"
	Failed    Fate = "undelivered" // it will not get there by this send
)

// Told takes what became of a send of a challenge. It may come twice and in any order, and for a challenge that has ended,
// whose state it does not change. Where the newest send failed, the workflow's next step is taken at once; where that was
// done before (this is told again to whoever was killed in the middle), its send is given again; not so a webhook's, which has
// no copies that are dropped and may be on its way yet: that is left to the time.
func (s *Subject) Told(k *Keyring, p *Policy, id ChallengeID, send int, fate Fate, smsc sms.SMSCID, now time.Time) Outcome {
	now = moment(now)
	ch := s.find(id)
	if ch == nil || send < 1 || send > ch.Sends {
		return Outcome{}
	}
	news := ch.took(smsc, send) // also of what failed: word of it may come before that it was sent
	if send > ch.Told {
		ch.Told, news = send, true
	}
	if fate == Delivered && send > ch.Delivered {
		ch.Delivered, news = send, true
	}
	if fate == Delivered && ch.By == "" && smsc != "" {
		ch.By, news = smsc, true
	}
	out := Outcome{Due: ch.due(p, now)}
	switch {
	case fate != Failed || !ch.live(now):
	case send < ch.Sends && ch.Webhook == "":
		out = s.heal(k, p, ch, now)
	case send == ch.Sends && ch.stepLeft(p, now):
		out = s.fallBack(k, p, ch, now)
	}
	out.Changed = out.Changed || news
	return out
}
