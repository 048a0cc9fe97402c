package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"harkara/dlt"
	"harkara/router"
	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/receipt"
	"harkara/smpp/sms"
	"harkara/storage"
	"harkara/storage/ledger"
	"harkara/templates"
)

// Ledger makes events durable; Append returns when they are.
type Ledger interface {
	Append(ctx context.Context, events ...ledger.Event) (ledger.Position, error)
}

// Pool is the binds of one SMSC.
type Pool interface {
	Submit(ctx context.Context, sub *bind.Submission) bind.Outcome
	Cancel(ctx context.Context, q pdu.Inquiry) (pdu.Status, error)
	Live() bool
	Room(class sms.Class) int
}

// Vault keeps numbers and texts out of the ledger: digests to search and prove by, ciphertext to reveal, each under the
// tenant's key of the request's month. They are nil where no key can be made. A mark is the same for the same number.
type Vault interface {
	Digest(tenant sms.TenantID, at time.Time, n sms.MSISDN) []byte
	Seal(tenant sms.TenantID, at time.Time, n sms.MSISDN) []byte
	TextDigest(tenant sms.TenantID, at time.Time, text sms.Secret) []byte
	Mark(n sms.MSISDN) uint8
}

// Snapshot is the register as it stood at one moment, with its templates compiled, and what is held back since.
type Snapshot struct {
	Register   *dlt.Register
	Catalog    *templates.Catalog
	Quarantine map[storage.Pair]time.Time // since when
}

// Policy is what to do with an attempt that was written and never answered.
type Policy uint8

// The policies.
const (
	Hold       Policy = iota // leave it in doubt
	ResendOnce               // send it once more while it lives, declared as a possible duplicate
)

// SMSC is one SMSC as dispatch needs it: its binds, and how it wants its PDUs and writes its ids.
type SMSC struct {
	ID       sms.SMSCID
	Pool     Pool
	Profile  Profile
	SubmitID receipt.Form
	Receipts receipt.Form
	Trust    receipt.Trust
	Busy     pdu.Status      // the answer to a receipt that can't be kept now
	Rules    *dlt.Rules      // of its scrubber; SMSCs with equal rules share them
	Errors   *dlt.Dictionary // of its receipts' err
	Cancel   bool            // cancel_sm drops an OTP that a newer one supersedes
}

// Tenant is one publisher as dispatch needs it.
type Tenant struct {
	Headers []dlt.Header
	Daily   *router.Daily
}

// Config joins a Dispatcher to its neighbours.
type Config struct {
	Register func() *Snapshot
	Table    *router.Table
	Tenants  map[sms.TenantID]Tenant
	SMSCs    map[sms.SMSCID]*SMSC
	InDoubt  [len(sms.Classes)]Policy
	Ledger   Ledger
	Vault    Vault
	Log      *slog.Logger
	Trace    Trace
	Now      func() time.Time
}

// Trace has optional hooks for metrics, and for tests that end the process at a named place.
type Trace struct {
	Ended   func(class sms.Class, state sms.State, took time.Duration) // from request to its outcome in the ledger
	Receipt func(smsc sms.SMSCID, state sms.State)
	Busy    func(smsc sms.SMSCID) // a receipt was answered "try again"
	MO      func(smsc sms.SMSCID) // a mobile-originated message was turned away
	// Cancelled: an SMSC was asked to drop a segment of an OTP that a newer one supersedes, and did or not.
	Cancelled func(smsc sms.SMSCID, done bool)
	// Step: before_intent and after_intent around the append of planned; after_answer, before it is told to the ledger;
	// before_deliver_sm_resp, when the receipt is durable.
	Step func(place string)
}

// Dispatcher sends requests and takes receipts. It is safe for use by many goroutines.
type Dispatcher struct {
	cfg     Config
	late    sync.WaitGroup  // ledger appends for late answers and receipts under way
	running context.Context // ends with Wait
	stop    context.CancelFunc
	rules   []*dlt.Rules // of all SMSCs, each once
	held    held
	cancels bool // some SMSC takes cancel_sm
}

// New makes a Dispatcher.
func New(cfg Config) *Dispatcher {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	d := &Dispatcher{cfg: cfg, cancels: cancelsAny(cfg.SMSCs)}
	for _, id := range slices.Sorted(maps.Keys(cfg.SMSCs)) {
		if rules := cfg.SMSCs[id].Rules; !slices.Contains(d.rules, rules) {
			d.rules = append(d.rules, rules)
		}
	}
	d.running, d.stop = context.WithCancel(context.Background())
	return d
}

// Past is what is known of a request that JetStream brings once more.
type Past struct {
	Attempts int  // the highest attempt number so far
	Doubt    bool // an attempt was planned and what came of it is not known
	Resent   bool // a possible duplicate was sent already
}

// ErrStopping says that the gateway stops and the request was not sent: it goes back to JetStream.
var ErrStopping = errors.New("gateway is stopping; request goes back to the queue")

// ErrLetGo says that the request may be another gateway's by now, and was not sent.
var ErrLetGo = errors.New("its lease is lost: the gateway stood still, or could not reach NATS")

// Send brings a request to its outcome and returns when that is in the ledger. An error means that it is not, and
// that the request must stay in JetStream.
func (d *Dispatcher) Send(ctx context.Context, req *sms.Request, past Past) error {
	if !req.Lease.Held(d.cfg.Now()) {
		return ErrLetGo
	}
	alive := d.cfg.Now().Before(req.Deadline)
	p, failure := d.plan(req, past)
	switch {
	case past.Doubt && (!alive || failure != nil || past.Resent || d.cfg.InDoubt[req.Class] == Hold):
		// It may have been sent: nothing that forbids sending it now makes that untrue.
		return d.end(ctx, req, d.restsInDoubt(p, past))
	case !alive:
		return d.end(ctx, req, d.lapsedEarly(req))
	case failure != nil:
		return d.end(ctx, req, d.rejected(req, p, failure))
	}
	a := attempt{number: past.Attempts, resent: past.Resent || past.Doubt, duplicate: past.Doubt}
	return d.submit(ctx, p, a)
}

// attempt is where a message stands between two submits.
type attempt struct {
	number    int                     // of the last attempt made
	segments  []int                   // those still to be accepted, from 1; nil: all, however many the next SMSC's coding makes
	stay      sms.SMSCID              // the SMSC that has the other segments already
	away      map[sms.SMSCID]struct{} // SMSCs that sent us elsewhere
	cannot    map[sms.SMSCID]error    // SMSCs that can't carry it: by their scrubber, their chain or their coding
	first     error                   // what the first of them was refused for
	busy      map[sms.SMSCID]struct{} // SMSCs that throttled us last time
	resent    bool                    // the one resend that a doubt allows is spent
	duplicate bool                    // the next submit may be a second copy
	tries     int                     // temporary failures so far
	rounds    int                     // how often every SMSC had sent us away
}

// submit offers the message to one SMSC after another until it is accepted, refused for good, in doubt or dead.
// It is one straight story: choose, plan, write, learn; each turn of the loop is one attempt.
func (d *Dispatcher) submit(ctx context.Context, p *plan, a attempt) error {
	for {
		smsc, failure, err := d.choose(ctx, p, &a)
		switch {
		case err != nil:
			return err
		case failure != nil:
			return d.end(ctx, p.req, d.unsendable(p, a, failure))
		}
		if a.segments == nil {
			a.segments = all(len(p.sms.Segments))
		}
		a.number++
		sub := d.submission(p, smsc, &a)
		d.step("before_intent")
		if _, err := d.cfg.Ledger.Append(context.WithoutCancel(ctx), d.planned(p, smsc, &a)); err != nil {
			return err
		}
		d.step("after_intent")
		out := smsc.Pool.Submit(ctx, sub)
		d.step("after_answer")
		ev, done := d.learn(p, smsc, &a, out)
		if done {
			if ev.Kind == ledger.Submitted {
				d.supersede(p, smsc, out)
			}
			return d.end(ctx, p.req, ev)
		}
		if err := d.tell(ctx, ev); err != nil {
			return err
		}
		if err := d.pause(ctx, p.req.Deadline, a.tries); err != nil {
			return err
		}
	}
}

func (d *Dispatcher) step(place string) {
	if d.cfg.Trace.Step != nil {
		d.cfg.Trace.Step(place)
	}
}

// end makes the last event of a request durable.
func (d *Dispatcher) end(ctx context.Context, req *sms.Request, ev ledger.Event) error {
	ev.Final = true
	if err := d.tell(ctx, ev); err != nil {
		return err
	}
	if d.cfg.Trace.Ended != nil {
		d.cfg.Trace.Ended(req.Class, stateOf[ev.Kind], d.cfg.Now().Sub(req.Requested))
	}
	return nil
}

// tell makes an outcome durable, however long the ledger is away, and once more when the gateway is stopping: an
// outcome that is not told would be in doubt for ever. Telling one twice does no harm.
func (d *Dispatcher) tell(ctx context.Context, ev ledger.Event) error {
	for {
		_, err := d.cfg.Ledger.Append(context.WithoutCancel(ctx), ev)
		if err == nil || errors.Is(err, ledger.ErrTooLarge) || errors.Is(err, ledger.ErrClosed) {
			return err
		}
		if d.sleep(ctx, time.Second) != nil {
			return err
		}
	}
}

// stateOf is the state that a final event of a kind leaves its message in.
var stateOf = map[ledger.Kind]sms.State{
	ledger.Rejected: sms.Rejected, ledger.Submitted: sms.Submitted, ledger.Refused: sms.Refused,
	ledger.InDoubt: sms.InDoubt, ledger.Lapsed: sms.Lapsed,
}

// pause waits before the next attempt: not at all after a doubt, else about 100 ms doubling to 2 s.
func (d *Dispatcher) pause(ctx context.Context, deadline time.Time, tries int) error {
	if tries < 1 {
		return nil
	}
	wait := min(100*time.Millisecond<<min(tries-1, 5), 2*time.Second)
	wait = wait/2 + rand.N(wait/2+1)
	return d.sleep(ctx, min(wait, deadline.Sub(d.cfg.Now())))
}

func (d *Dispatcher) sleep(ctx context.Context, wait time.Duration) error {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ErrStopping
	}
}

func all(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i + 1
	}
	return list
}

// Wait returns when every receipt and late answer that was taken is dealt with; it is called once, when no more come.
func (d *Dispatcher) Wait() {
	d.stop()
	d.late.Wait()
}
