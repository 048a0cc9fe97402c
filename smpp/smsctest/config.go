package smsctest

import (
	"maps"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// Config says how the SMSC behaves. The zero value takes any bind, answers at once and sends receipts at once.
type Config struct {
	SystemID string     // the one account; empty: anyone may bind
	Password sms.Secret // of the account

	Latency      time.Duration // from a submit_sm to its submit_sm_resp
	ReceiptDelay time.Duration // from that answer to the receipt
	TPS          int           // submit_sm in any one second over all binds, more: ESME_RTHROTTLED; 0: no limit
	QueueFull    bool          // every submit_sm is answered ESME_RMSGQFUL, until Change
	MaxBinds     int           // binds at a time; more are answered ESME_RALYBND; 0: no limit, below 0: none at all
	BindStatus   pdu.Status    // of the answer to any bind that is refused; 0: the status that fits

	Faults       map[Fault]float64 // rates, 0 to 1
	Seed         uint64            // of the faults
	LateBy       time.Duration     // from a submit_sm to its answer under late_answer; default 15 s
	StopFor      time.Duration     // how long a connection stands still under stop_reading; default 30 s
	RefuseStatus pdu.Status        // of the answer under refuse; default ESME_RINVDSTADR
	Undelivered  float64           // share of receipts that say UNDELIV with an err of 0xx

	// Scrub is the DLT scrubber behind the SMSC: the id of a template that it fails, and the err that the receipts of its
	// messages say then, up to five letters or digits such as "631" or "5301". Change mends a template.
	Scrub       map[string]string
	TemplateTag pdu.Tag // the TLV of a submit_sm that holds the template's id; default 0x1401

	Dialect       Dialect       // how receipts and ids are written; ids under way keep their form when it changes
	TextOnly      bool          // receipts without the TLVs receipted_message_id and message_state
	EchoUserRef   bool          // receipts repeat the TLV user_message_reference of their submit_sm
	NoReceipts    bool          // no message has a receipt, whatever it asks for
	ReceiptWindow int           // receipts not yet acked per bind; default 256
	AckTimeout    time.Duration // after it, a receipt without a deliver_sm_resp is sent again; default 10 s

	Packed bool // text of data_coding 0 is GSM-7 in packed septets (3GPP TS 23.038 §6.1.2.1), else one septet an octet

	// Keep is how many messages are kept with their details, the newest; default 262144, below 0: none. query_sm and
	// cancel_sm know no others.
	Keep int
	// CountOnly is for load: messages are neither kept nor told apart, so that the books have no Messages, Duplicates
	// stays 0, and faults are drawn by a message's place in the order of coming.
	CountOnly bool
	// Seen is told of every submit_sm that parses, before anything becomes of it; m is valid within the call, which
	// must be short and must not call the SMSC. nil: nobody.
	Seen func(m *pdu.SM)
	Key  func(*pdu.SM) string // what makes two submit_sm the same; default: source, destination and payload octets
}

// Defaults, and the bounds that keep a client from filling the memory.
const (
	defaultTemplateTag   = pdu.Tag(0x1401)
	defaultLateBy        = 15 * time.Second // longer than the 10 s that clients wait for an answer
	defaultStopFor       = 30 * time.Second
	defaultReceiptWindow = 256
	defaultAckTimeout    = 10 * time.Second
	defaultKeep          = 1 << 18

	maxPending  = 1 << 20 // receipts made and not yet acked; beyond it a submit_sm is answered ESME_RMSGQFUL
	maxInFlight = 1 << 16 // submit_sm of one bind that wait for their answer; beyond it the bind is not read
	maxOut      = 1 << 20 // octets that wait to be written to one bind; beyond it the bind is not read
)

// withDefaults gives a copy of its own with the defaults filled in.
func (c Config) withDefaults() Config {
	c.Faults = maps.Clone(c.Faults)
	if c.Faults == nil {
		c.Faults = map[Fault]float64{}
	}
	c.Scrub = maps.Clone(c.Scrub)
	c.TemplateTag = orDefault(c.TemplateTag, defaultTemplateTag)
	c.LateBy = orDefault(c.LateBy, defaultLateBy)
	c.StopFor = orDefault(c.StopFor, defaultStopFor)
	c.RefuseStatus = orDefault(c.RefuseStatus, pdu.ESME_RINVDSTADR)
	c.ReceiptWindow = orDefault(c.ReceiptWindow, defaultReceiptWindow)
	c.AckTimeout = orDefault(c.AckTimeout, defaultAckTimeout)
	c.Keep = orDefault(c.Keep, defaultKeep)
	return c
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
