package dlt

import (
	"fmt"
	"strings"
	"time"
)

// Status is what an operator's register says of a row.
type Status string

// The statuses. Only what is active may be used.
const (
	Active      Status = "active"
	Pending     Status = "pending"
	Inactive    Status = "inactive"
	Suspended   Status = "suspended" // by the operator or the owner: validity, usage, or at will
	Rejected    Status = "rejected"
	Blacklisted Status = "blacklisted"
)

// statusNames are the spellings of statuses on portals, in lower case and without spaces, underscores and hyphens.
var statusNames = map[string]Status{
	"active": Active, "approved": Active, "a": Active, "live": Active, "registered": Active, "enabled": Active,
	"pending": Pending, "submitted": Pending, "inprogress": Pending, "underreview": Pending, "p": Pending, "draft": Pending,
	"inactive": Inactive, "i": Inactive, "disabled": Inactive, "deactivated": Inactive, "expired": Inactive,
	"deleted": Inactive, "surrendered": Inactive,
	"suspended": Suspended, "s": Suspended, "onhold": Suspended, "hold": Suspended,
	"rejected": Rejected, "r": Rejected, "declined": Rejected,
	"blacklisted": Blacklisted, "blocked": Blacklisted, "b": Blacklisted,
}

// ParseStatus reads a status in our spelling or a portal's: "Approved", "REGISTERED VIA AIRTEL", "I"; empty stays empty,
// since what tells no status does not say that a row may be used.
func ParseStatus(s string) (Status, error) {
	name := categorySpelling.Replace(strings.ToLower(strings.TrimSpace(s)))
	switch {
	case name == "":
		return "", nil
	case strings.HasPrefix(name, "registeredvia"):
		return Active, nil
	}
	if status, ok := statusNames[name]; ok {
		return status, nil
	}
	return "", fmt.Errorf("status %q is not one of active, pending, inactive, suspended, rejected, blacklisted", s)
}

// Operator is whose register holds a row, in lower case; empty where that is not known.
type Operator string

// The operators that keep a register.
const (
	Airtel    Operator = "airtel"
	Vi        Operator = "vi" // Vodafone Idea; its portal is Vilpower
	Jio       Operator = "jio"
	BSNL      Operator = "bsnl"
	SmartPing Operator = "smartping" // STPL, formerly Videocon
)

var operatorNames = map[string]Operator{
	"airtel": Airtel, "bharti": Airtel, "bhartiairtel": Airtel,
	"vi": Vi, "vil": Vi, "vilpower": Vi, "vodafone": Vi, "vodafoneidea": Vi, "idea": Vi,
	"jio": Jio, "reliancejio": Jio, "trueconnect": Jio, "jiotrueconnect": Jio,
	"bsnl": BSNL, "mtnl": BSNL,
	"smartping": SmartPing, "stpl": SmartPing, "videocon": SmartPing, "videoconsmartping": SmartPing,
}

// ParseOperator reads an operator's name in any case, or its portal's; empty stays empty.
func ParseOperator(s string) (Operator, error) {
	name := categorySpelling.Replace(strings.ToLower(strings.TrimSpace(s)))
	if name == "" {
		return "", nil
	}
	if op, ok := operatorNames[strings.TrimPrefix(name, "registeredvia")]; ok {
		return op, nil
	}
	return "", fmt.Errorf("operator %q is not one of airtel, vi, jio, bsnl, smartping", s)
}

// Fault says why what stands so may not be used at that time, as the end of a sentence ("is suspended", "is valid only
// from 2026-12-01 IST"), or nothing where it may.
func (s *Standing) Fault(at time.Time) string {
	switch {
	case s.Status == "":
		return "has no status"
	case s.Status != Active:
		return "is " + string(s.Status)
	case !s.From.IsZero() && at.Before(s.From):
		return "is valid only from " + day(s.From)
	case !s.To.IsZero() && !at.Before(s.To):
		return "was valid only until " + day(s.To)
	}
	return ""
}

// InForce says whether Fault finds nothing.
func (s *Standing) InForce(at time.Time) bool {
	return s.Status == Active && (s.From.IsZero() || !at.Before(s.From)) && (s.To.IsZero() || at.Before(s.To))
}

func day(t time.Time) string { return t.In(IST).Format("2006-01-02 15:04 IST") }
