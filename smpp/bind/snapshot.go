package bind

import (
	"time"

	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// Trace is told what happens, for metrics and tests. Every func may be nil; they are called from the loops of the binds and must
// not block.
type Trace struct {
	// Link: a bind came up (err nil), or went down or failed to come up (err says why; session.ErrStopped: we wanted it).
	Link func(smsc sms.SMSCID, bind int, err error)
	// Answered: a segment that was written got its verdict, wait after its write.
	Answered func(smsc sms.SMSCID, class sms.Class, v session.Verdict, wait time.Duration)
	// Wrote: submit_sm, one or several, are with the socket.
	Wrote func(smsc sms.SMSCID)
}

// Counters count since the pool was made; a reconnect does not reset them.
type Counters struct {
	Submits   uint64 `json:"submits"` // submit_sm put on the wire
	Accepted  uint64 `json:"accepted"`
	Refused   uint64 `json:"refused"`    // answered with any error status, passing ones too
	Throttled uint64 `json:"throttled"`  // of them, as too fast (ESME_RTHROTTLED)
	QueueFull uint64 `json:"queue_full"` // of them, as its queue is full (ESME_RMSGQFUL)
	Timeouts  uint64 `json:"timeouts"`   // not answered in time
	Late      uint64 `json:"late"`       // answered after that
	Receipts  uint64 `json:"receipts"`   // deliver_sm and data_sm that came
	Deferred  uint64 `json:"deferred"`   // of them, those the SMSC was told to send again
	Unknown   uint64 `json:"unknown"`    // PDUs that fit nothing: unknown commands, responses to nothing, bodies that do not parse
	Connects  uint64 `json:"connects"`   // connections made
}

// Lane is how full a class's lane is.
type Lane struct {
	Used int `json:"used"`
	Size int `json:"size"`
}

// Status is one connection of a pool at a moment.
type Status struct {
	SMSC       sms.SMSCID             `json:"smsc"`
	Bind       int                    `json:"bind"`  // from 1
	As         string                 `json:"as"`    // transceiver, transmitter or receiver
	State      string                 `json:"state"` // dialing, binding, bound, draining, unbinding, closed, waiting (for the next try), refused, stopped
	Since      time.Time              `json:"since"`
	WindowUsed int                    `json:"window_used"` // outstanding submit_sm, the late ones among them
	WindowSize int                    `json:"window_size"`
	LastError  string                 `json:"last_error"` // why it went down or did not come up last; empty: never
	Alarm      string                 `json:"alarm"`      // what a person must mend; empty: nothing
	Counters   Counters               `json:"counters"`
	TPS        int                    `json:"tps"`    // of the whole SMSC, as configured; 0: no limit
	Rate       float64                `json:"rate"`   // messages per second that the whole SMSC is given now, as its throttling taught; 0: no limit
	Paused     bool                   `json:"paused"` // the whole SMSC, as its queue is full; one probe at a time goes
	Lanes      [len(sms.Classes)]Lane `json:"lanes"`  // of the whole SMSC, by class
}
