package pace

import "time"

const (
	pauseFirst = 250 * time.Millisecond // the first pause is at least that long
	pauseMax   = 30 * time.Second       // and one whose probe was refused is followed by one of twice the length, up to this
	// While a probe is out nobody knows when its answer comes; those who wait ask again after this.
	probeWait = 50 * time.Millisecond
	// So many PDUs go after a pause, until one of them is answered.
	afterPause = 4
)

// pause is what ESME_RMSGQFUL does: nothing goes for a while, then one probe.
type pause struct {
	jitter func() float64
	on     bool
	out    bool          // a probe is under way
	began  time.Time     // of the pause or, once it has gone, of the probe: an answer to a PDU sent before says nothing new
	until  time.Time     // when the probe may go
	length time.Duration // of this pause, without the jitter
	count  uint64
}

// begin begins a pause, or prolongs it where the probe was refused.
func (p *pause) begin(sent, now time.Time) {
	if sent.Before(p.began) {
		return
	}
	if p.on {
		p.length = min(2*p.length, pauseMax)
	} else {
		p.length = pauseFirst
	}
	p.on, p.out, p.began = true, false, now
	p.until = now.Add(p.length + time.Duration(p.jitter()*float64(p.length)))
	p.count++
}

// left is how long it is worth waiting for the next probe.
func (p *pause) left(now time.Time) time.Duration {
	if p.out {
		return probeWait
	}
	return p.until.Sub(now)
}

// passed notes that a PDU goes whose answer will be known by the time asked: in a pause, the probe.
func (p *pause) passed(asked time.Time) {
	if p.on {
		p.out, p.began = true, asked
	}
}

// end ends the pause where the probe was accepted, and says whether it did.
func (p *pause) end(sent time.Time) bool {
	over := p.out && !sent.Before(p.began)
	if over {
		p.on, p.out = false, false
	}
	return over
}

// answered lets another probe go where this one told nothing.
func (p *pause) answered(sent time.Time) {
	if p.out && !sent.Before(p.began) {
		p.out = false
	}
}

// due says that a probe may go.
func (p *pause) due(now time.Time) bool { return p.on && !p.out && !now.Before(p.until) }
