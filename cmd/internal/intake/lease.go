package intake

import (
	"context"
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
// gateway's by now: JetStream brings those that are not.

// delivery is one delivery of a request.
type delivery struct {
	msg      jetstream.Msg
	sequence uint64    // in the stream
	count    uint64    // how often it was delivered, with this one
	asked    time.Time // when the pull was sent that it answers
}

// flight is a request in the gateway.
type flight struct {
	delivery // the newest
	share    share
	lease    *sms.Lease
}

// leaseTime is how long a request is ours after a word to JetStream that it has heard.
func (in *Intake) leaseTime() time.Duration { return in.cfg.AckWait * 2 / 3 }

// begin takes a delivery of a request that is not on its way already.
func (in *Intake) begin(d delivery, s share) (*sms.Lease, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	until := d.asked.Add(in.leaseTime())
	if d.asked.Before(in.broken) {
		until = time.Time{}
	}
	if f, busy := in.inFlight[d.sequence]; busy {
		if d.count == f.count+1 { // nobody else had it since
			f.lease.Renew(until)
		}
		f.delivery = d
		return nil, false
	}
	f := &flight{d, s, sms.NewLease(until)}
	in.inFlight[d.sequence] = f
	return f.lease, true
}

func (in *Intake) done(sequence uint64) {
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.inFlight, sequence)
}

// keepAlive renews the leases of requests that take long. A connection that breaks ends all of them: a server that comes
// back may have forgotten what it was told last.
func (in *Intake) keepAlive(ctx context.Context) {
	broken := in.cfg.JS.Conn().StatusChanged(nats.DISCONNECTED, nats.RECONNECTING)
	defer in.cfg.JS.Conn().RemoveStatusListener(broken)
	tick := time.NewTicker(in.cfg.AckWait / 5)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-broken:
			in.endLeases(time.Now())
		case <-tick.C:
			in.renewLeases(ctx)
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

// renewLeases tells JetStream of what takes long, consumer by consumer.
func (in *Intake) renewLeases(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, in.cfg.AckWait/5)
	defer cancel()
	var told sync.WaitGroup
	for _, list := range in.long(time.Now()) {
		told.Go(func() { in.renew(ctx, list) })
	}
	told.Wait()
}

// long is what has used up half of its lease and holds it still, by consumer.
func (in *Intake) long(now time.Time) map[share][]*flight {
	in.mu.Lock()
	defer in.mu.Unlock()
	list := map[share][]*flight{}
	for _, f := range in.inFlight {
		if f.lease.Held(now) && !f.lease.Held(now.Add(in.leaseTime()/2)) {
			list[f.share] = append(list[f.share], &flight{f.delivery, f.share, f.lease})
		}
	}
	return list
}

// renew tells one consumer of its requests and renews their leases once it has heard. It takes our words one after
// the other, so that its answer to the last is one to all.
func (in *Intake) renew(ctx context.Context, list []*flight) {
	sent := time.Now()
	last := len(list) - 1
	for _, f := range list[:last] {
		if err := f.msg.InProgress(); err != nil {
			in.log(err)
			return
		}
	}
	if _, err := in.cfg.JS.Conn().RequestWithContext(ctx, list[last].msg.Reply(), []byte("+WPI")); err != nil {
		in.log(err)
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, f := range list {
		if now := time.Now(); f.lease.Held(now) && !sent.Before(in.broken) {
			f.lease.Renew(sent.Add(in.leaseTime()))
		}
	}
}
