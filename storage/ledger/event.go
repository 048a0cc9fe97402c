package ledger

import (
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Kind is what happened.
type Kind string

// The kinds of event.
const (
	Rejected  Kind = "rejected"  // the register, the route table or the request itself forbids it; final
	Planned   Kind = "planned"   // an attempt is about to be offered to an SMSC; durable before any byte of it is written
	Submitted Kind = "submitted" // every segment of the attempt was accepted
	Refused   Kind = "refused"   // an attempt was refused; the message is refused when Final
	InDoubt   Kind = "in_doubt"  // written and not answered; the message rests in doubt when Final
	Lapsed    Kind = "lapsed"    // its deadline came before it could be written; final
	Receipt   Kind = "receipt"   // an SMSC reported on one segment

	Unreported Kind = "unreported" // no SMSC said what became of a submitted message, for as long as it is given; final
	Shredded   Kind = "shredded"   // what was sealed of some numbers can no longer be revealed

	OneTime Kind = "otp" // something happened to a challenge of the OTP service; see OTP
)

// Event is one fact. Exactly one of Report (for a receipt) and Key (for all else) says what it is about. It never
// holds a text, a variable or a number in the clear.
type Event struct {
	Kind Kind      `json:"kind"`
	At   time.Time `json:"at"`
	Key  sms.Key   `json:"key,omitzero"`

	// Facts is set on the first event of a message in one delivery (rejected, lapsed at intake, planned attempt).
	Facts *Facts `json:"facts,omitempty"`

	// Attempt counts from 1 over the life of the message; 0 where no attempt was made.
	Attempt int        `json:"attempt,omitempty"`
	SMSC    sms.SMSCID `json:"smsc,omitempty"`
	// Parts is set on planned where the attempt covers fewer segments than the message has: how many submit_sm the
	// whole of it is on this SMSC. How a text is cut is the SMSC's setting. 0: as many as Answers.
	Parts int `json:"parts,omitempty"`
	// Answers has one entry for each segment that the attempt covered, on submitted, refused, in_doubt and lapsed.
	// On planned it lists the segments that will be written, with nothing but their index.
	Answers []Answer `json:"answers,omitempty"`
	// Final says that no further attempt follows: the message's state is now the event's.
	Final bool `json:"final,omitempty"`
	// PossibleDuplicate says that this attempt may bring the handset a second copy.
	PossibleDuplicate bool         `json:"possible_duplicate,omitempty"`
	Failure           *sms.Failure `json:"failure,omitempty"`

	Report *Report `json:"report,omitempty"`
	Shred  *Shred  `json:"shred,omitempty"`
	OTP    *OTP    `json:"otp,omitempty"`
}

// OTPEvent is what happened to a challenge.
type OTPEvent string

// The events that the OTP service writes. Those of its sends are made of what the ledger says of their messages by the
// projector: sent, delivered, undelivered (not by this send).
const (
	OTPRequested OTPEvent = "requested"
	OTPResent    OTPEvent = "resent"    // a further send was asked for
	OTPFellBack  OTPEvent = "fell_back" // the workflow took its next step
	OTPVerified  OTPEvent = "verified"
	OTPFailed    OTPEvent = "failed" // a wrong code
	OTPLocked    OTPEvent = "locked" // number and purpose, for a time
	OTPExpired   OTPEvent = "expired"
	OTPCancelled OTPEvent = "cancelled"
	OTPBlocked   OTPEvent = "blocked" // a call was refused by a limit or a lock

	OTPSent        OTPEvent = "sent"
	OTPDelivered   OTPEvent = "delivered"
	OTPUndelivered OTPEvent = "undelivered"
)

// OTP is one event of a challenge. It holds neither code nor number.
type OTP struct {
	Event     OTPEvent       `json:"event"`
	Tenant    sms.TenantID   `json:"tenant"`
	Challenge string         `json:"challenge,omitempty"` // empty: a request was blocked
	Purpose   string         `json:"purpose"`
	Template  dlt.TemplateID `json:"template,omitempty"`
	ToLast4   string         `json:"to_last4,omitempty"`
	SMSC      sms.SMSCID     `json:"smsc,omitempty"`  // of what came of the code: that had it last, as far as it is known; "test": none
	Send      int            `json:"send,omitempty"`  // of resent, fell_back, sent, delivered, undelivered: which, from 1
	Route     string         `json:"route,omitempty"` // of fell_back: next, or the webhook's name
	Reason    string         `json:"reason,omitempty"`
	Left      int            `json:"left,omitempty"`        // of failed: tries
	Retry     int            `json:"retry_after,omitempty"` // of locked, blocked: seconds
	DryRun    bool           `json:"dry_run,omitempty"`     // of blocked: it was let through
	Requested time.Time      `json:"requested"`             // the challenge; of a blocked request: now
}

// Shred says whose numbers were made unreadable: those of a tenant's month, or one number's in it.
type Shred struct {
	Tenant sms.TenantID `json:"tenant"`
	Month  string       `json:"month"` // 2026-11, in India
	// Keys are the messages to one number, in order; of many, each event has a part. Empty: the whole month.
	Keys []sms.Key `json:"keys,omitempty"`
	Who  string    `json:"who"`
	Why  string    `json:"why"`
}

// Facts are what is known of a message before the wire.
type Facts struct {
	Tenant    sms.TenantID   `json:"tenant"`
	ID        sms.RequestID  `json:"id"`
	Ref       string         `json:"ref,omitempty"`
	Class     string         `json:"class"`
	Template  dlt.TemplateID `json:"template,omitempty"`
	Header    dlt.Header     `json:"header,omitempty"`
	Entity    dlt.EntityID   `json:"entity,omitempty"`
	Category  dlt.Category   `json:"category,omitempty"`
	Encoding  string         `json:"encoding,omitempty"`
	Segments  int            `json:"segments,omitempty"`
	ToLast4   string         `json:"to_last4,omitempty"`
	ToDigest  []byte         `json:"to_digest,omitempty"`   // HMAC of the number under the month's data key, to search by
	ToSealed  []byte         `json:"to_sealed,omitempty"`   // AES-GCM of the number under the same, to reveal
	ToMark    uint8          `json:"to_mark,omitempty"`     // 1 to 255, the same for the same handset; 0: none
	Digest    []byte         `json:"text_digest,omitempty"` // HMAC of the rendered text under the same
	Variables string         `json:"variables,omitempty"`   // what the template was filled with: lengths and types, "6n 12a"
	Register  int64          `json:"register,omitempty"`    // version of the register that it was checked against; 0: not known
	Requested time.Time      `json:"requested"`
	Deadline  time.Time      `json:"deadline"`
}

// Answer is what an SMSC said of one segment of an attempt.
type Answer struct {
	Segment   int           `json:"segment"`              // from 1
	MessageID sms.MessageID `json:"message_id,omitempty"` // canonical
	RawID     string        `json:"raw_id,omitempty"`     // as the SMSC wrote it, where that differs
	Status    uint32        `json:"status,omitempty"`     // SMPP command_status
	Verdict   string        `json:"verdict,omitempty"`    // accepted, throttled, refused, in_doubt, ... (session.Verdict)
	At        time.Time     `json:"at,omitzero"`          // when it was answered
}

// ByQuery stands in Report.Raw where the SMSC did not report by itself.
const ByQuery = "query_sm"

// Report is one delivery receipt, as parsed, with what it was parsed from.
type Report struct {
	SMSC      sms.SMSCID    `json:"smsc"`
	MessageID sms.MessageID `json:"message_id"`       // canonical
	RawID     string        `json:"raw_id,omitempty"` // as written, where that differs
	State     sms.State     `json:"state"`            // delivered, undelivered, expired; submitted for an intermediate one
	Stat      string        `json:"stat"`             // the SMSC's own word
	Err       string        `json:"err,omitempty"`
	Reason    string        `json:"reason,omitempty"`    // what Err means in that SMSC's dictionary, where it is known
	Retryable bool          `json:"retryable,omitempty"` // by the same dictionary: the same message may get through later
	Done      string        `json:"done,omitempty"`      // the SMSC's own time, as written
	// Raw is the receipt's fields as they came, without its text field (which may quote the message); ByQuery where it is
	// the answer to a query_sm.
	Raw string `json:"raw,omitempty"`
	// UserRef is the user_message_reference of the submit_sm (SMPP 3.4 §5.3.2.17), where the SMSC repeats it in its
	// receipts; 0: none. From is the mark of the handset's number, as Facts.ToMark; only with a UserRef.
	UserRef uint16 `json:"user_ref,omitempty"`
	From    uint8  `json:"from_mark,omitempty"`
}
