package receipt

import (
	"strconv"
	"strings"

	"harkara/smpp/sms"
)

// weight is how much a word or a message_state says about the outcome; more wins.
type weight uint8

const (
	nothing      weight = iota
	intermediate        // the message is on its way
	unknown             // over, but the SMSC does not know how
	outcome
)

type verdict struct {
	weight weight
	state  sms.State
}

var (
	onItsWay    = verdict{intermediate, sms.Submitted}
	delivered   = verdict{outcome, sms.Delivered}
	undelivered = verdict{outcome, sms.Undelivered}
	expired     = verdict{outcome, sms.Expired}
	notKnown    = verdict{unknown, sms.Undelivered}
)

// words are the values of stat: those of SMPP 3.4 Appendix B, their long forms, and those seen in the wild.
var words = map[string]verdict{
	"DELIVRD": delivered, "DELIVERED": delivered,
	"EXPIRED": expired,
	"UNDELIV": undelivered, "UNDELIVERED": undelivered, "UNDELIVERABLE": undelivered,
	"DELETED": undelivered, "REJECTD": undelivered, "REJECTED": undelivered, "FAILED": undelivered,
	"UNKNOWN": notKnown,
	"ACCEPTD": onItsWay, "ACCEPTED": onItsWay, "ENROUTE": onItsWay, "BUFFERED": onItsWay, "BUFFRED": onItsWay,
	"SCHEDULED": onItsWay, "SENT": onItsWay,
}

// messageStates are the values of message_state with their words (SMPP 3.4 §5.2.28, Appendix B).
var messageStates = [...]struct {
	word    string
	verdict verdict
}{
	1: {"ENROUTE", onItsWay},
	2: {"DELIVRD", delivered},
	3: {"EXPIRED", expired},
	4: {"DELETED", undelivered},
	5: {"UNDELIV", undelivered},
	6: {"ACCEPTD", onItsWay},
	7: {"UNKNOWN", notKnown},
	8: {"REJECTD", undelivered},
}

// decide gives the state by the text's word, the TLV's message_state and the error code. A word that is not in the
// table is a failure where it is itself a DLT reason (scrubbers put one in the place of stat) or an error code comes
// with it; else it settles nothing. An error code alone is a failure, but not beside a message_state: a message on its
// way may have failed once.
func decide(stat string, messageState byte, err string) (state sms.State, final bool) {
	var t verdict
	if int(messageState) < len(messageStates) {
		t = messageStates[messageState].verdict
	}
	v, ok := word(stat)
	if !ok && (stat != "" || t.weight == nothing) && (!zeros(err) || isReason(stat)) {
		v = undelivered
	}
	if t.weight >= v.weight {
		v = t
	}
	if v.weight <= intermediate {
		return sms.Submitted, false
	}
	return v.state, true
}

// word reads a value of stat in any case.
func word(stat string) (verdict, bool) {
	v, ok := words[stat]
	if !ok && stat != "" {
		v, ok = words[strings.ToUpper(stat)]
	}
	return v, ok
}

// stateWord gives Appendix B's word for a message_state, "" where it has none.
func stateWord(messageState byte) string {
	if int(messageState) < len(messageStates) {
		return messageStates[messageState].word
	}
	return ""
}

// zeros says that an error code is not there or says that there was no error.
func zeros(err string) bool { return strings.Trim(err, "0") == "" }

// threeDigits writes a network error code as receipts do.
func threeDigits(code uint16) string {
	s := strconv.Itoa(int(code))
	return "000"[min(len(s), 3):] + s
}
