package webhook

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/smpp/sms"
)

const (
	firstDelay = time.Second
	lastDelay  = 10 * time.Minute
	giveUp     = 24 * time.Hour // after an event came into the stream
	// triesLeast is how many tries an event has however old it is, over thirteen minutes at least: it may have waited in the
	// stream for others, or for the gateway.
	triesLeast = 12
)

// deliver tries one event once, and tells JetStream what follows.
func (f *Follower) deliver(ctx context.Context, msg jetstream.Msg) {
	meta, err := msg.Metadata()
	if err != nil {
		f.Log.Error("an event came without JetStream's metadata; left in the stream", "tenant", f.Tenant, "error", err)
		return
	}
	id := f.Stream + "-" + strconv.FormatUint(meta.Sequence.Stream, 10)
	err = f.Poster.Post(ctx, f.Target, id, msg.Data(), time.Now())
	delay, again := next(err, time.Since(meta.Timestamp), meta.NumDelivered, rand.Float64())
	switch {
	case err == nil:
		f.trace(f.Trace.Delivered)
		err = msg.Ack()
	case ctx.Err() != nil:
		err = msg.Nak()
	case again:
		f.warn(err)
		f.trace(f.Trace.Failed)
		err = msg.NakWithDelay(delay)
	default:
		f.Log.Error("a webhook's receiver was not told of an event and will not be; it is in the stream for a week",
			"tenant", f.Tenant, "webhook_id", id, "tries", meta.NumDelivered, "error", err)
		f.trace(f.Trace.GivenUp)
		err = msg.Term()
	}
	if err != nil {
		f.Log.Warn("an acknowledgement could not be sent to JetStream; the event will come again", "tenant", f.Tenant, "error", err)
	}
}

// next says whether a failed try is followed by another, and after what delay: it doubles from one second to ten minutes,
// less up to a half of it by a random number in [0,1), so that events that failed together do not come together. Nothing
// is tried again that is hopeless, or a day old and tried often enough.
func next(err error, age time.Duration, tries uint64, random float64) (time.Duration, bool) {
	if hopeless(err) || age > giveUp && tries >= triesLeast {
		return 0, false
	}
	delay := lastDelay
	if doublings := tries - 1; tries > 0 && doublings < 10 {
		delay = min(firstDelay<<doublings, lastDelay)
	}
	return delay - time.Duration(random*float64(delay)/2), true
}

// warn says once a minute that a receiver fails.
func (f *Follower) warn(err error) {
	now, last := time.Now().Unix(), f.warned.Load()
	if now-last >= 60 && f.warned.CompareAndSwap(last, now) {
		f.Log.Warn("a webhook's receiver can't be told of events now; each is tried again for a day", "tenant", f.Tenant, "error", err)
	}
}

func (f *Follower) trace(hook func(sms.TenantID)) {
	if hook != nil {
		hook(f.Tenant)
	}
}
