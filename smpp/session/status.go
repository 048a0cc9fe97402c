package session

import "harkara/smpp/pdu"

// Verdict is what became of one submit_sm.
type Verdict uint8

// The verdicts. The first six come from the SMSC's answer, the last three from its absence.
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

// Retryable says that the message was surely not taken and may be sent again, here later or by another SMSC. In doubt
// is not retryable: whether it may go twice is a policy, not a fact.
func (v Verdict) Retryable() bool {
	return v == Throttled || v == QueueFull || v == Elsewhere || v == Unsent
}

// Classify gives the verdict of a submit_sm_resp (or a generic_nack) with this status (SMPP 3.4 §5.1.3). Fields that an
// SMSC's own settings decide (the header, TON and NPI, TLVs, validity, esm_class) are Elsewhere: what one SMSC's
// settings get wrong, another's may get right. What is not in the standard, the vendors' range 0x400-0x4FF first of
// all, is Refused: there it mostly says that the content was scrubbed, which holds at every SMSC, and repeating what is
// not understood may cost a penalty. The status itself is kept for reports.
func Classify(status pdu.Status) Verdict {
	switch status {
	case pdu.ESME_ROK:
		return Accepted
	case pdu.ESME_RTHROTTLED:
		return Throttled
	case pdu.ESME_RMSGQFUL:
		return QueueFull
	case pdu.ESME_RSYSERR, pdu.ESME_RSUBMITFAIL, pdu.ESME_RX_T_APPN, pdu.ESME_RUNKNOWNERR, // passing trouble
		pdu.ESME_RINVBNDSTS, pdu.ESME_RALYBND, pdu.ESME_RBINDFAIL, // the state of the link
		pdu.ESME_RINVPASWD, pdu.ESME_RINVSYSID, pdu.ESME_RINVSYSTYP, pdu.ESME_RINVSERTYP, // the account
		pdu.ESME_RINVSRCADR, pdu.ESME_RINVSRCTON, pdu.ESME_RINVSRCNPI, // the header on this account
		pdu.ESME_RINVDSTTON, pdu.ESME_RINVDSTNPI, // our settings for this SMSC, from here on
		pdu.ESME_RINVPRTFLG, pdu.ESME_RINVREGDLVFLG, pdu.ESME_RINVREPFLAG, pdu.ESME_RINVESMCLASS,
		pdu.ESME_RINVSCHED, pdu.ESME_RINVEXPIRY, pdu.ESME_RINVDFTMSGID,
		pdu.ESME_RINVOPTPARSTREAM, pdu.ESME_ROPTPARNOTALLWD, pdu.ESME_RINVPARLEN,
		pdu.ESME_RMISSINGOPTPARAM, pdu.ESME_RINVOPTPARAMVAL:
		return Elsewhere
	case pdu.ESME_RINVMSGLEN, pdu.ESME_RINVCMDLEN, pdu.ESME_RINVCMDID, // it read something else than we wrote
		pdu.ESME_RINVMSGID, pdu.ESME_RCANCELFAIL, pdu.ESME_RREPLACEFAIL, pdu.ESME_RQUERYFAIL, // answers to other commands
		pdu.ESME_RINVNUMDESTS, pdu.ESME_RINVDLNAME, pdu.ESME_RINVDESTFLAG, pdu.ESME_RINVSUBREP,
		pdu.ESME_RCNTSUBDL, pdu.ESME_RINVNUMMSGS:
		return BadPDU
	default: // ESME_RINVDSTADR, ESME_RX_P_APPN, ESME_RX_R_APPN, ESME_RDELIVERYFAILURE, reserved values, vendors' values
		return Refused
	}
}

// BindFault says why an SMSC did not let us bind, as far as it changes what to do about it.
type BindFault uint8

// The kinds of bind fault.
const (
	Network     BindFault = iota // anything that may pass: try again after the usual pause
	Credentials                  // system_id, password or system_type are wrong: trying again locks the account
	Occupied                     // bound already, or too many sessions: wait for the SMSC to let go of the old one
)

// ClassifyBind gives the fault of a bind response with this status.
func ClassifyBind(status pdu.Status) BindFault {
	switch status {
	case pdu.ESME_RINVPASWD, pdu.ESME_RINVSYSID, pdu.ESME_RINVSYSTYP, pdu.ESME_RBINDFAIL:
		return Credentials
	case pdu.ESME_RALYBND, pdu.ESME_RTHROTTLED, pdu.ESME_RMSGQFUL:
		return Occupied
	default:
		return Network
	}
}
