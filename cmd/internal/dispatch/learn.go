package dispatch

import (
	"fmt"
	"time"

	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/receipt"
	"harkara/smpp/session"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// learn turns what the SMSC said of an attempt into its event, and says whether the message is done with. Where it
// is not, a holds what the next attempt must send and to whom not.
func (d *Dispatcher) learn(p *plan, smsc *SMSC, a *attempt, out bind.Outcome) (ledger.Event, bool) {
	ev := ledger.Event{At: d.cfg.Now(), Key: p.req.Key, Attempt: a.number, SMSC: smsc.ID,
		PossibleDuplicate: a.duplicate, Answers: make([]ledger.Answer, len(out.Answers))}
	for i, answer := range out.Answers {
		ev.Answers[i] = smsc.answer(answer)
	}
	worst := worstOf(out.Answers)
	switch worst.Verdict {
	case session.Accepted:
		ev.Kind, ev.At = ledger.Submitted, lastAnswer(out) // not when we came to look at it: its receipt may be here by then
		return ev, true
	case session.InDoubt:
		ev.Kind, ev.Failure = ledger.InDoubt, doubt(worst)
		if a.resent || d.cfg.InDoubt[p.req.Class] == Hold || !d.cfg.Now().Before(p.req.Deadline) {
			return ev, true
		}
		// The whole text again, since an operator's scrubber puts all parts together before it matches them; and by
		// another SMSC where there is one.
		a.busy = map[sms.SMSCID]struct{}{smsc.ID: {}}
		a.resent, a.duplicate, a.segments, a.stay = true, true, nil, ""
	case session.Refused, session.BadPDU:
		return a.unsure(ev, ledger.Refused, refusal(worst, false)), true
	case session.Lapsed:
		failure := deadlinePassed
		if v := p.rules.CheckHours(p.grant.Category, d.cfg.Now()); v != nil {
			failure = violated(v)
		}
		return a.unsure(ev, ledger.Lapsed, failure), true
	default:
		left := unaccepted(out)
		partly := len(left) < len(p.sms.Segments)
		if worst.Verdict == session.Elsewhere && partly && (a.resent || d.cfg.InDoubt[p.req.Class] == Hold) {
			// The parts that were taken would go out twice, which its policy does not allow.
			return a.unsure(ev, ledger.Refused, refusal(worst, true)), true
		}
		ev.Kind, ev.Failure = ledger.Refused, refusal(worst, true)
		a.retry(smsc, worst, left, partly)
	}
	return ev, false
}

// unsure makes the last event of a message that came to nothing: where an earlier copy is in doubt, nothing that became
// of the second one makes it certain that the first did not arrive.
func (a *attempt) unsure(ev ledger.Event, kind ledger.Kind, f *sms.Failure) ledger.Event {
	ev.Kind, ev.Failure = kind, f
	if a.resent {
		ev.Kind, ev.Failure = ledger.InDoubt, unanswered
	}
	return ev
}

// retry says what the attempt after a temporary failure sends, and where not to.
func (a *attempt) retry(smsc *SMSC, worst bind.Answer, left []int, partly bool) {
	a.busy = nil
	switch {
	case worst.Verdict == session.Elsewhere:
		if a.away == nil {
			a.away = map[sms.SMSCID]struct{}{}
		}
		a.away[smsc.ID] = struct{}{}
		a.duplicate, a.resent = a.duplicate || partly, a.resent || partly
		left, a.stay = nil, ""
	case partly: // the parts that are there already must be joined by the rest on the same SMSC
		a.stay = smsc.ID
	default: // none was taken: the next SMSC may cut the text differently
		a.busy = map[sms.SMSCID]struct{}{smsc.ID: {}}
		left = nil
	}
	a.segments = left
	a.tries++
}

// lastAnswer is when the last segment was answered.
func lastAnswer(out bind.Outcome) time.Time {
	at := out.Answers[0].At
	for _, a := range out.Answers[1:] {
		if a.At.After(at) {
			at = a.At
		}
	}
	return at
}

func unaccepted(out bind.Outcome) []int {
	var left []int
	for _, answer := range out.Answers {
		if answer.Verdict != session.Accepted {
			left = append(left, answer.Segment)
		}
	}
	return left
}

// gravity orders verdicts by what they mean for the whole message: the gravest segment decides.
var gravity = map[session.Verdict]int{
	session.Accepted: 0, session.Unsent: 1, session.Throttled: 2, session.QueueFull: 3, session.Elsewhere: 4,
	session.Lapsed: 5, session.BadPDU: 6, session.Refused: 7, session.InDoubt: 8,
}

func worstOf(answers []bind.Answer) bind.Answer {
	worst := answers[0]
	for _, a := range answers[1:] {
		if gravity[a.Verdict] > gravity[worst.Verdict] {
			worst = a
		}
	}
	return worst
}

// answer makes a ledger entry of an SMSC's answer, its message id in canonical form.
func (s *SMSC) answer(a bind.Answer) ledger.Answer {
	l := ledger.Answer{Segment: a.Segment, Status: uint32(a.Status), Verdict: a.Verdict.String(), At: a.At}
	if a.MessageID != "" {
		l.MessageID = receipt.Canonical(a.MessageID, s.SubmitID)
		if string(l.MessageID) != a.MessageID {
			l.RawID = a.MessageID
		}
	}
	return l
}

// doubt is the failure of a segment that may or may not be on its way: never answered, or answered by a status of which
// the SMSC's own table says so.
func doubt(a bind.Answer) *sms.Failure {
	if a.Status == pdu.ESME_ROK {
		return unanswered
	}
	f := *unanswered
	f.Code, f.Reason = fmt.Sprintf("0x%08X", uint32(a.Status)), "in_doubt"
	f.Detail = "the SMSC answered " + a.Status.String() + ", by which it may or may not be on its way"
	return &f
}

func refusal(a bind.Answer, retryable bool) *sms.Failure {
	if a.Verdict == session.Unsent {
		return unwritten
	}
	return &sms.Failure{Stage: sms.StageSMSC, Code: fmt.Sprintf("0x%08X", uint32(a.Status)), Reason: a.Verdict.String(),
		Detail: a.Status.String(), Retryable: retryable}
}
