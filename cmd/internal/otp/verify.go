package otp

import (
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// Verify compares a code. The code is computed and compared whatever the challenge's state, so that neither the answer nor its
// time tells of a challenge that has ended, or of a locked one, whether the code was right. It fails with BadRequest (no code),
// UnknownChallenge and Unavailable, and then counts nothing.
func (s *Subject) Verify(k *Keyring, p *Policy, id ChallengeID, code sms.Secret, now time.Time) (
	VerifyAnswer, Outcome, *Error) {
	if code == "" || len(code) > longestCode {
		return VerifyAnswer{}, Outcome{}, noCode
	}
	now = moment(now)
	ch := s.find(id)
	if ch == nil {
		return VerifyAnswer{}, Outcome{}, unknownChallenge
	}
	key := k.codes[ch.Key]
	if key == nil {
		return VerifyAnswer{}, Outcome{}, unreadable
	}
	to, _, ok := key.opened(ch)
	if !ok {
		return VerifyAnswer{}, Outcome{}, unreadable
	}
	right := key.matches(s, ch, code, to)
	left := ch.triesLeft(p, now)
	if out := s.lapse(ch, now); out.Changed || ch.State != Live {
		return s.ended(ch, now), out, nil
	}
	switch lock := s.locked(now); {
	case lock > 0 || left == 0: // nothing changes, so that such calls cost as little as they can
		return VerifyAnswer{Result: Locked, AttemptsLeft: left, RetryAfter: seconds(lock)}, Outcome{}, nil
	case right:
		return VerifyAnswer{Result: OK, AttemptsLeft: left}, s.verified(ch), nil
	}
	events := s.failed(p, ch, now)
	return VerifyAnswer{Result: Wrong, AttemptsLeft: ch.triesLeft(p, now)},
		Outcome{Events: events, Changed: true, Due: ch.due(p, now)}, nil
}

// longestCode is how long what is typed may be.
const longestCode = 64

// noCode is the fault of whoever verifies nothing that can be a code: it is no guess.
var noCode = &Error{Code: BadRequest, Detail: "code: want 1 to 64 characters"}

// ended answers for a challenge that has ended, the same for any code.
func (s *Subject) ended(ch *Challenge, now time.Time) VerifyAnswer {
	switch ch.State {
	case Verified:
		return VerifyAnswer{Result: Used}
	case Exhausted:
		return VerifyAnswer{Result: Locked, RetryAfter: seconds(s.locked(now))}
	}
	return VerifyAnswer{Result: Expired}
}

// verified takes a right code: the challenge is used, and all failures and sends are forgotten.
func (s *Subject) verified(ch *Challenge) Outcome {
	ch.State = Verified
	s.strikes, s.Sent, s.SentAt = strikes{}, 0, time.Time{}
	return Outcome{Events: []ledger.OTP{s.event(ledger.OTPVerified, ch)}, Changed: true}
}

// failed takes a wrong code: it counts for the challenge, and for number and purpose.
func (s *Subject) failed(p *Policy, ch *Challenge, now time.Time) []ledger.OTP {
	ch.Tries++
	e := s.event(ledger.OTPFailed, ch)
	e.Left = ch.triesLeft(p, now)
	if e.Left == 0 {
		ch.State = Exhausted
	}
	return append([]ledger.OTP{e}, s.struck(p, ch, now)...)
}

// struck counts a failure for number and purpose, and tells where that locks.
func (s *Subject) struck(p *Policy, ch *Challenge, now time.Time) []ledger.OTP {
	lock := s.fail(p, now)
	if lock == 0 {
		return nil
	}
	e := s.event(ledger.OTPLocked, ch)
	e.Retry = seconds(lock)
	return []ledger.OTP{e}
}
