package pace

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func at(d time.Duration) time.Time { return epoch.Add(d) }

func TestPaceNeverGoesBack(t *testing.T) {
	p := New(1, half)
	if wait, _ := p.Take(epoch); wait != 0 {
		t.Fatalf("the first token has to wait %v", wait)
	}
	second, _ := p.Take(at(500 * time.Millisecond))
	earlier, _ := p.Take(at(-time.Hour))
	if second <= 0 || earlier != second {
		t.Errorf("half a second on wait %v, with a clock an hour behind %v; want the same", second, earlier)
	}
	if wait, _ := p.Take(at(500*time.Millisecond + second)); wait != 0 {
		t.Errorf("after the wait the token has to wait %v more", wait)
	}
}

// TestNoSecondHasMoreThanTPS holds whatever the SMSC answers, and whenever the binds ask.
func TestNoSecondHasMoreThanTPS(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tps := rapid.IntRange(1, 300).Draw(t, "tps")
		p := New(tps, half)
		var went []time.Time
		now := epoch
		for range rapid.IntRange(1, 400).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 7, 20, 300}).Draw(t, "ms")) * time.Millisecond)
			for range rapid.IntRange(0, 40).Draw(t, "takes") {
				if wait, _ := p.Take(now); wait == 0 {
					went = append(went, now)
				}
			}
			if len(went) == 0 {
				continue
			}
			sent := went[rapid.IntRange(max(0, len(went)-50), len(went)-1).Draw(t, "of")]
			switch rapid.IntRange(0, 9).Draw(t, "answer") {
			case 0:
				p.Throttled(sent, now)
			case 1:
				p.Full(sent, now)
			case 2:
				p.Lost(sent)
			default:
				p.Accepted(sent)
			}
			if s := p.State(); s.Rate > float64(tps) || s.Rate <= 0 {
				t.Fatalf("the rate is %v with a TPS of %d", s.Rate, tps)
			}
		}
		for i := range went {
			if j := i + tps; j < len(went) && went[j].Sub(went[i]) < time.Second {
				t.Fatalf("%d went between %v and %v", tps+1, went[i].Sub(epoch), went[j].Sub(epoch))
			}
		}
	})
}

// TestCuts tells the refusals of one episode from those that follow it.
func TestCuts(t *testing.T) {
	p := New(100, half)
	take := func(until time.Duration) (last time.Time) {
		for now := p.last; now.Before(at(until)); now = now.Add(time.Millisecond) {
			if wait, _ := p.Take(now); wait == 0 {
				last = now
			}
		}
		return last
	}
	p.Take(epoch)
	before := take(2 * time.Second)
	p.Throttled(before, at(2*time.Second))
	first := p.State()
	if first.Cuts != 1 || first.Rate >= 100 || first.Rate < 90 {
		t.Errorf("after a refusal at 100/s: %+v, want one cut by little", first)
	}
	p.Throttled(before.Add(-10*time.Millisecond), at(2010*time.Millisecond))
	if s := p.State(); s.Cuts != 1 || s.Rate > first.Rate {
		t.Errorf("after a second refusal of the same episode: %+v, want no second cut", s)
	}
	after := take(2200 * time.Millisecond)
	if after.Before(at(2050 * time.Millisecond)) {
		t.Errorf("the last PDU went at %v, want some after the hold of 50 ms", after.Sub(epoch))
	}
	p.Throttled(after, at(2200*time.Millisecond))
	if wait, _ := p.Take(at(2200 * time.Millisecond)); p.State().Cuts != 2 || wait != 100*time.Millisecond {
		t.Errorf("a refusal of what was sent after the cut gives %+v and a hold of %v, want twice the first", p.State(), wait)
	}
	gated := take(2800 * time.Millisecond)
	if gated.After(at(2320 * time.Millisecond)) {
		t.Errorf("a PDU went at %v, before any after the hold was answered", gated.Sub(epoch))
	}
	p.Accepted(gated)
	if open := take(3 * time.Second); !open.After(at(2900 * time.Millisecond)) {
		t.Errorf("the last PDU went at %v, after the gate was opened at 2.8s", open.Sub(epoch))
	}
}

// TestIdleDoesNotGrow keeps what was learnt while nothing needs more.
func TestIdleDoesNotGrow(t *testing.T) {
	p := New(1000, half)
	now := epoch
	for ; now.Before(at(2 * time.Second)); now = now.Add(10 * time.Millisecond) {
		p.Take(now)
	}
	p.Throttled(now.Add(-10*time.Millisecond), now)
	learnt := p.State().Rate
	for ; now.Before(at(time.Hour)); now = now.Add(100 * time.Millisecond) {
		p.Take(now)
	}
	if got := p.State().Rate; got != learnt || got > 100 || got < 90 {
		t.Errorf("100 a second were refused: the rate was %v, and %v after an hour of ten a second", learnt, got)
	}
}

// TestPause follows a full queue: pauses that double, one probe at a time, and back at the former rate.
func TestPause(t *testing.T) {
	p := New(0, half)
	say := func(now time.Time) string {
		wait, closed := p.Take(now)
		return fmt.Sprint(wait, " ", closed, " ", p.Paused(), " ", p.Probing(now))
	}
	want := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %s, want %s", what, got, want)
		}
	}
	want("at first", say(epoch), "0s false false false")
	p.Full(epoch, at(time.Second))
	p.Full(epoch, at(time.Second)) // of the same episode
	want("the first pause", say(at(time.Second)), "375ms true true false")
	p.Accepted(epoch) // answers of before say nothing
	if !p.Probing(at(1375 * time.Millisecond)) {
		t.Error("no probe is due after the first pause")
	}
	want("the probe", say(at(1375*time.Millisecond)), "0s false true false")
	want("behind it", say(at(1400*time.Millisecond)), "50ms false true false")
	p.Lost(at(1375 * time.Millisecond))
	want("a second one", say(at(1500*time.Millisecond)), "0s false true false")
	p.Full(at(1500*time.Millisecond), at(1600*time.Millisecond))
	want("the second pause", say(at(1600*time.Millisecond)), "750ms true true false")
	if s := p.State(); !s.Paused || !s.Until.Equal(at(2350*time.Millisecond)) || s.Pauses != 2 || s.Rate != 0 {
		t.Errorf("state %+v", s)
	}
	want("the third probe", say(at(6*time.Second)), "0s false true false")
	p.Accepted(at(6 * time.Second))
	want("released", say(at(6*time.Second)), "0s false false false")
	for range afterPause - 1 {
		say(at(6 * time.Second))
	}
	want("until one is answered", say(at(6*time.Second)), "10ms false false false")
	p.Accepted(at(6 * time.Second))
	want("then all", say(at(6*time.Second)), "0s false false false")
	p.Full(at(6500*time.Millisecond), at(7*time.Second))
	want("full again, as the probe was taken", say(at(7*time.Second)), "375ms true true false")
	for range 9 {
		until := p.State().Until
		p.Take(until)
		p.Full(until, until)
	}
	want("the longest", p.State().Until.Sub(p.last).String(), "45s")
}

func TestState(t *testing.T) {
	if s := New(0, half).State(); s != (State{}) {
		t.Errorf("without a TPS: %+v", s)
	}
	if s := New(70, half).State(); s != (State{Ceiling: 70, Rate: 70}) {
		t.Errorf("with a TPS of 70: %+v", s)
	}
}

func BenchmarkTake(b *testing.B) {
	p := New(0, half)
	now := epoch
	for b.Loop() {
		now = now.Add(2 * time.Microsecond)
		p.Take(now)
		p.Accepted(now)
	}
}
