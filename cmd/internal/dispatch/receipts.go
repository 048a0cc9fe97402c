package dispatch

import (
	"context"
	"sync"

	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/receipt"
	"harkara/smpp/session"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// Handler takes what one SMSC's binds receive.
func (d *Dispatcher) Handler(id sms.SMSCID) bind.Handler { return handler{d, id} }

type handler struct {
	d    *Dispatcher
	smsc sms.SMSCID
}

// scratch holds PDUs to read receipts into.
var scratch = sync.Pool{New: func() any { return new(pdu.SM) }}

// Receive takes a deliver_sm or data_sm. It returns at once; the SMSC is answered when the receipt is durable (G4), or
// asked to send it again when the ledger cannot take it now.
func (h handler) Receive(id sms.SMSCID, f pdu.Frame, reply bind.Reply) {
	d := h.d
	m := scratch.Get().(*pdu.SM)
	defer scratch.Put(m)
	if err := pdu.ParseText(f, m); err != nil {
		d.cfg.Log.Warn("receipt cannot be read; refused", "smsc", id, "error", err)
		reply.Answer(pdu.ESME_RX_R_APPN)
		return
	}
	smsc := d.cfg.SMSCs[id]
	r, ok := receipt.Parse(m, smsc.Trust)
	if !ok {
		if d.cfg.Trace.MO != nil {
			d.cfg.Trace.MO(id)
		}
		reply.Answer(pdu.ESME_RX_R_APPN)
		return
	}
	ev := ledger.Event{Kind: ledger.Receipt, At: d.cfg.Now(), Report: smsc.report(&r)}
	if r.Final && smsc.Cancel {
		d.held.settled(handle{id, ev.Report.MessageID})
	}
	if r.HasUserRef && smsc.Profile.UserRef && pdu.ParseSM(f, m) == nil {
		if from, err := sms.ParseMSISDN(m.Source); err == nil { // the handset that it is about
			ev.Report.UserRef, ev.Report.From = r.UserRef, d.cfg.Vault.Mark(from)
		}
	}
	d.late.Go(func() { d.keep(id, ev, reply) })
}

// keep makes a receipt durable and answers for it.
func (d *Dispatcher) keep(id sms.SMSCID, ev ledger.Event, reply bind.Reply) {
	// The ledger itself bounds the wait, and the SMSC must not lose its receipt to our stopping.
	if _, err := d.cfg.Ledger.Append(context.Background(), ev); err != nil {
		if d.cfg.Trace.Busy != nil {
			d.cfg.Trace.Busy(id)
		}
		reply.Answer(d.cfg.SMSCs[id].Busy)
		return
	}
	if d.cfg.Trace.Receipt != nil {
		d.cfg.Trace.Receipt(id, ev.Report.State)
	}
	d.step("before_deliver_sm_resp")
	reply.Answer(pdu.ESME_ROK)
}

func (s *SMSC) report(r *receipt.Receipt) *ledger.Report {
	out := &ledger.Report{SMSC: s.ID, MessageID: receipt.Canonical(string(r.ID), s.Receipts), State: r.State,
		Stat: r.Stat, Err: r.Err, Done: r.DoneDate, Raw: r.Raw}
	if string(out.MessageID) != string(r.ID) {
		out.RawID = string(r.ID)
	}
	meaning, _ := receipt.Meaning(s.Errors, r.Err, r.Stat)
	out.Reason, out.Retryable = meaning.Reason, meaning.Retryable
	return out
}

// Late takes an answer that came after its attempt was reported in doubt: the ledger learns the message id after all.
func (h handler) Late(sub *bind.Submission, a bind.Answer) {
	d, id := h.d, h.smsc
	ev := ledger.Event{Kind: ledger.Submitted, At: d.cfg.Now(), Key: sub.Key, Attempt: sub.Attempt, SMSC: id,
		Answers: []ledger.Answer{d.cfg.SMSCs[id].answer(a)}}
	if a.Verdict != session.Accepted {
		ev.Kind, ev.Failure = ledger.Refused, refusal(a, a.Verdict.Retryable())
	}
	d.late.Go(func() {
		if err := d.tell(d.running, ev); err != nil {
			d.cfg.Log.Error("a late answer could not be kept; the message stays in doubt", "smsc", id,
				"message", sub.Key, "error", err)
		}
	})
}
