package bind

import (
	"time"

	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// Trace is told what happens, for metrics. Every func may be nil; they are called from the loops of the binds and must
// not block.
type Trace struct {
	// Link: a bind came up (err nil), or went down or failed to come up (err says why; session.ErrStopped: we wanted it).
	Link func(smsc sms.SMSCID, bind int, err error)
	// Answered: a segment that was written got its verdict, wait after its write.
	Answered func(smsc sms.SMSCID, class sms.Class, v session.Verdict, wait time.Duration)
}

// Counters count since the pool was made; a reconnect does not reset them.
type Counters struct {
	Submits  uint64 // submit_sm put on the wire
	Accepted uint64
	Refused  uint64 // answered with any error status, passing ones too
	Timeouts uint64 // not answered in time
	Late     uint64 // answered after that
	Receipts uint64 // deliver_sm and data_sm that came
	Deferred uint64 // of them, those the SMSC was told to send again
	Unknown  uint64 // PDUs that fit nothing: unknown commands, responses to nothing, bodies that do not parse
	Connects uint64 // connections made
}

// Lane is how full a class's lane is.
type Lane struct{ Used, Size int }

// Status is one connection of a pool at a moment.
type Status struct {
	SMSC       sms.SMSCID
	Bind       int    // from 1
	As         string // transceiver, transmitter or receiver
	State      string // dialing, binding, bound, draining, unbinding, closed, waiting (for the next try), refused, stopped
	Since      time.Time
	WindowUsed int // outstanding submit_sm, the late ones among them
	WindowSize int
	LastError  string // why it went down or did not come up last; empty: never
	Alarm      string // what a person must mend; empty: nothing
	Counters   Counters
	Lanes      [len(sms.Classes)]Lane // of the whole SMSC, by class
}
