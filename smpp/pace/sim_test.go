package pace

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var epoch = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func half() float64 { return 0.5 }

// simulation is a gateway that always has more to send than the SMSC takes, on a clock that ticks.
type simulation struct {
	pace          *Pace
	limiter       limiter
	limits        []int         // messages per second, one after the other
	phase         time.Duration // how long each of them holds
	binds, window int
	least, most   time.Duration // how long answers take; in any order
	rand          *rand.Rand
	stall         time.Duration // of each cycle that the gateway stands still; 0: none

	now               time.Duration
	arrivals, answers [][]sentPDU     // by tick
	out               []int           // by bind
	open              []time.Duration // when the pace may give again, or far away where the window is full
	wake              time.Duration
	books             books
}

const (
	tick    = 200 * time.Microsecond
	transit = time.Millisecond        // from us to the SMSC
	cycle   = 1070 * time.Millisecond // of stalls: slides over the SMSC's seconds
)

// sentPDU is a PDU on its way, and back.
type sentPDU struct {
	bind     int
	sent     time.Duration
	accepted bool
}

// books are what the SMSC saw.
type books struct {
	accepted         []int // by phase
	submits, refused int
}

func (s *simulation) run() books {
	end := time.Duration(len(s.limits)) * s.phase
	s.arrivals, s.answers = make([][]sentPDU, end/tick), make([][]sentPDU, end/tick)
	s.out, s.open = make([]int, s.binds), make([]time.Duration, s.binds)
	s.books.accepted = make([]int, len(s.limits))
	for s.now = 0; s.now < end; s.now += tick {
		if s.now < s.wake && len(s.arrivals[s.now/tick]) == 0 && len(s.answers[s.now/tick]) == 0 {
			continue
		}
		s.limiter.set(s.limits[s.now/s.phase])
		if left := s.stalled(); left > 0 {
			s.judge()
			s.hold(left)
			continue
		}
		s.hear()
		for i := range s.binds {
			s.send((int(s.now/tick) + i) % s.binds)
		}
		s.wake = slices.Min(s.open) // a bind whose window is full is woken by an answer
		s.judge()
	}
	return s.books
}

// stalled returns how long the gateway stands still from now on, as a machine without time for it makes it do.
func (s *simulation) stalled() time.Duration {
	if s.stall == 0 {
		return 0
	}
	return max(0, s.stall-s.now%cycle)
}

// hold keeps the answers that come now until the gateway goes on.
func (s *simulation) hold(left time.Duration) {
	at := int(s.now / tick)
	if on := at + int((left+tick-1)/tick); on < len(s.answers) {
		s.answers[on] = append(s.answers[on], s.answers[at]...)
		s.wake = time.Duration(on) * tick
	}
}

// hear takes the answers that come now.
func (s *simulation) hear() {
	for _, p := range s.answers[s.now/tick] {
		if s.out[p.bind] == s.window {
			s.open[p.bind] = s.now
		}
		s.out[p.bind]--
		if p.accepted {
			s.pace.Accepted(epoch.Add(p.sent))
		} else {
			s.pace.Throttled(epoch.Add(p.sent), epoch.Add(s.now))
		}
	}
}

// send fills a bind's window, as far as the pace allows.
func (s *simulation) send(bind int) {
	for s.now >= s.open[bind] {
		if s.out[bind] == s.window {
			s.open[bind] = math.MaxInt64
			return
		}
		if wait, _ := s.pace.Take(epoch.Add(s.now)); wait > 0 {
			s.open[bind] = s.now + wait
			return
		}
		s.out[bind]++
		s.later(s.arrivals, transit, sentPDU{bind: bind, sent: s.now})
	}
}

// judge is the SMSC.
func (s *simulation) judge() {
	for _, p := range s.arrivals[s.now/tick] {
		s.books.submits++
		p.accepted = s.limiter.take(s.now)
		if p.accepted {
			s.books.accepted[s.now/s.phase]++
		} else {
			s.books.refused++
		}
		s.later(s.answers, s.least+time.Duration(s.rand.Int64N(int64(s.most-s.least)+1)), p)
	}
}

func (s *simulation) later(list [][]sentPDU, wait time.Duration, p sentPDU) {
	if i := int((s.now + wait) / tick); i < len(list) {
		list[i] = append(list[i], p)
	}
}

// TestGoodput holds the pace against SMSCs whose limit changes: in each phase at least 90 % of the limit goes through, and
// of all submits less than 2 % are refused. What was under way when the limit fell is refused in any case, 0.2 s of the
// old rate at most, and is counted in.
//
// Without a configured TPS nothing is known of an SMSC that is met for the first time, and the windows are emptied into
// it at once. That flood is not counted as refused. A token bucket takes no more of it than it holds, and the search for
// the limit begins there, at a tenth of it here: 1.3 s until the rate doubles each second, and 3.3 s of doubling, of
// which 80 % of 30 s remain; and as the search overshoots a deep bucket's limit unseen, up to 4 % are refused.
func TestGoodput(t *testing.T) {
	kinds := []struct {
		name   string
		make   func() limiter
		bucket bool
	}{
		{"sliding second", func() limiter { return &sliding{} }, false},
		{"calendar second", func() limiter { return &calendar{} }, false},
		{"bucket of 100 ms", func() limiter { return &bucket{seconds: 0.1, tokens: 1000} }, true},
		{"bucket of 1 s", func() limiter { return &bucket{seconds: 1, tokens: 1000} }, true},
	}
	type binds struct{ binds, window int }
	latencies := []struct {
		least, most time.Duration
		binds       []binds // of which the windows are large enough that the pace is what limits
	}{
		{5 * time.Millisecond, 5 * time.Millisecond, []binds{{1, 10}, {4, 500}}},
		{200 * time.Millisecond, 200 * time.Millisecond, []binds{{1, 500}}},
		{5 * time.Millisecond, 200 * time.Millisecond, []binds{{4, 100}}},
	}
	for _, kind := range kinds {
		for _, limits := range [][]int{{1000, 300, 700, 1000}, {50, 20, 40}} {
			for _, tps := range []int{limits[0], 0} {
				for _, latency := range latencies {
					if tps == 0 && latency.least == latency.most {
						continue // the widest alone
					}
					for _, binds := range latency.binds {
						name := fmt.Sprintf("%s/%d/tps=%d/%v-%v/%dx%d", kind.name, limits[0], tps, latency.least,
							latency.most, binds.binds, binds.window)
						t.Run(name, func(t *testing.T) {
							t.Parallel()
							s := simulation{
								pace: New(tps, half), limiter: kind.make(), limits: limits, phase: 30 * time.Second,
								binds: binds.binds, window: binds.window, least: latency.least, most: latency.most,
								rand: rand.New(rand.NewPCG(1, 2)),
							}
							s.check(t, tps == 0, kind.bucket)
						})
					}
				}
			}
		}
	}
}

// TestStalls holds the pace against an SMSC that counts its seconds and whose limit falls, while the gateway's machine gives it no time for part of
// each second. What was accepted in such a second is not the SMSC's limit, and must not be taken for it for long: at least
// 90 % of the limit goes in the time that the gateway has.
func TestStalls(t *testing.T) {
	for _, stall := range []time.Duration{200 * time.Millisecond, 500 * time.Millisecond} {
		for _, kind := range []limiter{&sliding{}, &calendar{}} {
			t.Run(fmt.Sprintf("%v/%T", stall, kind), func(t *testing.T) {
				s := simulation{
					pace: New(0, half), limiter: kind, limits: []int{300, 150, 150}, phase: 30 * time.Second, stall: stall,
					binds: 2, window: 20, least: 5 * time.Millisecond, most: 50 * time.Millisecond,
					rand: rand.New(rand.NewPCG(1, 2)),
				}
				on := 1 - stall.Seconds()/cycle.Seconds() // the share of the time that the gateway had
				for i, accepted := range s.run().accepted {
					if share := float64(accepted) / float64(s.limits[i]) / s.phase.Seconds(); share < 0.9*on {
						t.Errorf("limit %d: %.0f %% of it went, want %.0f", s.limits[i], 100*share, 90*on)
					}
				}
			})
		}
	}
}

// check runs the simulation and states what TestGoodput does.
func (s *simulation) check(t *testing.T, unlimited, bucket bool) {
	b := s.run()
	for i, accepted := range b.accepted {
		goodput, least := float64(accepted)/float64(s.limits[i])/s.phase.Seconds(), 0.9
		if i == 0 && unlimited && bucket {
			least = 0.8
		}
		if goodput < least {
			t.Errorf("limit %d: goodput %.1f %%, want %.0f", s.limits[i], 100*goodput, 100*least)
		}
	}
	refused, most := b.refused, 0.02
	if unlimited {
		refused -= s.binds * s.window
		if bucket {
			most = 0.04
		}
	}
	if share := float64(refused) / float64(b.submits); share >= most {
		t.Errorf("%d of %d refused, %.2f %%, want less than %.0f %%", b.refused, b.submits, 100*share, 100*most)
	}
}
