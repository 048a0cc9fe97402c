package otp

import (
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// unknownChallenge is the fault for an id that the subject has no challenge of, or no more.
var unknownChallenge = &Error{Code: UnknownChallenge, Detail: "there is no such challenge, or none any more"}

// Resend sends the code of a live challenge once more: the same code, by the best route. own is the tenant's own code, where the
// challenge is of one; another code is a wrong one, and counts as one for number and purpose: the subject is to be kept then
// (Outcome.Changed), although the call fails. It fails with UnknownChallenge, NotLive, LockedOut, TooManySends, Cooldown,
// CodeRequired, BadRequest (another own code) and Unavailable.
func (s *Subject) Resend(k *Keyring, p *Policy, id ChallengeID, own sms.Secret, now time.Time) (Outcome, *Error) {
	now = moment(now)
	ch := s.find(id)
	switch {
	case ch == nil:
		return Outcome{}, unknownChallenge
	case !ch.live(now):
		return Outcome{}, &Error{Code: NotLive, Detail: "the challenge has ended; request a new one"}
	case !ch.worthSending(now):
		return Outcome{}, &Error{Code: NotLive, Detail: "the challenge ends in a moment; request a new one"}
	case s.locked(now) > 0:
		return s.refused(s.event("", ch), LockedOut, "too many wrong codes for this number and purpose", s.locked(now))
	case ch.Sends >= p.Sends:
		return s.refused(s.event("", ch), TooManySends, "no sends of this challenge are left; request a new one", 0)
	}
	if wait := s.cooling(p, now); wait > 0 {
		return s.refused(s.event("", ch), Cooldown, sentJustNow, wait)
	}
	if len(ch.Own) > 0 && !ch.Test && own == "" {
		return Outcome{}, &Error{Code: CodeRequired, Detail: "the code is the tenant's own and was not kept: give it again"}
	}
	send, err := s.sendNext(k, ch, own, nil, "", now) // by the best route again: after a failure the workflow has tried the others
	switch {
	case err != nil:
		return Outcome{}, err
	case send == nil:
		return s.otherOwn(p, ch, now)
	}
	ch.Asked = ch.Sends
	e := s.event(ledger.OTPResent, ch)
	e.Send = ch.Sends
	return Outcome{Answer: s.answer(p, ch, now), Send: send, Events: []ledger.OTP{e}, Changed: true, Due: ch.due(p, now)}, nil
}

// otherOwn refuses a resend with another own code than the challenge's. It counts, since whoever may ask as often as they like
// which code is the right one need not verify.
func (s *Subject) otherOwn(p *Policy, ch *Challenge, now time.Time) (Outcome, *Error) {
	e := s.event(ledger.OTPFailed, ch)
	e.Left = ch.triesLeft(p, now)
	return Outcome{Events: append([]ledger.OTP{e}, s.struck(p, ch, now)...), Changed: true, Due: ch.due(p, now)},
		&Error{Code: BadRequest, Detail: "code: not the one that the challenge was requested with"}
}
