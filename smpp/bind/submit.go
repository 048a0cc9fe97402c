package bind

import (
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// hold keeps an item that came from its lane, if it was not withdrawn. Its class is free: wait listens to the lanes only
// while nothing is held.
func (l *loop) hold(it *item) {
	if it.claim() {
		l.held[it.sub.Class] = it
	}
}

// next returns the item whose segment goes next, the most urgent class first; or the question, once no more urgent
// submit waits: a cancel goes before bulk messages, a query after them. Both are nil when there is nothing.
func (l *loop) next() (*item, *ask) {
	for class := range l.held {
		if class == int(sms.Bulk) && l.question(cancels) != nil {
			return nil, l.asked[cancels]
		}
		if l.held[class] == nil {
			l.held[class] = takeFrom(l.pool.lanes[class])
		}
		if l.held[class] != nil {
			return l.held[class], nil
		}
	}
	return nil, l.question(queries)
}

// submit fills the window from the lanes, as far as the pace allows. All segments of an item go over this bind, in
// order; an item of a more urgent class may go between two of them.
func (l *loop) submit() {
	l.idle = false
	if l.lost != nil || l.now.Before(l.paceOpen) {
		return
	}
	l.paceOpen = time.Time{}
	for l.session.Room() > 0 && l.session.Outstanding() < l.usable.now {
		it, question := l.next()
		if it == nil && question == nil {
			l.idle = true
			return
		}
		if it != nil && !l.now.Before(it.sub.Deadline) {
			l.end(it, session.Lapsed, nil)
			continue
		}
		if it != nil && it.next == 0 && !it.sub.Lease.Held(time.Now()) {
			l.end(it, session.Unsent, nil)
			continue
		}
		if question != nil && l.pool.pace.Paused() { // the probe is to be a submit
			l.unask(ErrPaused)
			continue
		}
		if wait, closed := l.pool.pace.Take(l.now); wait > 0 {
			l.paceOpen = l.now.Add(wait)
			if closed {
				l.unsend(ErrPaused)
			}
			return
		}
		if question != nil {
			l.ask(question)
		} else {
			l.write(it)
		}
	}
}

// write gives the next segment of it to the session.
func (l *loop) write(it *item) {
	sub, i := it.sub, it.next
	sm := &sub.SMs[i]
	sm.Validity = l.validity[sub.Class].of(sub.Deadline.Sub(l.now))
	if it.next++; it.next == len(sub.SMs) {
		l.held[sub.Class] = nil
	}
	if err := l.session.Submit(sm, ref{it: it, sub: sub, segment: i, at: l.now}, l.now); err != nil {
		l.b.log.Error("a segment can't go on the wire", "key", sub.Key, "segment", sub.Segments[i], "error", err)
		l.pool.pace.Lost(l.now)
		it.answer(i, Answer{Verdict: session.BadPDU, At: l.now})
		return
	}
	l.counters.Submits++
}

// end answers what is left of an item that is held, and lets it go.
func (l *loop) end(it *item, v session.Verdict, err error) {
	l.held[it.sub.Class] = nil
	it.rest(v, err, l.now)
}

// lapse ends what is held and has outlived its deadline while there was no room.
func (l *loop) lapse() {
	for _, it := range l.held {
		if it != nil && !l.now.Before(it.sub.Deadline) {
			l.end(it, session.Lapsed, nil)
		}
	}
}

// unsend hands back what is held, for the reason err (nil: the connection).
func (l *loop) unsend(err error) {
	for _, it := range l.held {
		if it != nil {
			l.end(it, session.Unsent, err)
		}
	}
	if err == nil {
		err = ErrNotLive
	}
	l.unask(err)
}

// validity remembers one relative time: messages of a class have mostly as many whole seconds left as the one before.
type validity struct {
	seconds time.Duration
	text    string
}

// of returns left as validity_period.
func (v *validity) of(left time.Duration) string {
	if seconds := left / time.Second; v.text == "" || v.seconds != seconds {
		v.seconds, v.text = seconds, pdu.RelativeValidity(left)
	}
	return v.text
}
