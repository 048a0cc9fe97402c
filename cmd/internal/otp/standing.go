package otp

import (
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// Cancel ends a live challenge; one that has ended stays as it is. It fails with UnknownChallenge.
func (s *Subject) Cancel(p *Policy, id ChallengeID, now time.Time) (Standing, Outcome, *Error) {
	now = moment(now)
	ch := s.find(id)
	if ch == nil {
		return Standing{}, Outcome{}, unknownChallenge
	}
	out := s.lapse(ch, now)
	if ch.State == Live {
		ch.State = Cancelled
		out = Outcome{Events: []ledger.OTP{s.event(ledger.OTPCancelled, ch)}, Changed: true}
	}
	return s.standing(p, ch, now), out, nil
}

// Status says where a challenge stands. It fails with UnknownChallenge.
func (s *Subject) Status(p *Policy, id ChallengeID, now time.Time) (Standing, *Error) {
	ch := s.find(id)
	if ch == nil {
		return Standing{}, unknownChallenge
	}
	return s.standing(p, ch, moment(now)), nil
}

func (s *Subject) standing(p *Policy, ch *Challenge, now time.Time) Standing {
	state := ch.State
	if state == Live && !ch.live(now) {
		state = Lapsed // its timer has not come yet
	}
	return Standing{Challenge: ch.ID, State: state, Purpose: s.Purpose, ToLast4: ch.ToLast4, RequestedAt: ch.Requested,
		ExpiresAt: ch.Expires, Sends: ch.Sends, AttemptsLeft: ch.triesLeft(p, now), ResendAfter: s.resendAfter(p, ch, now),
		Delivered: ch.Delivered > 0, SMSCs: append([]sms.SMSCID{}, ch.SMSCs...)}
}
