package otp

import (
	"slices"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// Subject is everything about one tenant's number and purpose: what is kept, compared and swapped as one value.
type Subject struct {
	Tenant  sms.TenantID `json:"tenant"`
	Purpose Purpose      `json:"purpose"`
	strikes
	Sent       int         `json:"sent,omitempty"`       // sends in a row, over all challenges; see sent
	SentAt     time.Time   `json:"sent_at,omitzero"`     // the last of them was asked for
	Challenges []Challenge `json:"challenges,omitempty"` // the newest last; at most keptChallenges
}

// Clone returns a copy that may be changed. What slices of a challenge hold is never changed, only replaced.
func (s *Subject) Clone() *Subject {
	c := *s
	c.Challenges = slices.Clone(s.Challenges)
	return &c
}

// keptChallenges is how many challenges of a subject are known: one is live, the others say expired or used.
const keptChallenges = 4

// State is where a challenge stands.
type State string

// The states of a challenge.
const (
	Live      State = "live"
	Verified  State = "verified"
	Cancelled State = "cancelled" // or superseded by a newer challenge
	Exhausted State = "locked"    // no tries are left
	Lapsed    State = "expired"
)

// Challenge is one code that somebody is asked for. Neither code nor number is in it in the clear.
type Challenge struct {
	ID       ChallengeID    `json:"id"`
	State    State          `json:"state"`
	Key      KeyID          `json:"key"`           // that the code is made with
	Own      []byte         `json:"own,omitempty"` // keyed digest of the tenant's own code; empty: ours
	Length   int            `json:"length"`
	Alphabet Alphabet       `json:"alphabet"`
	Template dlt.TemplateID `json:"template"`
	Header   dlt.Header     `json:"header,omitempty"`
	ToLast4  string         `json:"to_last4"`
	Sealed   []byte         `json:"sealed"`            // number and variables, for the next send; see Keyring.seal
	Request  []byte         `json:"request,omitempty"` // keyed digest of template, header, variables and length: the same call
	Call     []byte         `json:"call,omitempty"`    // keyed digest of the call's idempotency key; empty: none
	Test     bool           `json:"test,omitempty"`    // to a test number: never at an SMSC

	Requested time.Time    `json:"requested"`
	Expires   time.Time    `json:"expires"`
	Tries     int          `json:"tries,omitempty"`
	Sends     int          `json:"sends"`
	SentAt    time.Time    `json:"sent_at"`             // the last send was asked for
	Step      int          `json:"step"`                // of the workflow that is under way
	StepAt    time.Time    `json:"step_at"`             // when it began
	Asked     int          `json:"asked"`               // the newest send that somebody asked for: the first, or a resend
	Delivered int          `json:"delivered,omitempty"` // the newest send that is known to have got there; 0: none
	By        sms.SMSCID   `json:"by,omitempty"`        // that was the first to get it there
	SMSCs     []sms.SMSCID `json:"smscs,omitempty"`     // that had a send, the newest last
	Told      int          `json:"told,omitempty"`      // the newest send that anything is known of: sent, delivered or failed

	// How the newest send goes out, so that it can be given again.
	Avoid   []sms.SMSCID `json:"avoid,omitempty"`   // by none of these
	Webhook string       `json:"webhook,omitempty"` // by this webhook; empty: by SMS
}

// Input is a request that was checked.
type Input struct {
	// ID is what a new challenge is named: one that Keyring.NewID has made of the subject's key, for this request alone. It is
	// known before the challenge is, so that a timer can be set first.
	ID       ChallengeID
	Tenant   sms.TenantID
	To       sms.MSISDN
	Purpose  Purpose
	Template dlt.TemplateID
	Header   dlt.Header
	Vars     []string // with {code} and {minutes}
	Own      sms.Secret
	Length   int
	Life     time.Duration
	Test     bool
	// RequestID is the call's idempotency key; empty: none. The same call again finds its challenge by it, if the subject still
	// knows that, and answers with it whatever has become of it.
	RequestID string
}

// Send is one message that is to go out now.
type Send struct {
	Challenge ChallengeID
	Number    int // from 1: its request id is sms.OTPRequestID(challenge, number)
	To        sms.MSISDN
	Code      sms.Secret
	Template  dlt.TemplateID
	Header    dlt.Header
	Vars      []sms.Secret // filled
	Life      time.Duration
	Avoid     []sms.SMSCID // that have had it
	Purpose   Purpose
	Webhook   string // the step's, in place of an SMS
	Test      bool
	Requested time.Time // the challenge
	Expires   time.Time // the challenge
}

// Outcome is what a call or the time makes of a subject beside its new value.
type Outcome struct {
	Answer  *RequestAnswer
	Send    *Send        // nil: nothing goes out
	Events  []ledger.OTP // in order
	Changed bool         // the subject is to be kept
	Due     time.Time    // when Due is to be called for the challenge; zero: never
}
