package intake

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/smpp/sms"
)

// A request is this gateway's alone until JetStream brings it to another: AckWait after it was delivered, or after the
// last word that it takes long. What the gateway knows for sure is when it asked, so the lease counts from there, and
// ends a third of AckWait before JetStream's patience does. A gateway that stood still, or could not reach NATS, finds
// its leases lost when it goes on. It does not send these requests any more and gives none back, as they may be another
// gateway's by now: JetStream brings those that are not. A lease that was lost is never held again, since what this
// gateway knows of the request is not all any more: its next delivery begins anew, with a look into the books.

// flight is a request in the gateway.
type flight struct {
	msg   jetstream.Msg // its newest delivery
	share share
	lease *sms.Lease
}

// leaseTime is how long a request is ours after a word to JetStream that it has heard.
func (in *Intake) leaseTime() time.Duration { return in.cfg.AckWait * 2 / 3 }

// begin takes a delivery of a request, for which a pull asked, unless an earlier one is on its way.
func (in *Intake) begin(sequence uint64, msg jetstream.Msg, asked time.Time, s share) (*sms.Lease, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if f, busy := in.inFlight[sequence]; busy {
		f.msg = msg // the newest delivery is the one to acknowledge progress on
		return nil, false
	}
	lease := sms.NewLease(asked.Add(in.leaseTime()))
	if asked.Before(in.broken) {
		lease.End()
	}
	in.inFlight[sequence] = &flight{msg, s, lease}
	return lease, true
}

func (in *Intake) done(sequence uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.inFlight, sequence)
}

// watchConnection ends all leases when the connection breaks: a server that comes back may have forgotten what it was
// told last.
func (in *Intake) watchConnection(ctx context.Context) {
	broken := in.cfg.JS.Conn().StatusChanged(nats.DISCONNECTED, nats.RECONNECTING)
	defer in.cfg.JS.Conn().RemoveStatusListener(broken)
	for {
		select {
		case <-ctx.Done():
			return
		case <-broken:
			in.endLeases(time.Now())
		}
	}
}

func (in *Intake) endLeases(now time.Time) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.broken = now
	for _, f := range in.inFlight {
		f.lease.End()
	}
}

// keepAlive renews the leases of requests that take long, consumer by consumer.
func (in *Intake) keepAlive(ctx context.Context) {
	for wait(ctx, in.cfg.AckWait/10) {
		try, cancel := context.WithTimeout(ctx, in.cfg.AckWait/5)
		var told sync.WaitGroup
		for _, list := range in.long(time.Now()) {
			told.Go(func() { in.renew(try, list) })
		}
		told.Wait()
		cancel()
	}
}

// long is what has used up a quarter of its lease and holds it still, by consumer.
func (in *Intake) long(now time.Time) map[share][]flight {
	in.mu.Lock()
	defer in.mu.Unlock()
	list := map[share][]flight{}
	for _, f := range in.inFlight {
		if f.lease.Held(now) && !f.lease.Held(now.Add(in.leaseTime()*3/4)) {
			list[f.share] = append(list[f.share], *f)
		}
	}
	return list
}

// renew tells one consumer of its requests and renews their leases once it has heard. It takes our words one after
// the other, so that its answer to the last is one to all.
func (in *Intake) renew(ctx context.Context, list []flight) {
	sent := time.Now()
	last := len(list) - 1
	for _, f := range list[:last] {
		if err := f.msg.InProgress(); err != nil && !errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
			in.seldom.Do(func() { in.cfg.Log.Warn("JetStream can't be told that requests take long", "error", err) })
			return
		}
	}
	_, err := in.cfg.JS.Conn().RequestWithContext(ctx, list[last].msg.Reply(), []byte("+WPI"))
	if err != nil {
		if ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) { // else the gateway stops
			in.seldom.Do(func() { in.cfg.Log.Warn("JetStream does not confirm that requests take long", "error", err) })
		}
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	now := time.Now()
	for _, f := range list {
		if f.lease.Held(now) && !sent.Before(in.broken) {
			f.lease.Renew(sent.Add(in.leaseTime()))
		}
	}
}
