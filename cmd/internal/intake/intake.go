package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/time/rate"

	"harkara/cmd/internal/dispatch"
	"harkara/router"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// Stream is the name of the stream that requests come by.
const Stream = "SMS_SEND"

// OursHeader is the NATS header with which the OTP service proves that a request is its own.
const OursHeader = "Harkara-OTP"

// duplicates is how long JetStream itself drops copies of a Nats-Msg-Id.
const duplicates = 10 * time.Minute

const (
	// usualAckWait is AckWait where Config does not say.
	usualAckWait = 10 * time.Second
	// finishTime is how long a stopping gateway goes on with what it has taken, before it gives the rest back. An
	// embedded server that stops forgets what was given back, and brings it only after AckWait.
	finishTime = 5 * time.Second
)

// Dispatcher brings a request to its outcome.
type Dispatcher interface {
	Send(ctx context.Context, req *sms.Request, past dispatch.Past) error
	Reject(ctx context.Context, req *sms.Request, f *sms.Failure) error
}

// Known is what the books say of a request's id.
type Known struct {
	Found bool
	Key   sms.Key // of the request that the books know by the id
	Ended bool    // it has its outcome: nothing is left to do but to acknowledge it
	Past  dispatch.Past
}

// History answers what became of a request, as of the ledger's present end: by its tenant's id, or by its key where
// the id is empty. It waits until the books are that far; its error says that this could not be told in time.
type History func(ctx context.Context, tenant sms.TenantID, id sms.RequestID, key sms.Key) (Known, error)

// Config joins Intake to its neighbours.
type Config struct {
	JS       jetstream.JetStream
	Replicas int
	Tenants  []router.Tenant
	// Capacity is how many requests of one class may be in the gateway.
	Capacity int
	// Room is how many more requests of a tenant's class its SMSCs can take now, 0 where none of them is live; and how
	// many they can hold at most, lanes and windows together.
	Room     func(tenant sms.TenantID, class sms.Class) (now, most int)
	Dispatch Dispatcher
	History  History
	// Ours says whether the proof in OursHeader shows that a request, whose id only the OTP service may give, is the service's.
	// nil: none is.
	Ours func(tenant sms.TenantID, id sms.RequestID, proof string) bool
	// AckWait is how long JetStream waits for an outcome before it brings a request again: what a killed gateway had on
	// its way waits that long. Requests that take longer tell it so in time. 0: 10 s.
	AckWait time.Duration
	Log     *slog.Logger
	Trace   Trace
}

// Trace has optional hooks for metrics, and for tests that end the process at a named place.
type Trace struct {
	Taken  func(tenant sms.TenantID, class sms.Class, n int)
	Copied func(tenant sms.TenantID) // a copy of an id was dropped
	Again  func(tenant sms.TenantID) // JetStream brought a request once more
	LetGo  func(tenant sms.TenantID) // a request was not sent, as it may be another gateway's
	Step   func(place string)        // after_fetch: a request is in hand; before_ack: its outcome is in the ledger
}

// Intake pulls requests and sees each through.
type Intake struct {
	cfg    Config
	seen   *seen
	rooms  [len(sms.Classes)]*room
	limits map[sms.TenantID]*rate.Limiter
	// before is the stream's last sequence at the start. What came up to it may have been on its way when a gateway
	// was killed, also where JetStream calls it a first delivery: it forgets deliveries that it had not yet written down.
	before uint64
	work   sync.WaitGroup
	seldom rate.Sometimes // for what happens to many requests at once

	mu       sync.Mutex
	inFlight map[uint64]*flight // by stream sequence
	broken   time.Time          // when the connection to NATS broke last
	shares   map[share]int      // how many are in the gateway, by tenant and class
}

// share is one tenant's part of a class.
type share struct {
	tenant sms.TenantID
	class  sms.Class
}

// Open makes the stream and the Intake; nothing is pulled before Run.
func Open(ctx context.Context, cfg Config) (*Intake, error) {
	if cfg.AckWait == 0 {
		cfg.AckWait = usualAckWait
	}
	stream, err := ledger.OpenStream(ctx, cfg.JS, jetstream.StreamConfig{
		Name: Stream, Subjects: []string{"sms.*.send.*"}, Retention: jetstream.WorkQueuePolicy,
		Storage: jetstream.FileStorage, Replicas: cfg.Replicas, Duplicates: duplicates, AllowAtomicPublish: true,
	})
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", Stream, err)
	}
	in := &Intake{cfg: cfg, seen: newSeen(seenMax), inFlight: map[uint64]*flight{}, shares: map[share]int{},
		limits: map[sms.TenantID]*rate.Limiter{}, seldom: rate.Sometimes{Interval: time.Second}, before: stream.CachedInfo().State.LastSeq}
	for _, t := range cfg.Tenants {
		if t.TPS > 0 {
			in.limits[t.ID] = rate.NewLimiter(rate.Limit(t.TPS), max(1, t.TPS/50))
		}
	}
	for i := range in.rooms {
		if in.rooms[i], err = newRoom(cfg.Capacity, cfg.Tenants); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// Remember tells Intake of a request that was taken before this start.
func (in *Intake) Remember(tenant sms.TenantID, id sms.RequestID, key sms.Key) {
	in.seen.note(tenant, id, sequenceOf(key))
}

// InFlight returns how many requests of a class are in the gateway.
func (in *Intake) InFlight(class sms.Class) int { return in.cfg.Capacity - in.rooms[class].left() }

// Run pulls until ctx ends, then finishes what was taken; what takes too long is given back.
func (in *Intake) Run(ctx context.Context) {
	working, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	var pullers, alive sync.WaitGroup
	alive.Go(func() { in.keepAlive(working) })
	alive.Go(func() { in.watchConnection(working) })
	for _, t := range in.cfg.Tenants {
		for _, class := range sms.Classes {
			pullers.Go(func() { in.pull(ctx, working, t.ID, class) })
		}
	}
	pullers.Wait()
	late := time.AfterFunc(finishTime, giveUp)
	defer late.Stop()
	in.work.Wait()
	giveUp()
	alive.Wait()
}

// consumer makes the durable consumer of one tenant and class.
func (in *Intake) consumer(ctx context.Context, tenant sms.TenantID, class sms.Class) (jetstream.Consumer, error) {
	want := jetstream.ConsumerConfig{
		Durable: string(tenant) + "-" + class.String(), FilterSubject: fmt.Sprintf("sms.%s.send.%s", tenant, class),
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: in.cfg.AckWait, MaxAckPending: 2 * in.cfg.Capacity, MaxDeliver: -1,
	}
	have, err := in.cfg.JS.Consumer(ctx, Stream, want.Durable)
	if err == nil && ledger.Fits(have.CachedInfo().Config, want) {
		return have, nil
	}
	if _, err := in.cfg.JS.CreateOrUpdateConsumer(ctx, Stream, want); err != nil {
		return nil, err
	}
	return in.cfg.JS.UpdateConsumer(ctx, Stream, want) // as ledger.OpenStream does with streams, and for its reasons
}

// pull fetches for one tenant and class, only ever as much as there is room for, until ctx ends. What it has fetched
// goes on until working does.
func (in *Intake) pull(ctx, working context.Context, tenant sms.TenantID, class sms.Class) {
	consumer, ok := in.consumerOrRetry(ctx, tenant, class)
	want := 1
	for ok && ctx.Err() == nil {
		can := in.can(tenant, class)
		if can <= 0 {
			ok = wait(ctx, 50*time.Millisecond)
			continue
		}
		n, err := in.rooms[class].take(ctx, tenant, min(want, can))
		if err != nil {
			return
		}
		got, err := in.fetch(ctx, working, consumer, tenant, class, n)
		in.rooms[class].give(n - got)
		if err != nil {
			in.cfg.Log.Warn("requests can't be pulled; trying again", "tenant", tenant, "class", class, "error", err)
			ok = wait(ctx, time.Second)
		}
		// Ask for twice what came: one at a time while idle, whole turns under load.
		want = max(1, 2*got)
	}
}

// can is how many requests a tenant's class may be asked for: what its SMSCs have room for, no more in all than they
// hold, so that what waits for a slow one does not fill the class for everybody, and no more than its rate lets on.
func (in *Intake) can(tenant sms.TenantID, class sms.Class) int {
	now, most := in.cfg.Room(tenant, class)
	in.mu.Lock()
	can := min(now, most-in.shares[share{tenant, class}])
	in.mu.Unlock()
	if limit := in.limits[tenant]; limit != nil {
		can = min(can, limit.Burst())
	}
	return can
}

func (in *Intake) consumerOrRetry(ctx context.Context, tenant sms.TenantID, class sms.Class) (jetstream.Consumer, bool) {
	for {
		consumer, err := in.consumer(ctx, tenant, class)
		if err == nil {
			return consumer, true
		}
		if ctx.Err() != nil {
			return nil, false
		}
		in.cfg.Log.Warn("consumer can't be made; trying again", "tenant", tenant, "class", class, "error", err)
		if !wait(ctx, time.Second) {
			return nil, false
		}
	}
}

// fetch pulls up to n requests and starts each on its way; it returns how many came.
func (in *Intake) fetch(ctx, working context.Context, c jetstream.Consumer, tenant sms.TenantID, class sms.Class, n int) (
	int, error) {
	patience := in.cfg.AckWait / 4 // what comes at its end has most of its lease left
	if n > 1 {                     // room held by an idle tenant is room that others lack
		patience = min(patience, 500*time.Millisecond)
	}
	asked := time.Now()
	fetchCtx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	batch, err := c.Fetch(n, jetstream.FetchContext(fetchCtx))
	if err != nil {
		return 0, err
	}
	got := 0
	for msg := range batch.Messages() {
		got++
		if limit := in.limits[tenant]; limit != nil && limit.Wait(ctx) != nil {
			in.rooms[class].give(1)
			if time.Since(asked) < in.leaseTime() {
				in.log(msg.Nak())
			}
			continue
		}
		in.count(share{tenant, class}, 1)
		in.work.Go(func() {
			defer in.rooms[class].give(1)
			defer in.count(share{tenant, class}, -1)
			in.handle(working, msg, asked, tenant, class)
		})
	}
	if got > 0 && in.cfg.Trace.Taken != nil {
		in.cfg.Trace.Taken(tenant, class, got)
	}
	if err := batch.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return got, err
	}
	return got, nil
}

func (in *Intake) count(s share, n int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.shares[s] += n
}

// wait returns false when ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
