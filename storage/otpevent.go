package storage

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// otpRow is one event of a challenge, as it becomes a row and a message to the tenant.
type otpRow struct {
	id  statusID
	at  time.Time
	otp ledger.OTP
}

// key begins with the time, so that rows lie in the day of their event, and is the same in every replay.
func (r *otpRow) key() sms.Key {
	k := KeyAt(r.at)
	binary.BigEndian.PutUint16(k[6:], uint16(rank[r.id.state]))
	binary.BigEndian.PutUint64(k[8:], uint64(r.id.fact))
	return k
}

// tellOTP keeps an event of a challenge and tells the tenant of it.
func (b *batch) tellOTP(id statusID, at time.Time, o ledger.OTP) {
	id.otp = true
	b.otp = append(b.otp, otpRow{id, at, o})
	b.statuses = append(b.statuses, status{
		id:      id,
		subject: "sms." + string(o.Tenant) + ".otp.event." + string(o.Event),
		payload: appendOTPEvent(make([]byte, 0, 320), &o, at),
	})
}

// otpSendPrefix is what sms.OTPRequestID begins with: all other messages are known by it at once.
const otpSendPrefix = "otp."

// announceSend makes the event of a challenge that a change of its message's state is; of other messages there is none.
func (b *batch) announceSend(m *message, f fact, to move) {
	if !strings.HasPrefix(string(m.facts.ID), otpSendPrefix) {
		return
	}
	challenge, send, isSend := sms.OTPSend(m.facts.ID)
	purpose, asked, isRef := cutSendRef(m.facts.Ref, m.facts.Requested)
	event := sendEvent(to.to)
	if !isSend || !isRef || event == "" {
		return
	}
	o := ledger.OTP{Event: event, Tenant: m.facts.Tenant, Challenge: challenge, Purpose: purpose, Template: m.facts.Template,
		ToLast4: m.facts.ToLast4, SMSC: m.now.SMSC, Send: send, Requested: asked}
	if event == ledger.OTPUndelivered {
		o.Reason = m.now.Failure.Reason
	}
	if unfitOTP(&o) == "" { // else a tenant gave its own request such an id
		b.tellOTP(statusID{fact: f, state: to.to}, to.at, o)
	}
}

// sendWithin is how far the request of a challenge and that of any of its sends may lie apart: a code lives ten minutes, and
// the times come from the clocks of two machines.
const sendWithin = 15 * time.Minute

// cutSendRef reads the ref of a send, requested at that time: "<purpose> <time>", which is when its challenge was requested,
// as in "login 2026-11-22T10:11:12.345Z". False: the ref has another form, or a time that no challenge of the send has.
func cutSendRef(ref string, sent time.Time) (purpose string, asked time.Time, ok bool) {
	purpose, text, _ := strings.Cut(ref, " ")
	asked, err := time.Parse(statusTime, text)
	return purpose, asked, err == nil && sent.Sub(asked).Abs() <= sendWithin
}

// sendEvent is what a state of its message says of a send; nothing of one in doubt, which may still get there.
func sendEvent(s sms.State) ledger.OTPEvent {
	switch s {
	case sms.Submitted:
		return ledger.OTPSent
	case sms.Delivered:
		return ledger.OTPDelivered
	case sms.Undelivered, sms.Refused, sms.Rejected, sms.Expired, sms.Lapsed, sms.Unreported:
		return ledger.OTPUndelivered
	}
	return ""
}

// otpEvents are those that a challenge may have.
var otpEvents = map[ledger.OTPEvent]bool{
	ledger.OTPRequested: true, ledger.OTPResent: true, ledger.OTPFellBack: true, ledger.OTPVerified: true, ledger.OTPFailed: true,
	ledger.OTPLocked: true, ledger.OTPExpired: true, ledger.OTPCancelled: true, ledger.OTPBlocked: true, ledger.OTPSent: true,
	ledger.OTPDelivered: true, ledger.OTPUndelivered: true,
}

// unfitOTP says why an event of a challenge cannot be projected; empty where it can. Tenant and event become parts of a
// subject; what is longer than anything known is nothing that the service wrote.
func unfitOTP(o *ledger.OTP) string {
	switch {
	case o == nil:
		return "an event of a challenge without its part"
	case !isName(string(o.Tenant), 64):
		return "an event of a challenge without a tenant"
	case !otpEvents[o.Event]:
		return fmt.Sprintf("the event %.40q of a challenge is not known", o.Event)
	case !isName(o.Purpose, 32):
		return "an event of a challenge without a purpose"
	case o.Challenge == "" && o.Event != ledger.OTPBlocked:
		return "an event without its challenge"
	case o.Requested.IsZero():
		return "an event of a challenge that was never requested"
	case len(o.ToLast4) > 4 || len(o.Challenge) > 64 || len(o.Template) > 64 || len(o.SMSC) > 64 || len(o.Route) > 64 || len(o.Reason) > 128:
		return "an event of a challenge with a text that is too long"
	}
	for _, n := range [...]int{o.Send, o.Left, o.Retry} {
		if n < 0 || n > math.MaxInt32 {
			return fmt.Sprintf("an event of a challenge with the number %d", n)
		}
	}
	return ""
}

// isName says whether a text is 1 to most of [A-Za-z0-9_-], as the ids of tenants and the names of purposes are.
func isName(s string, most int) bool {
	for i := range len(s) {
		if c := s[i]; (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= most
}

// appendOTPEvent appends the JSON object that a tenant gets. Empty fields are left out but for event, challenge, purpose
// and the times.
func appendOTPEvent(b []byte, o *ledger.OTP, at time.Time) []byte {
	b = ledger.AppendText(append(b, `{"event":`...), string(o.Event))
	b = ledger.AppendText(append(b, `,"challenge":`...), o.Challenge)
	b = ledger.AppendText(append(b, `,"purpose":`...), o.Purpose)
	for _, f := range [...]struct{ name, text string }{
		{`,"template":`, string(o.Template)}, {`,"to_last4":`, o.ToLast4}, {`,"smsc":`, string(o.SMSC)},
	} {
		b = appendUnlessEmpty(b, f.name, f.text)
	}
	b = appendUnlessZero(b, `,"send":`, o.Send)
	b = appendUnlessEmpty(b, `,"route":`, o.Route)
	b = appendUnlessEmpty(b, `,"reason":`, o.Reason)
	b = appendUnlessZero(b, `,"left":`, o.Left)
	b = appendUnlessZero(b, `,"retry_after":`, o.Retry)
	if o.DryRun {
		b = append(b, `,"dry_run":true`...)
	}
	b = at.UTC().AppendFormat(append(b, `,"at":"`...), statusTime)
	b = o.Requested.UTC().AppendFormat(append(b, `","requested_at":"`...), statusTime)
	return append(b, `"}`...)
}

func appendUnlessEmpty(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return ledger.AppendText(append(b, name...), text)
}

func appendUnlessZero(b []byte, name string, n int) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(b, name...), int64(n), 10)
}
