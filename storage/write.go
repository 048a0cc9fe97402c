package storage

import (
	"strings"

	"harkara/storage/ledger"
)

// tables gathers the rows of one transaction.
type tables struct {
	message, transition, attempt, answer, receipt, early, otp, parked *rows
	moves                                                             []matchRow
	tally                                                             *tally
	otpTally                                                          otpTally
	shred                                                             *ledger.Shred
	days                                                              batchDays
}

const (
	standingColumns = "submitted_at, final_at, possible_duplicate, state, smsc, error_stage, error_code, error_reason, error_detail, error_retryable"
	receiptColumns  = "fact, received_at, smsc, message_id, raw_id, state, stat, err, reason, done, raw, retryable, user_ref, from_mark"
	answerColumns   = "key, fact, answered_at, status, attempt, segment, smsc, verdict, message_id, raw_id, user_ref"
)

func newTables() *tables {
	return &tables{
		tally: newTally(), otpTally: otpTally{},
		message: newRows("message", "key, fact, requested_at, deadline, segments, tenant, id, ref, class, template, header, entity, category, "+
			"encoding, variables, to_last4, to_digest, to_sealed, text_digest, to_mark, register, "+standingColumns),
		transition: newRows("transition", "key, fact, "+standingColumns),
		attempt:    newRows("attempt", answerColumns+", planned_at, parts, possible_duplicate"),
		answer:     newRows("answer", answerColumns),
		receipt:    newRows("receipt", "key, attempt, segment, given, "+receiptColumns),
		early:      newRows("receipt_early", receiptColumns),
		otp: newRows("otp_event", "key, fact, at, requested_at, tenant, event, challenge, purpose, template, to_last4, smsc, send, route, reason, "+
			"tries_left, retry_after, dry_run"),
		parked: newRows("parked", "position, index, reason, event"),
	}
}

func (t *tables) all() []*rows {
	return []*rows{t.message, t.transition, t.attempt, t.answer, t.receipt, t.early, t.otp, t.parked}
}

// gather writes what a batch has changed as rows.
func (t *tables) gather(b *batch) {
	for _, r := range t.all() {
		r.reset()
	}
	t.tally.reset()
	clear(t.otpTally)
	t.days.gather(b)
	for _, m := range b.touched {
		t.gatherMessage(m)
	}
	for _, row := range b.receipts {
		t.gatherReceipt(row)
	}
	for i := range b.otp {
		t.otpTally.count(&b.otp[i])
		t.gatherOTP(&b.otp[i])
	}
	t.moves, t.shred = b.matches, b.shred
	for _, p := range b.parked {
		t.parked.int(int64(p.fact.position()))
		t.parked.int(int64(p.fact.index()))
		t.parked.text(p.reason)
		t.parked.text(strings.ToValidUTF8(string(p.line), "\ufffd"))
		t.parked.end()
	}
}

func (t *tables) gatherMessage(m *message) {
	t.tally.count(m)
	switch {
	case !m.stored:
		f, r := &m.facts, t.message
		r.key(m.key)
		r.int(int64(m.changed))
		r.time(f.Requested)
		r.time(f.Deadline)
		r.int(int64(f.Segments))
		for _, s := range [...]string{string(f.Tenant), string(f.ID), f.Ref, f.Class, string(f.Template), string(f.Header), string(f.Entity),
			string(f.Category), f.Encoding, f.Variables, f.ToLast4} {
			r.text(s)
		}
		r.bytes(f.ToDigest)
		r.bytes(f.ToSealed)
		r.bytes(f.Digest)
		r.intOrNull(int64(f.ToMark))
		r.intOrNull(f.Register)
		gatherStanding(r, &m.now)
	case m.now != m.written:
		t.transition.key(m.key)
		t.transition.int(int64(m.changed))
		gatherStanding(t.transition, &m.now)
	}
	for _, a := range m.attempts {
		for i := range a.segments {
			s := &a.segments[i]
			t.tally.bill(m, a, s)
			switch {
			case !s.stored:
				gatherAnswer(t.attempt, m, a, s)
				t.attempt.micros(a.plannedAt)
				t.attempt.intOrNull(int64(a.parts))
				t.attempt.bool(a.duplicate)
				t.attempt.end()
			case s.changed != 0:
				gatherAnswer(t.answer, m, a, s)
				t.answer.end()
			}
		}
	}
}

func gatherStanding(r *rows, s *standing) {
	r.micros(s.SubmittedAt)
	r.micros(s.FinalAt)
	r.bool(s.PossibleDuplicate)
	r.text(string(s.State))
	r.textOrNull(string(s.SMSC))
	f := &s.Failure
	r.textOrNull(string(f.Stage))
	r.textOrNull(f.Code)
	r.textOrNull(f.Reason)
	r.textOrNull(f.Detail)
	if f.Stage == "" {
		r.null()
	} else {
		r.bool(f.Retryable)
	}
	r.end()
}

func gatherAnswer(r *rows, m *message, a *attempt, s *segment) {
	r.key(m.key)
	r.int(int64(max(s.changed, m.changed)))
	r.timeOrNull(s.answer.At)
	r.int(int64(s.answer.Status))
	r.int(int64(a.number))
	r.int(int64(s.index))
	r.text(string(a.smsc))
	if s.answer.Verdict == "" {
		r.text(planned)
	} else {
		r.text(s.answer.Verdict)
	}
	r.textOrNull(string(s.answer.MessageID))
	r.textOrNull(s.answer.RawID)
	if unnamed(&s.answer) {
		r.int(int64(m.reference(a, s).ref))
	} else {
		r.null()
	}
}

func (t *tables) gatherReceipt(row *receiptRow) {
	r, report := t.early, row.event.Report
	if row.matched {
		r = t.receipt
		r.key(row.key)
		r.int(int64(row.attempt))
		r.int(int64(row.segment))
		r.int(int64(row.given))
	}
	r.int(int64(row.fact))
	r.time(row.event.At)
	r.text(string(report.SMSC))
	r.text(string(report.MessageID))
	r.textOrNull(report.RawID)
	for _, s := range [...]string{string(report.State), report.Stat, report.Err, report.Reason, report.Done, report.Raw} {
		r.text(s)
	}
	r.bool(report.Retryable)
	r.intOrNull(int64(report.UserRef))
	r.intOrNull(int64(report.From))
	r.end()
}

func (t *tables) gatherOTP(row *otpRow) {
	r, o := t.otp, &row.otp
	r.key(row.key())
	r.int(int64(row.id.fact))
	r.time(row.at)
	r.time(o.Requested)
	for _, s := range [...]string{string(o.Tenant), string(o.Event), o.Challenge, o.Purpose, string(o.Template), o.ToLast4} {
		r.text(s)
	}
	r.textOrNull(string(o.SMSC))
	r.intOrNull(int64(o.Send))
	r.textOrNull(o.Route)
	r.textOrNull(o.Reason)
	if o.Event == ledger.OTPFailed {
		r.int(int64(o.Left)) // 0 says something
	} else {
		r.intOrNull(int64(o.Left))
	}
	r.intOrNull(int64(o.Retry))
	r.bool(o.DryRun)
	r.end()
}
