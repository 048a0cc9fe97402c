package sms

import (
	"errors"
	"log/slog"

	"github.com/google/uuid"
)

// TenantID names who publishes; it is also the tenant's NATS user name.
type TenantID string

// RequestID is the tenant's own id of a request (its idempotency key): 1-64 of [A-Za-z0-9_.:-].
type RequestID string

// SMSCID names one SMSC of the configuration.
type SMSCID string

// MessageID is the SMSC's id of one accepted segment, as the SMSC wrote it or made canonical (see receipt.Canonical).
type MessageID string

// Key is ours: one per request in the stream, the same on every redelivery of it (a UUID version 7).
type Key = uuid.UUID

// Secret is text that must not be seen: an OTP, a variable, a rendered text, a password. It prints as "***"
// everywhere; Reveal is the one way to its value.
type Secret string

const masked = "***"

// Reveal returns the secret in the clear, for the wire or a cipher only.
func (s Secret) Reveal() string { return string(s) }

// String returns the mask.
func (Secret) String() string { return masked }

// GoString returns the mask, for %#v.
func (Secret) GoString() string { return masked }

// LogValue returns the mask.
func (Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText returns the mask, so that no encoder writes the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// MSISDN is an Indian mobile number as E.164 digits without the plus sign: "919812345678". It prints with all but
// the last four digits masked.
type MSISDN string

// ErrBadNumber says that a text is not an Indian mobile number.
var ErrBadNumber = errors.New("not an Indian mobile number: want +91, 91, 0 or nothing before ten digits that begin with 6-9")

// ParseMSISDN accepts +91, 91, 0 or nothing before ten digits that begin with 6-9, and nothing else.
func ParseMSISDN(s string) (MSISDN, error) {
	digits := s
	switch {
	case len(s) == 13 && s[:3] == "+91":
		digits = s[3:]
	case len(s) == 12 && s[:2] == "91":
		digits = s[2:]
	case len(s) == 11 && s[0] == '0':
		digits = s[1:]
	}
	if len(digits) != 10 || digits[0] < '6' || digits[0] > '9' {
		return "", ErrBadNumber
	}
	for i := 1; i < 10; i++ {
		if digits[i] < '0' || digits[i] > '9' {
			return "", ErrBadNumber
		}
	}
	return MSISDN("91" + digits), nil
}

// Digits returns the number in the clear as international digits, for the wire, a keyed digest or a cipher.
func (n MSISDN) Digits() string { return string(n) }

// E164 returns the number in the clear with its plus sign.
func (n MSISDN) E164() string { return "+" + string(n) }

// Last4 returns the last four digits, the part that may be shown.
func (n MSISDN) Last4() string {
	if len(n) < 4 {
		return ""
	}
	return string(n[len(n)-4:])
}

// String returns the masked number.
func (n MSISDN) String() string { return "********" + n.Last4() }

// GoString returns the masked number, for %#v.
func (n MSISDN) GoString() string { return n.String() }

// LogValue returns the masked number.
func (n MSISDN) LogValue() slog.Value { return slog.StringValue(n.String()) }

// MarshalText returns the masked number, so that no encoder writes it in the clear.
func (n MSISDN) MarshalText() ([]byte, error) { return []byte(n.String()), nil }
