package session

import (
	"fmt"
	"slices"
	"strings"
)

// Verdict is what became of one request.
type Verdict uint8

// The verdicts. The first six come from the SMSC's answer, the last three from its absence. A rule may say InDoubt of an
// answer too, where an SMSC gives it without knowing itself what becomes of the message.
const (
	Accepted  Verdict = iota // the SMSC took it and gave a message_id
	Throttled                // too fast for this SMSC (ESME_RTHROTTLED)
	QueueFull                // the SMSC's queue is full (ESME_RMSGQFUL)
	Elsewhere                // this SMSC can't, for now or for this account: another may
	Refused                  // refused for good: no SMSC will take it
	BadPDU                   // the SMSC did not understand the PDU, or it could not be encoded
	InDoubt                  // written, and no answer came: the SMSC may have it
	Lapsed                   // its deadline passed before the write
	Unsent                   // never written: the link was lost, or we were stopping
)

var verdictNames = [...]string{
	"accepted", "throttled", "queue_full", "elsewhere", "refused", "bad_pdu", "in_doubt", "lapsed", "unsent",
}

// String returns the verdict in snake_case: accepted, throttled, queue_full, elsewhere, refused, bad_pdu, in_doubt,
// lapsed, unsent.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return "unknown"
}

// ParseVerdict reads a verdict that a status can mean: the words of String but lapsed and unsent.
func ParseVerdict(s string) (Verdict, error) {
	i := slices.Index(verdictNames[:Lapsed], s)
	if i < 0 {
		return 0, fmt.Errorf("no verdict %q: give one of %s", s, strings.Join(verdictNames[:Lapsed], ", "))
	}
	return Verdict(i), nil
}

// Retryable says that the message was surely not taken and may be sent again, here later or by another SMSC. In doubt
// is not retryable: whether it may go twice is a policy, not a fact.
func (v Verdict) Retryable() bool {
	return v == Throttled || v == QueueFull || v == Elsewhere || v == Unsent
}

// BindFault says why an SMSC did not let us bind, as far as it changes what to do about it.
type BindFault uint8

// The kinds of bind fault.
const (
	Network     BindFault = iota // anything that may pass: try again after the usual pause
	Credentials                  // system_id, password or system_type are wrong: trying again locks the account
	Occupied                     // bound already, or too many sessions: wait for the SMSC to let go of the old one
)

var bindFaultNames = [...]string{"network", "credentials", "occupied"}

// String returns network, credentials or occupied.
func (f BindFault) String() string {
	if int(f) < len(bindFaultNames) {
		return bindFaultNames[f]
	}
	return "unknown"
}

// ParseBindFault reads the words of String.
func ParseBindFault(s string) (BindFault, error) {
	i := slices.Index(bindFaultNames[:], s)
	if i < 0 {
		return 0, fmt.Errorf("no bind fault %q: give one of %s", s, strings.Join(bindFaultNames[:], ", "))
	}
	return BindFault(i), nil
}
