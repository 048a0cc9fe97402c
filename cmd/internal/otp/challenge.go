package otp

import (
	"slices"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// moment is a time as it is kept: UTC, to the millisecond. Since all that is kept is rounded down alike, no comparison of
// a moment with what is kept comes out otherwise than that of the exact time would.
func moment(now time.Time) time.Time { return now.UTC().Truncate(time.Millisecond) }

// find returns the challenge of an id, to be changed in place; nil where the subject knows none.
func (s *Subject) find(id ChallengeID) *Challenge {
	i := slices.IndexFunc(s.Challenges, func(ch Challenge) bool { return ch.ID == id })
	if i < 0 {
		return nil
	}
	return &s.Challenges[i]
}

// live says whether the code of a challenge can still be typed.
func (ch *Challenge) live(now time.Time) bool { return ch.State == Live && now.Before(ch.Expires) }

// lapse ends a challenge whose life is over. Whoever meets it first does: a call, or the time.
func (s *Subject) lapse(ch *Challenge, now time.Time) Outcome {
	if ch.State != Live || ch.live(now) {
		return Outcome{}
	}
	ch.State = Lapsed
	return Outcome{Events: []ledger.OTP{s.event(ledger.OTPExpired, ch)}, Changed: true}
}

// event begins an event of a challenge. What came of the code is put to the SMSC that got it there first or, where that is
// not known, that had it last: conversion by route is what tells a route that only says "delivered".
func (s *Subject) event(what ledger.OTPEvent, ch *Challenge) ledger.OTP {
	e := ledger.OTP{Event: what, Tenant: s.Tenant, Challenge: string(ch.ID), Purpose: string(s.Purpose), Template: ch.Template,
		ToLast4: ch.ToLast4, Requested: ch.Requested}
	switch what {
	case ledger.OTPVerified, ledger.OTPFailed, ledger.OTPLocked, ledger.OTPExpired, ledger.OTPCancelled:
		e.SMSC = ch.route()
	}
	return e
}

// TestSMSC stands in events for the SMSC that a message to a test number never saw.
const TestSMSC sms.SMSCID = "test"

func (ch *Challenge) route() sms.SMSCID {
	switch {
	case ch.Test:
		return TestSMSC
	case ch.By != "":
		return ch.By
	case len(ch.SMSCs) > 0:
		return ch.SMSCs[len(ch.SMSCs)-1]
	}
	return ""
}

// triesLeft is how often a code may still be typed; 0 for a challenge that has ended.
func (ch *Challenge) triesLeft(p *Policy, now time.Time) int {
	if !ch.live(now) {
		return 0
	}
	return max(0, p.Tries-ch.Tries)
}

// leastLife is what must be left of a code's life for another send of it: less would be over before it is read and typed.
const leastLife = 10 * time.Second

// worthSending says whether a challenge lives for long enough yet.
func (ch *Challenge) worthSending(now time.Time) bool {
	return ch.live(now) && ch.Expires.Sub(now) >= leastLife
}

// resendAfter is how many whole seconds from now a resend may be asked for; -1: not any more, a new challenge has to be.
func (s *Subject) resendAfter(p *Policy, ch *Challenge, now time.Time) int {
	wait := max(s.cooling(p, now), s.locked(now))
	if !ch.worthSending(now.Add(wait)) || ch.Sends >= p.Sends {
		return -1
	}
	return seconds(wait)
}

// smscsMax is how many SMSCs of a challenge are remembered: as many as a request may avoid.
const smscsMax = 8

// took notes that an SMSC took a send, and says whether that is news. Word of an earlier send than the newest that is known
// of does not make its SMSC the last one.
func (ch *Challenge) took(smsc sms.SMSCID, send int) bool {
	had := slices.Index(ch.SMSCs, smsc)
	last := len(ch.SMSCs) - 1
	if smsc == "" || had >= 0 && (had == last || send < ch.Told) {
		return false
	}
	if had >= 0 {
		ch.SMSCs = slices.Delete(slices.Clone(ch.SMSCs), had, had+1)
	}
	if send < ch.Told {
		ch.SMSCs = slices.Insert(slices.Clone(ch.SMSCs), 0, smsc)
	} else {
		ch.SMSCs = append(slices.Clone(ch.SMSCs), smsc)
	}
	ch.SMSCs = ch.SMSCs[max(0, len(ch.SMSCs)-smscsMax):]
	return true
}

// TTL is how long the subject is worth keeping: whole seconds, at least one. Failures, locks and sends must not be forgotten
// earlier; a challenge that has ended is known for keptFor longer than it could have lived.
func (s *Subject) TTL(now time.Time) time.Duration {
	until := s.LockedUntil
	if s.Failures > 0 {
		until = s.rememberedUntil()
	}
	if s.Sent > 0 {
		until = later(until, s.SentAt.Add(forgetSends))
	}
	for i := range s.Challenges {
		until = later(until, s.Challenges[i].Expires.Add(keptFor))
	}
	return time.Duration(max(1, seconds(until.Sub(now)))) * time.Second
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// keptFor is how long after its life a challenge is still answered for: long enough for a late receipt, a second call with
// the same idempotency key, and a timer that nobody was there to take.
const keptFor = 30 * time.Minute
