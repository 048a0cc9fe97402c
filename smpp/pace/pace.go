package pace

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Pace is how fast one SMSC may be sent to. Make it with New; its methods may be called from any goroutine. Times come
// from the clocks of several binds, read one after the other: inside, the time never goes back.
type Pace struct {
	paused  atomic.Bool // as pause.on; read without the lock for every submit
	waiting atomic.Bool // for an answer, whatever it is; read without the lock for every answer

	mu      sync.Mutex
	last    time.Time
	tps     int
	ceiling float64 // messages per second that tps allows in the long run; +Inf: no limit
	tokens  float64
	short   bool // the last Take found no token: the pace, not the load, is what limits
	rate    rate
	pause   pause
}

// State is a Pace at a moment.
type State struct {
	Ceiling int       // the configured TPS; 0: none
	Rate    float64   // messages per second that are given now; 0: no limit
	Paused  bool      // by ESME_RMSGQFUL: nothing goes but one probe at a time
	Until   time.Time // when the next probe may go; zero: not paused
	Cuts    uint64    // how often the rate was cut
	Pauses  uint64    // how often a pause began or was prolonged
}

// New returns the pace of an SMSC with the configured TPS (0: no limit). jitter gives random numbers in [0,1).
func New(tps int, jitter func() float64) *Pace {
	p := &Pace{tps: tps, ceiling: math.Inf(1), pause: pause{jitter: jitter}}
	if tps > 0 {
		p.ceiling = sustained(tps)
		p.tokens = depth(p.ceiling)
	}
	p.rate.now = p.ceiling
	return p
}

// depth is how many messages may go at once at a rate: 20 ms of it, so that a batch stays a batch.
func depth(rate float64) float64 { return max(1, rate/50) }

// sustained is the rate at which no second, wherever it begins, has more than tps messages: a bucket of depth b that
// refills at r gives at most b + floor(r) in a second. The thousandth keeps the sum exact in spite of rounding; it costs
// one message in a thousand.
func sustained(tps int) float64 { return 0.999 * (float64(tps) - depth(float64(tps)) + 1) }

// Take takes leave to send one PDU, or returns how long to wait before asking again. In a pause it gives the probe
// alone; closed says that it is not even time for that, so that what waits had better go elsewhere.
func (p *Pace) Take(now time.Time) (wait time.Duration, closed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := now // what its answer will be known by
	now = p.advance(now)
	switch {
	case p.pause.on && !p.pause.due(now):
		wait, closed = p.pause.left(now), !p.pause.out
	case now.Before(p.rate.hold):
		wait = p.rate.hold.Sub(now)
	case p.rate.gate == shut:
		wait = gateWait
	case p.tokens < 1:
		p.short = true
		wait = time.Duration((1-p.tokens)/p.rate.now*float64(time.Second)) + 1
	default:
		p.tokens--
	}
	if wait == 0 {
		p.rate.passed(asked, now)
		p.pause.passed(asked)
	}
	return wait, closed
}

// advance fills the bucket up to now and lets the rate grow. It returns the time that counts.
func (p *Pace) advance(now time.Time) time.Time {
	if now.Before(p.last) {
		now = p.last
	}
	elapsed := now.Sub(p.last)
	p.last = now
	if p.short {
		p.rate.grow(elapsed, p.ceiling)
		p.short = false
	}
	if math.IsInf(p.rate.now, 1) {
		p.tokens = 1
	} else {
		p.tokens = min(p.tokens+elapsed.Seconds()*p.rate.now, depth(p.rate.now))
	}
	return now
}

// Throttled says that a PDU sent at the time sent was refused with ESME_RTHROTTLED.
func (p *Pace) Throttled(sent, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now = p.advance(now)
	if p.rate.refused(sent, now) {
		p.tokens = min(p.tokens, 0)
	}
	p.rate.answered(sent)
	p.pause.answered(sent)
	p.watch()
}

// Full says that a PDU sent at the time sent was refused with ESME_RMSGQFUL.
func (p *Pace) Full(sent, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate.answered(sent)
	p.pause.begin(sent, p.advance(now))
	p.watch()
}

// Accepted says that a PDU sent at the time sent was taken.
func (p *Pace) Accepted(sent time.Time) {
	if !p.waiting.Load() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate.answered(sent)
	if p.pause.end(sent) { // there may be room for little more than the probe
		p.rate.gate, p.rate.gateAt = afterPause, p.last
	}
	p.watch()
}

// Lost says that of a PDU sent at the time sent no answer tells whether the SMSC had room: none came, or it was refused
// for another reason, or it was no submit. Where it was the probe, another one may go.
func (p *Pace) Lost(sent time.Time) {
	if !p.waiting.Load() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate.answered(sent)
	p.pause.answered(sent)
	p.watch()
}

// watch keeps what is read without the lock.
func (p *Pace) watch() {
	p.paused.Store(p.pause.on)
	p.waiting.Store(p.pause.on || p.rate.gate != 0)
}

// Paused says that the SMSC's queue is full: but for the probe, messages had better go elsewhere.
func (p *Pace) Paused() bool { return p.paused.Load() }

// Probing says that in a pause the time of a probe has come and none is under way.
func (p *Pace) Probing(now time.Time) bool {
	if !p.paused.Load() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pause.due(now)
}

// State returns where the pace stands.
func (p *Pace) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := State{Ceiling: p.tps, Rate: p.rate.now, Paused: p.pause.on, Cuts: p.rate.cuts, Pauses: p.pause.count}
	if p.pause.on {
		s.Until = p.pause.until
	}
	if p.rate.now >= p.ceiling {
		s.Rate = float64(p.tps)
	}
	if math.IsInf(s.Rate, 1) {
		s.Rate = 0
	}
	return s
}
