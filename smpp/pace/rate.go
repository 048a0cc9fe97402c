package pace

import (
	"math"
	"time"
)

// How the rate is learnt. The figures were tried against all limiters of the tests: a sawtooth of 2 to 3 s that costs less
// than 3 % of the throughput, and 5 s to a limit that was more than doubled.
const (
	keep       = 0.97                    // of the limit that was met is the rate after a cut
	creep      = 0.025                   // of it per second is the growth from there
	creepLeast = 0.8                     // and at least so many messages per second, each second
	margin     = 1.005                   // times the known limit, and at least one message more, is clearly above it
	overMax    = 1250 * time.Millisecond // above it for so long, and the limit is raised: the rate doubles each second

	holdFirst  = 50 * time.Millisecond   // silence after a cut, until the SMSC's second has room again
	holdDouble = 3                       // how often a hold doubles while cuts follow upon each other
	chainMax   = 1500 * time.Millisecond // a cut that comes no later after another follows upon it
	lightPart  = 0.1                     // of the rate was the load, or less: its measure is no limit
	gatePart   = 0.01                    // of a second's messages go after a later hold, until one is answered
	gateWait   = 10 * time.Millisecond   // how long to wait meanwhile before asking again
	shut       = -1                      // of rate.gate
)

// rate is what the pace has learnt of the SMSC's limit.
type rate struct {
	now     float64       // messages per second
	known   float64       // the limit as it was met last; 0: never
	over    time.Duration // that the rate was clearly above it without a refusal
	history history
	cuts    uint64

	cut      time.Time // the last one: refusals of what was sent before belong to it
	chain    time.Time // the first of the cuts that followed upon each other
	length   int       // how many followed upon it
	measured int64     // the grain that ended the second in which accepted and least were measured
	accepted float64
	least    float64 // the rate is not cut below it for that

	hold   time.Time // nothing goes before it
	gate   int       // PDUs that may go until one sent after gateAt is answered; 0: any number, shut: none
	gateAt time.Time
}

// grow lets the rate grow, when it was what limited during elapsed: slowly while it is about the known limit, and by
// doubling when that seems to have been raised.
func (r *rate) grow(elapsed time.Duration, ceiling float64) {
	if r.known == 0 || r.now >= ceiling {
		return
	}
	// A pace that nobody asked for long had nothing to limit.
	elapsed = min(elapsed, 100*time.Millisecond+time.Duration(2*float64(time.Second)/r.now))
	if r.now > max(r.known*margin, r.known+1) {
		r.over += elapsed
	}
	if r.over > overMax {
		r.now *= math.Exp2(elapsed.Seconds())
	} else {
		r.now += max(r.known*creep, creepLeast) * elapsed.Seconds()
	}
	r.now = min(r.now, ceiling)
}

// refused cuts the rate for the refusal of a PDU sent at the time sent; false where it belongs to the last cut.
func (r *rate) refused(sent, now time.Time) bool {
	m := r.history.refuse(sent)
	if sent.Before(r.cut) {
		r.correct(m.end)
		return false
	}
	if now.Sub(r.cut) < chainMax {
		r.length++
	} else {
		r.length, r.chain = 0, now
	}
	// What was accepted in the second before a refusal is never less than the limit, but for a shallow token bucket
	// after a silence. So within a chain, that has silences, it counts when the second had none or was after the first
	// cut, and halves the rate at most.
	whole := sent.Sub(r.chain) > time.Second
	switch {
	case !m.known: // it was sent too long ago to know with what
		r.half()
	case r.length == 0 || m.steady || whole:
		r.measure(m)
	}
	r.over, r.cut = 0, now
	r.cuts++
	r.silence(now, whole)
	return true
}

// measure sets the rate by what was accepted.
func (r *rate) measure(m measure) {
	r.measured, r.accepted = m.end, m.accepted
	switch {
	case math.IsInf(r.now, 1):
		r.least = 1
	case r.length == 0 && m.accepted < r.now*lightPart: // so light a load says little of the limit
		r.least = max(1, r.now/2)
	case r.length == 0: // the load may have been far below the rate
		r.least = max(1, min(r.now, m.accepted)/2)
	default:
		r.least = max(1, r.now/2)
	}
	r.now = min(r.now, max(m.accepted*keep, r.least))
	r.known = r.now / keep
	if !m.steady { // it says little of a rate: the limit may well be higher
		r.known = r.now * 0.9
	}
}

// half cuts by half, where nothing is known of what was accepted.
func (r *rate) half() {
	if math.IsInf(r.now, 1) {
		return // there is nothing to halve: the next refusal is measured
	}
	r.now = max(1, r.now/2)
	r.known = max(r.known, r.now)
}

// correct is told of one more PDU of the measured second that was refused after all.
func (r *rate) correct(grain int64) {
	if grain > r.measured || grain <= r.measured-second {
		return
	}
	r.accepted--
	if now := max(r.accepted*keep, r.least); now < r.now {
		r.now, r.known = now, now/keep
	}
}

// silence lets nothing go for a while. The SMSC's second may still be full after a cut: each cut that follows upon it
// waits twice as long, and then sends no more than it takes to see whether there is room. After a whole second that is
// not the reason any more.
func (r *rate) silence(now time.Time, whole bool) {
	doubled := min(r.length, holdDouble)
	if whole {
		doubled = 1
	}
	r.hold, r.gate = now.Add(holdFirst<<doubled), 0
	if r.length > 0 {
		r.gate, r.gateAt = max(1, int(r.now*gatePart)), r.hold
	}
}

// passed counts a PDU that goes now and whose answer will be known by the time asked, which a slow clock may put earlier.
func (r *rate) passed(asked, now time.Time) {
	r.history.add(now)
	if r.gate > 0 {
		if asked.Before(r.gateAt) {
			r.gateAt = asked
		}
		if r.gate--; r.gate == 0 {
			r.gate = shut
		}
	}
}

// answered opens the gate for the answer to a PDU sent at the time sent, whatever it is.
func (r *rate) answered(sent time.Time) {
	if !sent.Before(r.gateAt) {
		r.gate = 0
	}
}
