package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

const (
	// underWay is how many requests a receiver gets at once.
	underWay = 16
	// waiting is how many events may wait for another try before further ones wait in the stream. It is far more than
	// underWay, so that a few events that a receiver can't digest do not stand in the way of all others.
	waiting = 1000

	// ackWait is how long JetStream waits for what a killed gateway had under way; longer than any try.
	ackWait  = 12 * postTimeout
	patience = 5 * time.Second // of one pull
)

// Follower tells one tenant's server of the tenant's OTP events. It has a consumer of its own, so a slow server delays no
// other tenant. Events go out at least once and, since some go several times, in no certain order: a copy is known by its
// webhook-id (the stream's name and the event's sequence there), the order by the event's own "at".
type Follower struct {
	JS     jetstream.JetStream
	Stream string // that has the events, on sms.<tenant>.otp.event.<event>
	Tenant sms.TenantID
	Target Target
	Poster *Poster
	Log    *slog.Logger
	Trace  Trace

	warned atomic.Int64 // Unix seconds of the last warning
}

// Trace has optional hooks for metrics.
type Trace struct {
	Delivered func(sms.TenantID)
	Failed    func(sms.TenantID) // a try; another follows
	GivenUp   func(sms.TenantID) // an event, for good
}

// Run delivers until ctx ends, and waits for all that it started; what is under way then goes back to the stream. Where
// the tenant was never followed, it begins with the events from now on. It returns an error, at once, where no event could
// be delivered with this target.
func (f *Follower) Run(ctx context.Context) error {
	if _, err := signingKey(f.Target.Secret); err != nil {
		return fmt.Errorf("events of tenant %s: %w", f.Tenant, err)
	}
	if err := f.Poster.Check(f.Target); err != nil {
		return fmt.Errorf("events of tenant %s: %w", f.Tenant, err)
	}
	for ctx.Err() == nil {
		err := f.follow(ctx)
		if ctx.Err() == nil {
			f.Log.Warn("events for a webhook can't be pulled; trying again", "tenant", f.Tenant, "error", err)
			wait(ctx, time.Second)
		}
	}
	return nil
}

// follow pulls, only ever as much as may be under way, until something fails, and waits for what it started.
func (f *Follower) follow(ctx context.Context) error {
	consumer, err := f.consumer(ctx)
	if err != nil {
		return err
	}
	var work sync.WaitGroup
	defer work.Wait()
	busy := make(chan struct{}, underWay)
	for {
		busy <- struct{}{} // waits until there is room, which nobody else takes
		<-busy
		err := f.fetch(ctx, consumer, underWay-len(busy), func(msg jetstream.Msg) {
			busy <- struct{}{}
			work.Go(func() {
				defer func() { <-busy }()
				f.deliver(ctx, msg)
			})
		})
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// consumer makes the tenant's durable consumer.
func (f *Follower) consumer(ctx context.Context) (jetstream.Consumer, error) {
	want := jetstream.ConsumerConfig{
		Durable: "webhook-" + string(f.Tenant), FilterSubject: fmt.Sprintf("sms.%s.otp.event.*", f.Tenant),
		DeliverPolicy: jetstream.DeliverNewPolicy, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait,
		MaxAckPending: waiting, MaxDeliver: -1,
	}
	have, err := f.JS.Consumer(ctx, f.Stream, want.Durable)
	if err == nil && ledger.Fits(have.CachedInfo().Config, want) {
		return have, nil
	}
	if _, err := f.JS.CreateOrUpdateConsumer(ctx, f.Stream, want); err != nil {
		return nil, err
	}
	return f.JS.UpdateConsumer(ctx, f.Stream, want) // as ledger.OpenStream does with streams, and for its reasons
}

// fetch pulls up to n events and starts each on its way as it comes.
func (f *Follower) fetch(ctx context.Context, c jetstream.Consumer, n int, start func(jetstream.Msg)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	batch, err := c.Fetch(n, jetstream.FetchContext(ctx))
	if err != nil {
		return err
	}
	for msg := range batch.Messages() {
		start(msg)
	}
	if err := batch.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
