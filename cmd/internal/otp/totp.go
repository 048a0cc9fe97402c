package otp

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// TOTP is the purpose whose policy holds for authenticator apps: of it LockAfter and Lock.
const TOTP Purpose = "totp"

// What every authenticator app does unless told otherwise, and some whatever they are told (RFC 6238 §4, §5.2).
const (
	stepSeconds = 30
	totpDigits  = 6
	totpDrift   = 1 // steps that a clock may be behind or ahead
)

// unconfirmedLife is how long an app may take from its enrolment to its first code.
const unconfirmedLife = 24 * time.Hour

// Enrolment is an authenticator app of a tenant's account: what is kept, compared and swapped as one value. The secret that the
// app shares is computed again from it and the keys; the account's name is in it as a digest.
type Enrolment struct {
	ID        ChallengeID  `json:"id"` // also what makes each enrolment's secret another
	Tenant    sms.TenantID `json:"tenant"`
	Account   string       `json:"account"` // keyed digest: see Keyring.CounterKey
	Key       KeyID        `json:"key"`     // that the secret is made with
	Made      time.Time    `json:"made"`
	Confirmed bool         `json:"confirmed,omitempty"` // it has verified a code
	Step      int64        `json:"step,omitempty"`      // of the last code that verified; none of it or before does again
	strikes
}

// Clone returns a copy that may be changed.
func (e *Enrolment) Clone() *Enrolment {
	c := *e
	return &c
}

// Verify compares a code of the app with those of the time, half a minute before and after. A code of a step that was used, or of
// one before it, is used. Wrong codes lock as the policy says; the one that locks says wrong, with no attempts left. It fails
// with BadRequest (no code), UnknownChallenge and Unavailable, and then counts nothing.
func (e *Enrolment) Verify(k *Keyring, p *Policy, id ChallengeID, code sms.Secret, now time.Time) (VerifyAnswer, Outcome, *Error) {
	if code == "" || len(code) > longestCode {
		return VerifyAnswer{}, Outcome{}, noCode
	}
	now = moment(now)
	if e.ID == "" || e.ID != id {
		return VerifyAnswer{}, Outcome{}, unknownChallenge
	}
	key := k.codes[e.Key]
	if key == nil {
		return VerifyAnswer{}, Outcome{}, unreadable
	}
	step, matches := matchStep(key.appSecret(e), code, now) // also where it is locked, so that each answer takes as long
	switch lock := e.locked(now); {
	case lock > 0:
		return VerifyAnswer{Result: Locked, RetryAfter: seconds(lock)}, Outcome{}, nil
	case !matches:
		answer, out := e.failed(p, now)
		return answer, out, nil
	case step <= e.Step:
		return VerifyAnswer{Result: Used, AttemptsLeft: e.beforeLock(p, now)}, Outcome{}, nil
	}
	e.Step, e.Confirmed, e.strikes = step, true, strikes{}
	return VerifyAnswer{Result: OK, AttemptsLeft: e.beforeLock(p, now)},
		Outcome{Changed: true, Events: []ledger.OTP{e.event(ledger.OTPVerified, now)}}, nil
}

// TTL is how long the enrolment is worth keeping: for good (0) once its app has verified a code. One that never did takes its
// failures with it when it goes, and its secret: there is nothing left to guess.
func (e *Enrolment) TTL(now time.Time) time.Duration {
	if e.Confirmed {
		return 0
	}
	return max(e.Made.Add(unconfirmedLife).Sub(now), time.Second)
}

// failed counts a wrong code.
func (e *Enrolment) failed(p *Policy, now time.Time) (VerifyAnswer, Outcome) {
	wait := e.fail(p, now)
	failed := e.event(ledger.OTPFailed, now)
	if wait == 0 {
		failed.Left = e.beforeLock(p, now)
		return VerifyAnswer{Result: Wrong, AttemptsLeft: failed.Left}, Outcome{Changed: true, Events: []ledger.OTP{failed}}
	}
	locked := e.event(ledger.OTPLocked, now)
	locked.Retry = seconds(wait)
	return VerifyAnswer{Result: Wrong}, Outcome{Changed: true, Events: []ledger.OTP{failed, locked}}
}

// event is of now, since nobody requests a code of an app.
func (e *Enrolment) event(kind ledger.OTPEvent, now time.Time) ledger.OTP {
	return ledger.OTP{Event: kind, Tenant: e.Tenant, Challenge: string(e.ID), Purpose: string(TOTP), Requested: now}
}

// matchStep returns the newest step around a time whose code this is. It takes as long for each code. The newest, since two steps
// may have one code by chance, and whoever saw it typed must not use it for the other.
func matchStep(secret []byte, code sms.Secret, now time.Time) (step int64, ok bool) {
	current, given := now.Unix()/stepSeconds, []byte(code.Reveal())
	for s := current - totpDrift; s <= current+totpDrift; s++ {
		if subtle.ConstantTimeCompare([]byte(totpCode(secret, s, totpDigits)), given) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// totpCode is the code of a step: RFC 6238 §4.2 with HMAC-SHA-1, which is RFC 4226 §5.3 with the step for a counter.
func totpCode(secret []byte, step int64, digits int) string {
	h := hmac.New(sha1.New, secret)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(step))) // never fails, as package hash promises
	sum := h.Sum(nil)
	cut := sum[sum[len(sum)-1]&0xf:]
	code := fmt.Sprintf("%0*d", digits, binary.BigEndian.Uint32(cut)&0x7fffffff)
	return code[len(code)-digits:]
}
