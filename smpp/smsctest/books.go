package smsctest

import (
	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// Counters are exact, whatever Config.Keep is. All count from the SMSC's start.
type Counters struct {
	Connections  uint64 `json:"connections"`   // TCP connections taken
	Binds        uint64 `json:"binds"`         // binds that were accepted
	BindsRefused uint64 `json:"binds_refused"` // wrong account, too many, a second one
	Bound        int    `json:"bound"`         // binds at this moment

	Submits    uint64 `json:"submits"`      // submit_sm that came: accepted, refused, throttled, out of state or malformed
	Accepted   uint64 `json:"accepted"`     // short messages taken for delivery
	Refused    uint64 `json:"refused"`      // by the fault refuse, or as the queue is full
	QueueFull  uint64 `json:"queue_full"`   // of Refused: answered ESME_RMSGQFUL
	Throttled  uint64 `json:"throttled"`    // above Config.TPS
	OutOfState uint64 `json:"out_of_state"` // not bound to transmit, answered ESME_RINVBNDSTS
	Malformed  uint64 `json:"malformed"`    // PDUs of any kind that can't be read

	Texts        uint64 `json:"texts"`          // of Accepted: whole texts, and first segments of long ones
	Segments     uint64 `json:"segments"`       // of Accepted: segments of long texts
	Duplicates   uint64 `json:"duplicates"`     // of Accepted: the same key was accepted before
	IllegalSeqs  uint64 `json:"illegal_seqs"`   // number 0, above 0x7FFFFFFF, or in flight; answered generic_nack
	UnknownPDUs  uint64 `json:"unknown_pdus"`   // command that is not served; answered generic_nack
	StrayAnswers uint64 `json:"stray_answers"`  // responses to nothing outstanding, late deliver_sm_resp too
	MaxWindow    int    `json:"max_window"`     // most submit_sm of one bind received and not yet answered
	MaxPerSecond int    `json:"max_per_second"` // most submit_sm in any one second

	Queries       uint64 `json:"queries"`        // query_sm that came
	QueriesFailed uint64 `json:"queries_failed"` // of them: not answered with a state
	Cancels       uint64 `json:"cancels"`        // cancel_sm that came
	Cancelled     uint64 `json:"cancelled"`      // of them: messages that were cancelled

	Receipts        uint64 `json:"receipts"`         // made, copies of duplicate_receipt and intermediate ones among them
	ReceiptsSent    uint64 `json:"receipts_sent"`    // deliver_sm or data_sm written, those sent again among them
	ReceiptsAcked   uint64 `json:"receipts_acked"`   // answered ESME_ROK; all are acked when it equals Receipts
	ReceiptsRefused uint64 `json:"receipts_refused"` // answered with an error, to be sent again
	ReceiptsSilent  uint64 `json:"receipts_silent"`  // not answered in time, to be sent again

	Faults map[string]uint64 `json:"faults"` // that happened, by name; of hex_id: the answers
}

// Books is what the SMSC took.
type Books struct {
	Counters
	Messages []Message // the newest Config.Keep accepted submit_sm, put together, in the order of their coming
}

// Message is one text as the handset would show it.
type Message struct {
	Source     string // the header
	To         sms.MSISDN
	DataCoding byte
	Text       sms.Secret // decoded; of the segments that came, in their order
	Total      int        // segments that the text has by its own account
	Segments   []Segment  // those that came, by number
}

// Segment is one accepted short message, or several with the same octets.
type Segment struct {
	Number        int      // from 1
	SM            pdu.SM   // as it came first
	IDs           []string // as they are in receipts; one for each time that it came
	Stats         []string // DELIVRD, UNDELIV or DELETED, beside IDs; empty where no receipt is made
	ReceiptsSent  int
	ReceiptsAcked int
}

// Times says how often the segment was accepted.
func (s *Segment) Times() int { return len(s.IDs) }
