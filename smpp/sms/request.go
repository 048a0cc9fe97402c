package sms

import (
	"fmt"
	"time"

	"harkara/dlt"
)

// Class is the lane of a request.
type Class uint8

// The classes, most urgent first.
const (
	OTP Class = iota
	Txn
	Bulk
)

// Classes lists them, most urgent first.
var Classes = [...]Class{OTP, Txn, Bulk}

var classNames = [...]string{"otp", "txn", "bulk"}

// String returns otp, txn or bulk.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

// ParseClass reads otp, txn or bulk.
func ParseClass(s string) (Class, error) {
	for i, name := range classNames {
		if s == name {
			return Class(i), nil
		}
	}
	return 0, fmt.Errorf("class %q is not one of otp, txn, bulk", s)
}

// DefaultTTL is how long a request of the class lives when it does not say.
func (c Class) DefaultTTL() time.Duration {
	switch c {
	case OTP:
		return 300 * time.Second
	case Txn:
		return 3600 * time.Second
	default:
		return 14400 * time.Second
	}
}

// Request is what a tenant asked for, decoded.
type Request struct {
	Key       Key
	Tenant    TenantID
	ID        RequestID
	Class     Class
	To        MSISDN
	Template  dlt.TemplateID
	Header    dlt.Header // empty: the template's only one
	Vars      []Secret
	Finished  Secret // the whole text, in place of Vars; empty: the template is filled with them
	Ref       string
	Avoid     []SMSCID // that it goes by none of
	Requested time.Time
	Deadline  time.Time
	Lease     *Lease // while it is held the request may be sent
}

// State is where a message stands.
type State string

// The states of a message: planned → submitted → one of the final ones; or it ends before or at the wire.
const (
	Planned     State = "planned"
	Submitted   State = "submitted"
	Delivered   State = "delivered"
	Undelivered State = "undelivered"
	Expired     State = "expired"
	Unreported  State = "unreported"
	Rejected    State = "rejected"
	Refused     State = "refused"
	Lapsed      State = "lapsed"
	InDoubt     State = "in_doubt"
)

// Stage says which part of the way an error belongs to.
type Stage string

// The stages of the contract.
const (
	StageDLT      Stage = "dlt"
	StageRoute    Stage = "route"
	StageSMSC     Stage = "smsc"
	StageReceipt  Stage = "receipt"
	StageDeadline Stage = "deadline"
)

// Failure is why a message did not get on, as tenants and reports see it. It never carries text, numbers or codes.
type Failure struct {
	Stage     Stage  `json:"stage"`
	Code      string `json:"code"`
	Reason    string `json:"reason"`
	Detail    string `json:"detail"`
	Retryable bool   `json:"retryable"`
}
