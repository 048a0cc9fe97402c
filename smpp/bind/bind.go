package bind

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/session"
)

// bind is one connection that is kept alive: dialled, used, and dialled again.
type bind struct {
	pool  *Pool
	n     int // from 1
	as    pdu.CommandID
	log   *slog.Logger
	tries backoff
	fails int // binds that the SMSC refused without a reason

	recorder recorder

	mu     sync.Mutex
	status Status
}

// keep holds the bind up until dialing ends: with running when the pool stops, or before when the SMSC has refused the
// credentials to any of the pool's binds. One that is up then stays up until running ends.
func (b *bind) keep(running, dialing context.Context, giveUp context.CancelCauseFunc) {
	for dialing.Err() == nil {
		held, err := b.connect(running, dialing)
		b.link(err)
		if running.Err() != nil {
			b.log.Info("bind closed", "why", err, "held", held)
			break
		}
		fault := b.faultOf(err)
		if fault == session.Credentials {
			if giveUp(err); context.Cause(dialing) == err { // of several refused at once, the first says it
				b.log.Error("the SMSC refuses our credentials, its binds stop: mend system_id, password or system_type, "+
					"then restart", "error", err)
			}
			break
		}
		wait := b.tries.after(fault, held, b.pool.deps.Rand())
		b.log.Warn("bind is down", "error", err, "held", held, "again_in", wait)
		b.enter("waiting")
		select {
		case <-time.After(wait):
		case <-dialing.Done():
		}
	}
	b.enter("stopped")
	if err := refusal(dialing); err != nil {
		b.refused(err)
	}
}

// connect makes one connection and converses on it until it ends. It returns how long it was bound, and why it ended.
func (b *bind) connect(running, dialing context.Context) (held time.Duration, err error) {
	b.enter("dialing")
	conn, err := b.dial(dialing)
	if err != nil {
		return 0, err
	}
	b.enter("binding")
	held, err = newLoop(b, conn).run(running)
	if died := b.pool.deps.Died; died != nil && !errors.Is(err, session.ErrStopped) {
		died(b.pool.cfg.SMSC, b.n, err, b.trace())
	}
	return held, err
}

// refusal returns the refusal of our credentials that ended dialing; nil where that was the stop of the pool, or nothing.
func refusal(dialing context.Context) error {
	var refused *session.BindError
	if errors.As(context.Cause(dialing), &refused) {
		return refused
	}
	return nil
}

// link tells the trace and the snapshot that the bind came up, or why it is not.
func (b *bind) link(err error) {
	if err != nil && !errors.Is(err, session.ErrStopped) {
		b.mu.Lock()
		b.status.LastError = err.Error()
		b.mu.Unlock()
	}
	if hook := b.pool.deps.Trace.Link; hook != nil {
		hook(b.pool.cfg.SMSC, b.n, err)
	}
}

// enter notes the bind's state for snapshots.
func (b *bind) enter(state string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.status.State != state {
		b.status.State, b.status.Since, b.status.WindowUsed = state, time.Now(), 0
	}
}

// refused raises the alarm that only a person can end.
func (b *bind) refused(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status.State = "refused"
	b.status.Alarm = err.Error() + ": mend system_id, password or system_type, then restart"
}
