package dispatch

import (
	"context"

	"harkara/router"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

var (
	deadlinePassed = &sms.Failure{Stage: sms.StageDeadline, Code: "deadline", Reason: "deadline_passed",
		Detail: "its time to live ended before it could be sent", Retryable: true}
	turnedAway = &sms.Failure{Stage: sms.StageSMSC, Code: "elsewhere", Reason: "no_smsc_left",
		Detail: "every SMSC of its route turned it away", Retryable: true}
	allAvoided = &sms.Failure{Stage: sms.StageRoute, Code: string(router.NoRoute), Reason: string(router.NoRoute),
		Detail: "all SMSCs of its route that take the template's category are to be avoided"}
	noCoding   = &sms.Failure{Stage: sms.StageRoute, Code: string(router.NoRoute), Reason: string(router.NoRoute)}
	unanswered = &sms.Failure{Stage: sms.StageSMSC, Code: "in_doubt", Reason: "no_answer",
		Detail: "written to the SMSC and never answered; it may or may not be on its way"}
	unwritten = &sms.Failure{Stage: sms.StageSMSC, Code: "unsent", Reason: "unsent",
		Detail: "not a byte of it was written to the SMSC", Retryable: true}
	doubtful = &sms.Failure{Stage: sms.StageSMSC, Code: "in_doubt", Reason: "interrupted",
		Detail: "the gateway ended while it was being sent; it may or may not be on its way"}
)

func routeFailure(reason router.Reason) *sms.Failure {
	f := &sms.Failure{Stage: reason.Stage(), Code: string(reason), Reason: string(reason),
		Detail: "no route of the table holds for it"}
	if reason == router.CategoryNotAllowed {
		f.Detail = "no SMSC of its route takes the template's category"
	}
	return f
}

// planned is the intent: durable before the first byte is written.
func (d *Dispatcher) planned(p *plan, smsc *SMSC, a *attempt) ledger.Event {
	ev := ledger.Event{Kind: ledger.Planned, At: d.cfg.Now(), Key: p.req.Key, Facts: p.facts, Attempt: a.number,
		SMSC: smsc.ID, PossibleDuplicate: a.duplicate, Answers: make([]ledger.Answer, len(a.segments))}
	for i, segment := range a.segments {
		ev.Answers[i].Segment = segment
	}
	if len(a.segments) < len(p.sms.Segments) {
		ev.Parts = len(p.sms.Segments)
	}
	p.facts = nil
	return ev
}

func (d *Dispatcher) rejected(req *sms.Request, p *plan, f *sms.Failure) ledger.Event {
	return ledger.Event{Kind: ledger.Rejected, At: d.cfg.Now(), Key: req.Key, Facts: p.facts, Failure: f}
}

func (d *Dispatcher) lapsedEarly(req *sms.Request) ledger.Event {
	return ledger.Event{Kind: ledger.Lapsed, At: d.cfg.Now(), Key: req.Key, Facts: d.facts(req), Failure: deadlinePassed}
}

func (d *Dispatcher) restsInDoubt(p *plan, past Past) ledger.Event {
	return ledger.Event{Kind: ledger.InDoubt, At: d.cfg.Now(), Key: p.req.Key, Facts: p.facts, Attempt: past.Attempts,
		Failure: doubtful}
}

// unsendable ends a message that no SMSC could be found for.
func (d *Dispatcher) unsendable(p *plan, a attempt, f *sms.Failure) ledger.Event {
	p.measure()
	ev := ledger.Event{At: d.cfg.Now(), Key: p.req.Key, Facts: p.facts, Attempt: a.number}
	kind := ledger.Rejected
	switch f {
	case deadlinePassed:
		kind = ledger.Lapsed
	case turnedAway:
		kind = ledger.Refused
	}
	return a.unsure(ev, kind, f)
}

// Reject ends a request that could not be read: f says why, and req holds what could be read of it.
func (d *Dispatcher) Reject(ctx context.Context, req *sms.Request, f *sms.Failure) error {
	return d.end(ctx, req, d.rejected(req, &plan{req: req, facts: d.facts(req)}, f))
}
