package otp

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"harkara/smpp/sms"
)

// unreadable is the fault where a challenge can't be worked with: this process does not have the key yet that another one
// made it with, or what is kept was changed by somebody else.
var unreadable = &Error{Code: Unavailable, Detail: "the challenge was made with a key that is not known here; try again, " +
	"and where that does not help, see that all gateways have the same OTP keys", RetryAfter: 1}

// Where a code and what is left of its life stand in a call's vars.
const (
	CodeMark    = "{code}"
	MinutesMark = "{minutes}"
)

// Fill puts a code, and what is left of its life in whole minutes, at least one, where they belong.
func Fill(vars []string, code sms.Secret, left time.Duration) []sms.Secret {
	put := strings.NewReplacer(CodeMark, code.Reveal(), MinutesMark, strconv.Itoa(max(1, int(left/time.Minute))))
	filled := make([]sms.Secret, len(vars))
	for i, v := range vars {
		filled[i] = sms.Secret(put.Replace(v))
	}
	return filled
}

// lastSend is the newest send of a challenge, the same each time but for what is left of its life: everything else follows
// from what is kept, so that a process that comes after one that ended can send it, and a copy is a copy. own is the tenant's
// own code; without it no send of such a challenge can be made, and nil is returned, except to a test number, where it
// does not matter.
func (s *Subject) lastSend(k *Keyring, ch *Challenge, own sms.Secret, now time.Time) (*Send, *Error) {
	key := k.codes[ch.Key]
	if key == nil {
		return nil, unreadable
	}
	to, vars, ok := key.opened(ch)
	if !ok {
		return nil, unreadable
	}
	code := own
	switch {
	case len(ch.Own) == 0:
		code = key.code(s, ch, to)
	case !ch.Test && !key.matches(s, ch, own, to):
		return nil, nil
	}
	filled := Fill(vars, code, ch.Expires.Sub(ch.SentAt))
	return &Send{Challenge: ch.ID, Number: ch.Sends, To: to, Code: code, Template: ch.Template, Header: ch.Header, Vars: filled,
		Life: ch.Expires.Sub(now), Avoid: slices.Clone(ch.Avoid), Purpose: s.Purpose, Webhook: ch.Webhook, Test: ch.Test,
		Requested: ch.Requested, Expires: ch.Expires}, nil
}

// sendNext makes a further send of a challenge, by any SMSC but those to avoid, or by a webhook, and counts it for the challenge
// and for number and purpose. Where there is none (see lastSend), nothing changes.
func (s *Subject) sendNext(k *Keyring, ch *Challenge, own sms.Secret, avoid []sms.SMSCID, webhook string, now time.Time) (*Send, *Error) {
	next := *ch
	next.Sends++
	next.SentAt, next.StepAt = now, now
	next.Avoid, next.Webhook = slices.Clone(avoid), webhook
	send, err := s.lastSend(k, &next, own, now)
	if send == nil {
		return nil, err
	}
	*ch = next
	s.Sent, s.SentAt = s.sent(now)+1, now
	return send, nil
}

// forgetSends is how long after the last of them sends in a row are remembered.
const forgetSends = time.Hour

// sent is how many sends in a row are remembered, over all challenges: a new one must not start the cool-downs anew. A right code
// does.
func (s *Subject) sent(now time.Time) int {
	if now.Sub(s.SentAt) >= forgetSends {
		return 0
	}
	return s.Sent
}

// cooling is for how long no further send may be asked for yet; 0: it may be.
func (s *Subject) cooling(p *Policy, now time.Time) time.Duration {
	sent := s.sent(now)
	if sent == 0 || len(p.Cooldown) == 0 {
		return 0
	}
	return max(0, s.SentAt.Add(p.Cooldown[min(sent, len(p.Cooldown))-1]).Sub(now))
}
