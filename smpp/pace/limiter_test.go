package pace

import "time"

// limiter is how an SMSC limits its account. Times count from the start and never go back.
type limiter interface {
	set(tps int)
	take(at time.Duration) bool
}

// sliding has no more than tps accepted in any one second.
type sliding struct {
	tps   int
	times []time.Duration
}

func (s *sliding) set(tps int) { s.tps = tps }

func (s *sliding) take(at time.Duration) bool {
	for len(s.times) > 0 && s.times[0] <= at-time.Second {
		s.times = s.times[1:]
	}
	if len(s.times) >= s.tps {
		return false
	}
	s.times = append(s.times, at)
	return true
}

// calendar counts anew at each full second.
type calendar struct {
	tps, count int
	second     time.Duration
}

func (c *calendar) set(tps int) { c.tps = tps }

func (c *calendar) take(at time.Duration) bool {
	if second := at.Truncate(time.Second); second != c.second {
		c.second, c.count = second, 0
	}
	if c.count >= c.tps {
		return false
	}
	c.count++
	return true
}

// bucket is a token bucket that holds seconds' worth of tokens.
type bucket struct {
	seconds, tps, tokens float64
	last                 time.Duration
}

func (b *bucket) set(tps int) { b.tps = float64(tps) }

func (b *bucket) take(at time.Duration) bool {
	b.tokens = min(b.tokens+(at-b.last).Seconds()*b.tps, max(1, b.tps*b.seconds))
	b.last = at
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
