package bind

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"harkara/smpp/pace"
	"harkara/smpp/pdu"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// Pool is all binds of one SMSC. Make it with NewPool, run it with Run.
type Pool struct {
	cfg   Config
	deps  Deps
	lanes [len(sms.Classes)]chan *item
	pace  *pace.Pace
	binds []*bind
	items sync.Pool // of *item

	asks [askKinds]chan *ask

	live     atomic.Int64 // binds that can submit now
	stopping atomic.Bool
	good     atomic.Bool // the credentials were accepted at least once
	notes    notes
	lent     atomic.Int64 // until when somebody may send the probe, in ns since 1970
	probing  atomic.Bool  // in a pause, a submission that may be the probe is in a lane or beyond
}

// NewPool returns a pool that is not connected yet. Faults of cfg come from Run.
func NewPool(cfg Config, deps Deps) *Pool {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Rand == nil {
		deps.Rand = rand.Float64
	}
	p := &Pool{
		cfg: cfg, deps: deps, pace: pace.New(cfg.TPS, deps.Rand), notes: notes{log: deps.Log, smsc: cfg.SMSC},
	}
	if deps.Dial == nil {
		p.deps.Dial = p.cfg.dialFrom
	}
	for class := range p.lanes {
		p.lanes[class] = make(chan *item, max(cfg.Lane, 0))
	}
	for kind := range p.asks {
		p.asks[kind] = make(chan *ask, asksMax)
	}
	for range cfg.Binds {
		if cfg.Mode == Transceiver {
			p.add(pdu.BindTransceiver)
		} else {
			p.add(pdu.BindTransmitter)
			p.add(pdu.BindReceiver)
		}
	}
	return p
}

// add makes one more bind.
func (p *Pool) add(as pdu.CommandID) {
	n := len(p.binds) + 1
	name := asNames[as]
	p.binds = append(p.binds, &bind{
		pool: p, n: n, as: as,
		log: p.deps.Log.With("smsc", string(p.cfg.SMSC), "bind", n, "as", name),
		status: Status{
			SMSC: p.cfg.SMSC, Bind: n, As: name, State: "stopped", Since: time.Now(), WindowSize: p.cfg.Window,
		},
	})
}

var asNames = map[pdu.CommandID]string{
	pdu.BindTransceiver: "transceiver", pdu.BindTransmitter: "transmitter", pdu.BindReceiver: "receiver",
}

// Run keeps all binds until ctx ends. Then it drains: it admits nothing more, what is in the lanes comes back Unsent,
// and every bind waits for outstanding answers, answers its receipts, unbinds and closes; each of these steps is given
// Timeouts.Response. Run returns when every goroutine has ended: an error when cfg can't work, or when the SMSC refused
// the credentials (its binds then stopped, and stay so until the next start). Call it once.
func (p *Pool) Run(ctx context.Context) error {
	if err := p.cfg.check(); err != nil {
		return fmt.Errorf("bind to SMSC %s: %w", p.cfg.SMSC, err)
	}
	// The binds learn of the end after the lanes are closed, so that what waits there is told the true reason.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	dialing, giveUp := context.WithCancelCause(running)
	defer giveUp(nil)
	var binds sync.WaitGroup
	for _, b := range p.binds {
		binds.Go(func() { b.keep(running, dialing, giveUp) })
	}
	<-ctx.Done()
	p.stopping.Store(true)
	p.handBack(ErrStopping)
	stop()
	binds.Wait()
	if err := refusal(dialing); err != nil {
		return fmt.Errorf("bind to SMSC %s: %w", p.cfg.SMSC, err)
	}
	return nil
}

// up counts a bind that can submit.
func (p *Pool) up() { p.live.Add(1) }

// down counts it off. What waits in the lanes when the last one goes is handed back: another SMSC may be faster.
func (p *Pool) down() {
	if p.live.Add(-1) == 0 {
		p.handBack(ErrNotLive)
	}
}

// handBack empties the lanes and refuses the questions, for the reason err.
func (p *Pool) handBack(err error) {
	if p.stopping.Load() {
		err = ErrStopping
	}
	now := time.Now()
	for _, lane := range p.lanes {
		for it := takeFrom(lane); it != nil; it = takeFrom(lane) {
			it.rest(session.Unsent, err, now)
		}
	}
	for _, asks := range p.asks {
		for a := takeAsk(asks); a != nil; a = takeAsk(asks) {
			a.refuse(err)
		}
	}
}

// takeFrom claims the next item of a lane, skipping those that were withdrawn; nil when there is none.
func takeFrom(lane chan *item) *item {
	for {
		select {
		case it := <-lane:
			if it.claim() {
				return it
			}
		default:
			return nil
		}
	}
}

// Live says whether a bind can submit.
func (p *Pool) Live() bool { return p.live.Load() > 0 && !p.stopping.Load() }

// Room says how many more submissions the class's lane takes. While the SMSC's queue is full that is none, or one when
// it is time to probe whether it still is.
func (p *Pool) Room(class sms.Class) int {
	switch {
	case !p.pace.Paused():
		return cap(p.lanes[class]) - len(p.lanes[class])
	case !p.probing.Load() && p.lend(time.Now()):
		return 1
	}
	return 0
}

// lendFor is how long the one who was told that a probe may go has to send it.
const lendFor = 20 * time.Millisecond

// lend says whether a probe may go, to one at a time: of many messages that wait one is planned, not all.
func (p *Pool) lend(now time.Time) bool {
	until := p.lent.Load()
	return now.UnixNano() >= until && p.pace.Probing(now) && p.lent.CompareAndSwap(until, now.Add(lendFor).UnixNano())
}

// Snapshot returns the state of every connection.
func (p *Pool) Snapshot() []Status {
	all := make([]Status, len(p.binds))
	pace := p.pace.State()
	for i, b := range p.binds {
		b.mu.Lock()
		all[i] = b.status
		b.mu.Unlock()
		all[i].TPS, all[i].Rate, all[i].Paused = pace.Ceiling, pace.Rate, pace.Paused
		for class, lane := range p.lanes {
			all[i].Lanes[class] = Lane{Used: len(lane), Size: cap(lane)}
		}
	}
	return all
}
