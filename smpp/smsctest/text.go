package smsctest

import (
	"strconv"
	"time"
)

// Values of message_state (SMPP 3.4 §5.2.28).
const (
	stateEnroute       = 1
	stateDelivered     = 2
	stateDeleted       = 4
	stateUndeliverable = 5
)

// stateWords are the words of Appendix B for them.
var stateWords = [...]string{stateEnroute: "ENROUTE", stateDelivered: "DELIVRD", stateDeleted: "DELETED",
	stateUndeliverable: "UNDELIV"}

// notice is what the text of a receipt tells.
type notice struct {
	id         uint64
	came, done time.Time
	state      byte
	err        string // empty: no error
	length     uint32 // payload octets of the message
}

// delivered is dlvrd, how many short messages reached the handset.
func (n *notice) delivered() string {
	if n.state == stateDelivered {
		return "001"
	}
	return "000"
}

// Dates of receipts, in UTC: with minutes as Appendix B has them, and with seconds.
const (
	toMinutes = "0601021504"
	toSeconds = "060102150405"
)

// appendixB writes the form of SMPP 3.4 Appendix B.
func appendixB(dst []byte, n *notice) []byte {
	dst = appendID(append(dst, "id:"...), n.id)
	dst = append(append(dst, " sub:001 dlvrd:"...), n.delivered()...)
	dst = n.came.AppendFormat(append(dst, " submit date:"...), toMinutes)
	dst = n.done.AppendFormat(append(dst, " done date:"...), toMinutes)
	dst = append(append(dst, " stat:"...), stateWords[n.state]...)
	dst = appendErr(append(dst, " err:"...), n.err)
	return n.appendStars(append(dst, " text:"...))
}

// lowerCase writes the same fields as SMSCs do that know Appendix B by hearsay.
func lowerCase(dst []byte, n *notice) []byte {
	dst = append(dst, "stat:"...)
	for _, c := range []byte(stateWords[n.state]) {
		dst = append(dst, c|0x20)
	}
	dst = appendErr(append(dst, " err:"...), n.err)
	dst = appendID(append(dst, " id:"...), n.id)
	dst = n.done.AppendFormat(append(dst, " done date:"...), toSeconds)
	dst = n.came.AppendFormat(append(dst, " submit date:"...), toSeconds)
	dst = append(append(dst, " dlvrd:"...), n.delivered()...)
	return n.appendStars(append(dst, " sub:001 text:"...))
}

// worded writes words where Appendix B has abbreviations and numbers; a message that was not delivered has failed,
// whatever the reason.
func worded(dst []byte, n *notice) []byte {
	stat := "FAILED"
	if n.state == stateDelivered {
		stat = "DELIVERED"
	}
	dst = appendID(append(dst, "id:"...), n.id)
	dst = append(append(dst, " sub:001 dlvrd:"...), n.delivered()...)
	dst = n.came.AppendFormat(append(dst, " submit date:"...), toMinutes)
	dst = n.done.AppendFormat(append(dst, " done date:"...), toMinutes)
	dst = append(append(dst, " stat:"...), stat...)
	dst = append(append(dst, " err:"...), errWord(n.err)...)
	return n.appendStars(append(dst, " Text:"...))
}

// appendStars quotes the message with an asterisk for each of its first 20 octets: not even a simulator quotes a code.
func (n *notice) appendStars(dst []byte) []byte {
	const stars = "********************"
	return append(dst, stars[:min(uint32(len(stars)), n.length)]...)
}

// appendErr writes an err, three zeros where there was no error.
func appendErr(dst []byte, code string) []byte { return append(dst, orDefault(code, "000")...) }

// paddedIDs is the number of ids of ten digits; an id below it is written with leading zeros.
const paddedIDs = 1e10

// appendID writes an id as it is in receipts.
func appendID(dst []byte, id uint64) []byte {
	for n := uint64(paddedIDs / 10); n > 1 && id < n; n /= 10 {
		dst = append(dst, '0')
	}
	return strconv.AppendUint(dst, id, 10)
}
