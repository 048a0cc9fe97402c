package bind

import (
	"context"
	"net"
	"runtime"
	"time"

	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// loop is one connection: one goroutine that owns session, window and writes, and one that reads.
type loop struct {
	b       *bind
	pool    *Pool
	conn    net.Conn
	session *session.Session[ref]

	batches chan batch
	owed    owed // answers of the handler
	timer   *time.Timer
	armed   time.Time // when timer fires; zero: it does not

	now      time.Time
	held     [len(sms.Classes)]*item // claimed from the lanes, not written whole
	asked    [askKinds]*ask          // taken, not written
	asking   int                     // questions in the window
	idle     bool                    // submit left room in the window and nothing in the lanes; held is empty
	paceOpen time.Time               // when the pace may give again, while it does not; else zero
	validity [len(sms.Classes)]validity
	usable   usable
	lost     error // why the connection is no good any more
	bound    time.Time
	live     bool // counted in pool.live
	counted  session.Counts
	counters Counters // since the last publish
}

// ref says whose request a result is of: a segment's submit, or a question.
type ref struct {
	it      *item // not to be touched once the segment has an answer
	sub     *Submission
	segment int // index of sub.SMs
	ask     *ask
	at      time.Time // when the pace let it go
}

func newLoop(b *bind, conn net.Conn) *loop {
	cfg := &b.pool.cfg
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &loop{
		b: b, pool: b.pool, conn: conn, timer: timer,
		batches: make(chan batch, batchesMax),
		usable:  newUsable(cfg.Window, cfg.Timeouts.Response),
		owed:    make(owed, cfg.ReceiptsMax),
		session: session.New[ref](session.Config{
			Bind: cfg.Bind, As: b.as, Window: cfg.Window, ReceiptsMax: cfg.ReceiptsMax,
			BindTimeout: cfg.Timeouts.Bind, Response: cfg.Timeouts.Response, EnquireLink: cfg.Timeouts.EnquireLink,
			Statuses: cfg.Statuses, Busy: cfg.Busy,
		}),
	}
}

// run converses until the session is closed or the connection lost. It returns how long it was bound, and why it ended.
func (l *loop) run(ctx context.Context) (held time.Duration, err error) {
	read := make(chan struct{})
	go func() {
		defer close(read)
		l.read()
	}()
	l.counters.Connects++
	l.now = time.Now()
	l.lost = l.session.Open(l.now)
	for stop := ctx.Done(); l.step(); {
		if l.wait(stop) {
			stop = nil
			l.session.Stop(l.now)
			l.unsend(nil)
		}
		// Let those who are about to hand something over do so: one write for many PDUs is far cheaper than many.
		runtime.Gosched()
		l.drainInput()
	}
	_ = l.conn.Close() // what matters was flushed; the peer is gone or has said good-bye
	for in := range l.batches {
		l.receive(in) // answers that were read already are answers
	}
	l.settle()
	<-read
	l.timer.Stop()
	err = l.finish()
	if !l.bound.IsZero() {
		held = l.now.Sub(l.bound)
	}
	return held, err
}

// step does everything that follows from what has come and from the time, in the order of the wire: control and answers
// first, new submits last, one write for all. It returns false when the conversation is over.
func (l *loop) step() bool {
	l.session.Tick(l.now)
	l.settle()
	l.lapse()
	l.submit()
	if l.lost == nil {
		l.lost = l.flush()
	}
	l.watch()
	l.publish()
	return l.lost == nil && l.session.State() != session.Closed
}

// wait blocks until something comes, and takes it. It returns true when it was stop.
func (l *loop) wait(stop <-chan struct{}) bool {
	var otp, txn, bulk chan *item // nil where nothing can be written now
	if l.idle {
		otp, txn, bulk = l.pool.lanes[sms.OTP], l.pool.lanes[sms.Txn], l.pool.lanes[sms.Bulk]
	}
	var asks [askKinds]chan *ask
	if l.idle && l.mayAsk() {
		asks = l.pool.asks
	}
	l.arm()
	stopped := false
	select {
	case in := <-l.batches:
		l.now = time.Now()
		l.receive(in)
	case r := <-l.owed:
		l.now = time.Now()
		l.session.Answer(r.to, r.status, l.now)
	case it := <-otp:
		l.hold(it)
	case it := <-txn:
		l.hold(it)
	case it := <-bulk:
		l.hold(it)
	case a := <-asks[cancels]:
		l.hear(a)
	case a := <-asks[queries]:
		l.hear(a)
	case <-l.timer.C:
		l.armed = time.Time{}
	case <-stop:
		stopped = true
	}
	l.now = time.Now()
	return stopped
}

// drainInput takes what else has come, without waiting: at most a channel's worth of each.
func (l *loop) drainInput() {
	for range batchesMax {
		select {
		case in := <-l.batches:
			l.receive(in)
			continue
		default:
		}
		break
	}
	for range cap(l.owed) {
		select {
		case r := <-l.owed:
			l.session.Answer(r.to, r.status, l.now)
			continue
		default:
		}
		break
	}
}

// receive gives a batch to the session.
func (l *loop) receive(in batch) {
	l.b.recorder.received(in.frames, l.now)
	for _, f := range in.frames {
		l.session.Receive(f, l.now)
	}
	if in.err != nil && l.lost == nil {
		l.lost = in.err
	}
}

// arm sets the timer for what is due next. One that fires too early does no harm.
func (l *loop) arm() {
	at, ok := l.session.Wake()
	sooner := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	if !l.paceOpen.IsZero() {
		sooner(l.paceOpen)
	}
	for _, it := range l.held {
		if it != nil {
			sooner(it.sub.Deadline)
		}
	}
	if ok && (l.armed.IsZero() || at.Before(l.armed)) {
		l.armed = at
		l.timer.Reset(at.Sub(l.now))
	}
}
