package bind

import (
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
	if len(deliveries) > 0 {
		l.b.tries.worked()
	}
	for _, f := range deliveries {
		l.pool.deps.Handler.Receive(l.pool.cfg.SMSC, f, Reply{l.owed, f.Header()})
	}
	clear(deliveries)
}

// result gives a segment its answer; the second one of a late segment goes to the handler.
func (l *loop) result(r *session.Result[ref]) {
	if r.Value.ask != nil {
		l.replied(r)
		return
	}
	answer := Answer{Verdict: r.Verdict, Status: r.Status, MessageID: r.MessageID, At: r.At}
	if r.Late {
		l.counters.Late++
		answer.Segment = r.Value.sub.Segments[r.Value.segment]
		l.pool.deps.Handler.Late(r.Value.sub, answer)
		return
	}
	l.learn(r)
	if hook := l.pool.deps.Trace.Answered; hook != nil && r.Verdict != session.Unsent {
		hook(l.pool.cfg.SMSC, r.Value.sub.Class, r.Verdict, r.Wait)
	}
	r.Value.it.answer(r.Value.segment, answer)
}

// learn counts what became of a submit, and tells the pace.
func (l *loop) learn(r *session.Result[ref]) {
	pace, sent := l.pool.pace, r.Value.at
	l.usable.learn(r, l.now)
	switch r.Verdict {
	case session.Accepted:
		l.counters.Accepted++
		l.b.tries.worked()
		paused := pace.Paused()
		if pace.Accepted(sent); paused && !pace.Paused() {
			l.pool.notes.room()
		}
		return
	case session.Throttled:
		l.counters.Refused++
		l.counters.Throttled++
		pace.Throttled(sent, l.now)
		l.pool.notes.cut(pace.State().Rate, l.now)
		return
	case session.QueueFull:
		l.counters.Refused++
		l.counters.QueueFull++
		if pace.Full(sent, l.now); pace.Paused() { // an answer of before the pause does not begin another one
			l.pool.notes.full()
			l.pool.handBack(ErrPaused)
		}
		return
	case session.InDoubt:
		if r.Status == pdu.ESME_ROK {
			l.counters.Timeouts++
		} else { // the SMSC's own table says so of this status
			l.counters.Refused++
		}
	case session.Unsent:
		l.counters.Submits-- // it was counted, and never reached the wire (the sum is modulo 2^64)
	default:
		l.counters.Refused++
	}
	pace.Lost(sent)
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
	c.Throttled += l.counters.Throttled
	c.QueueFull += l.counters.QueueFull
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
	l.unsend(nil)
	l.settle()
	l.watch()
	l.publish()
	return l.session.Fault()
}
