package bind

import (
	"cmp"
	"context"
	"time"

	"harkara/smpp/session"
)

// Submit offers sub to its class's lane and waits until every segment is answered, in doubt, lapsed or handed back
// unsent. When no bind is live, the lane is full, the SMSC's queue is full or the pool is stopping, that is the outcome
// at once. The end of ctx withdraws what is still in the lane; once a bind has taken it, the outcome is waited for, as
// it may be on the wire.
func (p *Pool) Submit(ctx context.Context, sub *Submission) Outcome {
	if !p.pace.Paused() {
		return p.submit(ctx, sub, false)
	}
	if p.pace.Probing(time.Now()) && p.probing.CompareAndSwap(false, true) {
		defer p.probing.Store(false)
		return p.submit(ctx, sub, true)
	}
	return none(sub, session.Unsent, cmp.Or(p.closedTo(ctx), ErrPaused))
}

// submit is Submit; the probe goes in spite of a pause.
func (p *Pool) submit(ctx context.Context, sub *Submission, probe bool) Outcome {
	if err := p.closedTo(ctx); err != nil {
		return none(sub, session.Unsent, err)
	}
	if len(sub.SMs) == 0 {
		return Outcome{}
	}
	it := p.item(sub)
	select {
	case p.lanes[sub.Class] <- it:
	default:
		p.recycle(it)
		return none(sub, session.Unsent, ErrLaneFull)
	}
	// The last bind may have gone, or a pause begun, and the lanes been emptied between the first look and the offer.
	err := p.closedTo(ctx)
	if err == nil && !probe && p.pace.Paused() {
		err = ErrPaused
	}
	if err != nil && it.claim() {
		return none(sub, session.Unsent, err)
	}
	it.timer.Reset(time.Until(sub.Deadline))
	select {
	case <-it.done:
		it.timer.Stop()
		return p.recycle(it)
	case <-it.timer.C:
		if it.claim() {
			return none(sub, session.Lapsed, nil)
		}
	case <-ctx.Done():
		it.timer.Stop()
		if it.claim() {
			return none(sub, session.Unsent, context.Cause(ctx))
		}
	}
	<-it.done
	return p.recycle(it)
}

// closedTo says why a submission can't be taken now.
func (p *Pool) closedTo(ctx context.Context) error {
	switch {
	case p.stopping.Load():
		return ErrStopping
	case p.live.Load() == 0:
		return ErrNotLive
	}
	return ctx.Err()
}

// none is the outcome of a submission that no bind has taken.
func none(sub *Submission, v session.Verdict, err error) Outcome {
	answers := sub.room()
	now := time.Now()
	for i := range answers {
		answers[i] = Answer{Segment: sub.Segments[i], Verdict: v, At: now}
	}
	return Outcome{Answers: answers, Err: err}
}
