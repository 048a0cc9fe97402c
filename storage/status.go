package storage

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// statusID orders the statuses: by the event that they come from and, of one event, by the state's rank. As the
// message id it reads position-index-state. The event of a challenge that comes of a status stands behind it, as
// position-index-state-otp; one that comes of no status reads position-index-otp.
type statusID struct {
	fact  fact
	state sms.State // empty: of no message
	otp   bool
}

const otpWord = "otp"

func (id statusID) String() string {
	text := strconv.FormatUint(uint64(id.fact.position()), 10) + "-" + strconv.Itoa(id.fact.index()) + "-" + string(id.state)
	switch {
	case !id.otp:
		return text
	case id.state == "":
		return text + otpWord
	}
	return text + "-" + otpWord
}

func (id statusID) after(other statusID) bool {
	if id.fact != other.fact {
		return id.fact > other.fact
	}
	if a, b := rank[id.state], rank[other.state]; a != b {
		return a > b
	}
	return id.otp && !other.otp
}

func parseStatusID(text string) (statusID, error) {
	position, rest, _ := strings.Cut(text, "-")
	index, word, _ := strings.Cut(rest, "-")
	p, err1 := strconv.ParseUint(position, 10, 47)
	i, err2 := strconv.ParseUint(index, 10, indexBits)
	state, ofOTP := strings.CutSuffix(word, "-"+otpWord)
	if word == otpWord {
		state, ofOTP = "", true
	}
	if _, known := rank[sms.State(state)]; err1 != nil || err2 != nil || !known && word != otpWord {
		return statusID{}, fmt.Errorf("%q is not the id of a status", text)
	}
	return statusID{factOf(ledger.Position(p), int(i)), sms.State(state), ofOTP}, nil
}

// status is one status for a tenant, ready to be published.
type status struct {
	id      statusID
	subject string
	payload []byte
}

const statusTime = "2006-01-02T15:04:05.000Z"

// appendStatus appends the JSON object that a tenant gets when a message has reached a state. message_ids is empty and
// error null where there is nothing to say; every field is always there.
func appendStatus(b []byte, m *message, state sms.State, at time.Time, ids []sms.MessageID) []byte {
	f := &m.facts
	b = ledger.AppendText(append(b, `{"id":`...), string(f.ID))
	b = ledger.AppendText(append(b, `,"ref":`...), f.Ref)
	b = ledger.AppendText(append(b, `,"state":`...), string(state))
	b = at.UTC().AppendFormat(append(b, `,"at":"`...), statusTime)
	b = ledger.AppendText(append(b, `","to_last4":`...), f.ToLast4)
	b = ledger.AppendText(append(b, `,"template":`...), string(f.Template))
	b = ledger.AppendText(append(b, `,"header":`...), string(f.Header))
	b = ledger.AppendText(append(b, `,"class":`...), f.Class)
	b = strconv.AppendInt(append(b, `,"segments":`...), int64(f.Segments), 10)
	b = ledger.AppendText(append(b, `,"smsc":`...), string(m.now.SMSC))
	b = append(b, `,"message_ids":[`...)
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = ledger.AppendText(b, string(id))
	}
	b = strconv.AppendBool(append(b, `],"possible_duplicate":`...), m.now.PossibleDuplicate)
	b = append(b, `,"error":`...)
	e := &m.now.Failure
	if *e == (sms.Failure{}) {
		return append(b, "null}"...)
	}
	b = ledger.AppendText(append(b, `{"stage":`...), string(e.Stage))
	b = ledger.AppendText(append(b, `,"code":`...), e.Code)
	b = ledger.AppendText(append(b, `,"reason":`...), e.Reason)
	b = ledger.AppendText(append(b, `,"detail":`...), e.Detail)
	b = strconv.AppendBool(append(b, `,"retryable":`...), e.Retryable)
	return append(b, "}}"...)
}
