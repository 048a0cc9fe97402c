package bind

import (
	"sync/atomic"

	"harkara/smpp/pdu"
	"harkara/smpp/session"
)

// settle passes on what the session has: results to those who wait for them, receipts to the handler.
func (l *loop) settle() {
	results, deliveries := l.session.Take()
	for i := range results {
		l.result(&results[i])
	}
	clear(results)
	for _, f := range deliveries {
		l.pool.deps.Handler.Receive(l.pool.cfg.SMSC, f, l.answerTo(f.Header()))
	}
	clear(deliveries)
}

// result gives a segment its answer; the second one of a late segment goes to the handler.
func (l *loop) result(r *session.Result[ref]) {
	answer := Answer{Verdict: r.Verdict, Status: r.Status, MessageID: r.MessageID, At: r.At}
	if r.Late {
		l.counters.Late++
		answer.Segment = r.Value.sub.Segments[r.Value.segment]
		l.pool.deps.Handler.Late(r.Value.sub, answer)
		return
	}
	switch r.Verdict {
	case session.Accepted:
		l.counters.Accepted++
	case session.InDoubt:
		l.counters.Timeouts++
	case session.Unsent:
		l.counters.Submits-- // it was counted, and never reached the wire (the sum is modulo 2^64)
	default:
		l.counters.Refused++
	}
	if hook := l.pool.deps.Trace.Answered; hook != nil && r.Verdict != session.Unsent {
		hook(l.pool.cfg.SMSC, r.Value.sub.Class, r.Verdict, r.Wait)
	}
	r.Value.it.answer(r.Value.segment, answer)
}

// answerTo returns the handler's means to answer one PDU: once, from any goroutine, never blocking. There is room for
// every answer, as no more than ReceiptsMax PDUs are handed on without one.
func (l *loop) answerTo(h pdu.Header) func(pdu.Status) {
	var used atomic.Bool
	return func(status pdu.Status) {
		if used.CompareAndSwap(false, true) {
			l.owed <- response{h, status}
		}
	}
}

// watch follows the session in and out of being bound. The pool is live before anybody is told that the bind is up.
func (l *loop) watch() {
	state := l.session.State()
	live := state == session.Bound && l.lost == nil && l.b.as != pdu.BindReceiver
	if live && !l.live {
		l.pool.up()
	} else if !live && l.live {
		l.pool.down()
	}
	l.live = live
	if state == session.Bound && l.bound.IsZero() {
		l.bound = l.now
		l.pool.good.Store(true)
		l.b.log.Info("bound")
		l.b.link(nil)
	}
}

// publish adds what was counted to the snapshot.
func (l *loop) publish() {
	counts := l.session.Counts()
	l.b.enter(l.session.State().String())
	l.b.mu.Lock()
	defer l.b.mu.Unlock()
	l.b.status.WindowUsed = l.session.Outstanding()
	c := &l.b.status.Counters
	c.Submits += l.counters.Submits
	c.Accepted += l.counters.Accepted
	c.Refused += l.counters.Refused
	c.Timeouts += l.counters.Timeouts
	c.Late += l.counters.Late
	c.Connects += l.counters.Connects
	c.Receipts += counts.Received - l.counted.Received
	c.Deferred += counts.Deferred - l.counted.Deferred
	c.Unknown += counts.Unknown - l.counted.Unknown
	l.counters, l.counted = Counters{}, counts
}

// finish gives every submit that has no answer its end, and returns why the conversation is over.
func (l *loop) finish() error {
	l.session.Close(l.lost, l.now)
	l.unsend()
	l.settle()
	l.watch()
	l.publish()
	return l.session.Fault()
}
