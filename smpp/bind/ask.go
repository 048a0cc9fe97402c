package bind

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"harkara/smpp/pdu"
	"harkara/smpp/session"
)

// The kinds of question, each with a lane of its own: the first goes before bulk submissions, the second after all.
const (
	cancels = iota
	queries
	askKinds
)

// asksMax is how many queries, and how many cancels, may wait for a bind.
const asksMax = 64

// Why a question has no answer.
var (
	ErrAsksFull = errors.New("too many questions wait for a bind of the SMSC")
	ErrNoAnswer = errors.New("the SMSC did not answer")
)

// StatusError is the SMSC's refusal of a query_sm or cancel_sm.
type StatusError struct {
	Command pdu.CommandID
	Status  pdu.Status
}

// Error names the command and the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("the SMSC refused the %s with %s", e.Command, e.Status)
}

// Query asks the SMSC by query_sm what became of a message. It waits for the answer, but never delays a submit: it goes
// when no submission waits and the pace allows. The error is ErrNotLive, ErrPaused, ErrStopping or ErrAsksFull when it
// was not sent, ErrNoAnswer when no answer that can be read came, a *StatusError, or the context's.
func (p *Pool) Query(ctx context.Context, q pdu.Inquiry) (pdu.QueryAnswer, error) {
	r, err := p.inquire(ctx, queries, q)
	if err != nil {
		return pdu.QueryAnswer{}, err
	}
	return r.answer, nil
}

// Cancel asks the SMSC by cancel_sm to drop a message that it has not delivered. It goes before bulk submissions and after
// the others. The status is the SMSC's answer, ESME_ROK where the message is cancelled; the errors are those of Query,
// a *StatusError with every other status.
func (p *Pool) Cancel(ctx context.Context, q pdu.Inquiry) (pdu.Status, error) {
	r, err := p.inquire(ctx, cancels, q)
	return r.status, err
}

// ask is a question on its way. Its asker may go away at any time.
type ask struct {
	kind    int
	inquiry pdu.Inquiry
	gone    atomic.Bool // nobody waits for it any more
	done    chan reply
}

// reply is what became of a question.
type reply struct {
	status pdu.Status
	answer pdu.QueryAnswer
	err    error
}

// refuse ends a question that was not answered.
func (a *ask) refuse(err error) { a.done <- reply{err: err} }

// inquire waits for what becomes of one question.
func (p *Pool) inquire(ctx context.Context, kind int, q pdu.Inquiry) (reply, error) {
	if err := p.closedToAsks(ctx); err != nil {
		return reply{}, err
	}
	a := &ask{kind: kind, inquiry: q, done: make(chan reply, 1)}
	select {
	case p.asks[kind] <- a:
	default:
		return reply{}, ErrAsksFull
	}
	// A pool that has just been emptied may not look here again.
	if err := p.closedToAsks(ctx); err != nil {
		a.gone.Store(true)
		return reply{}, err
	}
	select {
	case r := <-a.done:
		return r, r.err
	case <-ctx.Done():
		a.gone.Store(true)
		return reply{}, context.Cause(ctx)
	}
}

func (p *Pool) closedToAsks(ctx context.Context) error {
	if err := p.closedTo(ctx); err != nil {
		return err
	}
	if p.pace.Paused() {
		return ErrPaused
	}
	return nil
}

// takeAsk takes the next question that somebody still waits for; nil when there is none.
func takeAsk(lane chan *ask) *ask {
	for {
		select {
		case a := <-lane:
			if !a.gone.Load() {
				return a
			}
		default:
			return nil
		}
	}
}

// mayAsk says that questions hold less than their part of the window, an eighth: the rest is for submits.
func (l *loop) mayAsk() bool { return l.asking < max(1, l.pool.cfg.Window/8) }

// hear keeps a question that came while the loop waited, if its asker still does.
func (l *loop) hear(a *ask) {
	if !a.gone.Load() {
		l.asked[a.kind] = a
	}
}

// question returns the question of the kind that is in hand, or takes one from the lane where one may go.
func (l *loop) question(kind int) *ask {
	if l.asked[kind] == nil && l.mayAsk() {
		l.asked[kind] = takeAsk(l.pool.asks[kind])
	}
	return l.asked[kind]
}

// unask refuses the questions in hand.
func (l *loop) unask(err error) {
	for kind, a := range l.asked {
		if a != nil {
			a.refuse(err)
			l.asked[kind] = nil
		}
	}
}

// ask gives a question in hand to the session.
func (l *loop) ask(a *ask) {
	l.asked[a.kind] = nil
	command := pdu.QuerySM
	if a.kind == cancels {
		command = pdu.CancelSM
	}
	if err := l.session.Ask(command, &a.inquiry, ref{ask: a, at: l.now}, l.now); err != nil {
		l.pool.pace.Lost(l.now)
		a.refuse(fmt.Errorf("the %s can't go on the wire: %w", command, err))
		return
	}
	l.asking++
}

// replied gives a question its answer, and tells the pace. A late one comes too late for anybody.
func (l *loop) replied(r *session.Result[ref]) {
	if r.Late {
		return
	}
	l.asking--
	if r.Verdict == session.Throttled {
		l.pool.pace.Throttled(r.Value.at, l.now)
	} else {
		l.pool.pace.Lost(r.Value.at)
	}
	answer := reply{status: r.Status}
	switch {
	case r.Verdict == session.Unsent:
		answer.err = ErrNotLive
	case r.Status != pdu.ESME_ROK:
		answer.err = &StatusError{r.Command, r.Status}
	case r.Verdict != session.Accepted:
		answer.err = ErrNoAnswer
	case r.Query != nil:
		answer.answer = *r.Query
	}
	r.Value.ask.done <- answer
}
