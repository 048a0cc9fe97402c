package otp

import (
	"fmt"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// ChallengeID names a challenge to its tenant: 26 characters of base32 in small letters, of which nothing can be told
// without the keys. That of an authenticator app's enrolment has enrolmentPrefix in front.
type ChallengeID string

// Purpose is what a code is asked for: login, registration, reset, transaction, report, or the tenant's own word of 1-32
// of [a-z0-9_-].
type Purpose string

// The purposes that have a policy of their own by default.
const (
	Login        Purpose = "login"
	Registration Purpose = "registration"
	Reset        Purpose = "reset"
	Transaction  Purpose = "transaction"
	ReportAccess Purpose = "report"
)

// RequestCall is what sms.T.otp.request and POST /v1/otp take.
type RequestCall struct {
	To       string         `json:"to"`
	Template dlt.TemplateID `json:"template"`
	Purpose  Purpose        `json:"purpose"`
	Header   dlt.Header     `json:"header,omitempty"` // where the template has several
	Length   int            `json:"length,omitempty"` // of the code, 4-10; 0: the policy's
	TTL      *int           `json:"ttl_s,omitempty"`  // seconds, at most the policy's life
	ID       string         `json:"id,omitempty"`     // idempotency key, as of a send; the same call with it gets the same answer
	Code     sms.Secret     `json:"code,omitempty"`   // the tenant's own code; empty: ours
	// Vars are the template's variables, in order, {code} and {minutes} where these belong. Empty: {code} for one variable,
	// {code} and {minutes} for two.
	Vars []string `json:"vars,omitempty"`
	// Keys are what the caller wants counted beside the number: {"ip": "203.0.113.7", "device": "…"}; see otp.limits.keys.
	Keys map[string]string `json:"keys,omitempty"`
}

// ChallengeCall is what resend, cancel and status take. Code is the tenant's own one, which resend needs again.
type ChallengeCall struct {
	Challenge ChallengeID `json:"challenge"`
	Code      sms.Secret  `json:"code,omitempty"`
}

// VerifyCall is what verify takes.
type VerifyCall struct {
	Challenge ChallengeID `json:"challenge"`
	Code      sms.Secret  `json:"code"`
}

// RequestAnswer is what request and resend answer.
type RequestAnswer struct {
	Challenge   ChallengeID `json:"challenge"`
	ExpiresAt   time.Time   `json:"expires_at"`
	ResendAfter int         `json:"resend_after"` // seconds from now until resend is allowed; -1: no more sends
	Warnings    []string    `json:"warnings,omitempty"`
}

// Result is what verify says of a code.
type Result string

// The results.
const (
	OK      Result = "ok"
	Wrong   Result = "wrong"
	Expired Result = "expired" // or cancelled, or superseded by a newer challenge
	Used    Result = "used"
	Locked  Result = "locked" // too many wrong codes, for this challenge or for the number and purpose
)

// VerifyAnswer is what verify answers.
type VerifyAnswer struct {
	Result       Result `json:"result"`
	AttemptsLeft int    `json:"attempts_left"`
	RetryAfter   int    `json:"retry_after,omitempty"` // seconds; with locked, where that ends
}

// Standing is what status answers.
type Standing struct {
	Challenge    ChallengeID  `json:"challenge"`
	State        State        `json:"state"`
	Purpose      Purpose      `json:"purpose"`
	ToLast4      string       `json:"to_last4"`
	RequestedAt  time.Time    `json:"requested_at"`
	ExpiresAt    time.Time    `json:"expires_at"`
	Sends        int          `json:"sends"`
	AttemptsLeft int          `json:"attempts_left"`
	ResendAfter  int          `json:"resend_after"`
	Delivered    bool         `json:"delivered"`
	SMSCs        []sms.SMSCID `json:"smscs"` // that had a send of it, the newest last
}

// EnrolCall is what sms.T.otp.enrol and POST /v1/totp take: an authenticator app for an account of the tenant's.
type EnrolCall struct {
	Account string `json:"account"` // 1-64 characters, as the app shows it
	Issuer  string `json:"issuer,omitempty"`
}

// EnrolAnswer is what enrol answers, once: whoever has URI or QR has the secret.
type EnrolAnswer struct {
	Challenge ChallengeID `json:"challenge"` // to verify with, as long as the enrolment is not cancelled
	URI       string      `json:"uri"`       // otpauth://totp/…
	QR        []byte      `json:"qr"`        // PNG, base64 in JSON
}

// Code is a fault's name, stable.
type Code string

// The faults.
const (
	BadRequest       Code = "bad_request"
	UnknownChallenge Code = "unknown_challenge" // also another tenant's
	Rejected         Code = "rejected"          // the message would not pass; Reason says why
	Cooldown         Code = "cooldown"
	TooManySends     Code = "too_many_sends"
	Limited          Code = "limited"
	LockedOut        Code = "locked"
	NotLive          Code = "not_live" // expired, used or cancelled: nothing to resend
	CodeRequired     Code = "code_required"
	IDReused         Code = "id_reused"
	Unavailable      Code = "unavailable" // try again; it may have been done
)

// Error is a fault as callers see it. It never holds a code or a number.
type Error struct {
	Code       Code   `json:"code"`
	Detail     string `json:"detail"`
	Reason     string `json:"reason,omitempty"`      // of rejected: as in a status
	RetryAfter int    `json:"retry_after,omitempty"` // seconds
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Detail) }

// Fault is an Error as an answer.
type Fault struct {
	Error *Error `json:"error"`
}
