package demo

import (
	"testing"
	"time"

	"harkara/smpp/smsctest"
)

// hostileLine (row 15): a line that is slow, uneven, stands still for a while, or is narrow, is no reason to doubt: no
// answer is missed as long as it comes within the time-out, and nothing is sent twice.
func hostileLine(t *testing.T, p *peer) {
	stall := func() {
		for _, l := range p.proxy.Links() {
			l.StopReading(smsctest.ToSMSC)
			l.StopReading(smsctest.FromSMSC)
		}
		time.AfterFunc(p.Response/2, func() {
			for _, l := range p.proxy.Links() {
				l.ReadOn(smsctest.ToSMSC)
				l.ReadOn(smsctest.FromSMSC)
			}
		})
	}
	for _, test := range []struct {
		name           string
		shape          smsctest.Shape
		messages, rate int
		meanwhile      func()
	}{
		{"latency_and_jitter", smsctest.Shape{Latency: 100 * time.Millisecond, Jitter: 200 * time.Millisecond},
			160, 0, func() {}},
		{"stall", smsctest.Shape{}, 200, 200, stall},
		{"bandwidth", smsctest.Shape{Rate: 20_000}, 160, 0, func() {}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p.proxy.Shape(test.shape)
			defer p.proxy.Shape(smsctest.Shape{})
			before := p.counted(t, timeouts)
			l := p.load(test.messages, test.rate, "otp")
			timer := time.AfterFunc(200*time.Millisecond, test.meanwhile)
			defer timer.Stop()
			out := p.run(t, l)
			t.Logf("%.0f a second", out.PerSecond)
			p.wantOnce(t, l)
			p.verify(t, l)
			if n := p.counted(t, timeouts) - before; n != 0 {
				t.Errorf("%d answers were missed", n)
			}
		})
	}
	if n := p.smsc.Counters().MaxWindow; n > p.Window || p.proxy.Made() != p.Binds {
		t.Errorf("a window of %d, and %d connections", n, p.proxy.Made())
	}
}

// hostileNarrow (row 15): a whole window takes longer over the line than the time-out. What is outstanding has to
// shrink to what the line carries in time: else answers that are on their way are missed, and OTPs sent again make it
// worse.
func hostileNarrow(t *testing.T, p *peer) {
	p.proxy.Shape(smsctest.Shape{Rate: 20_000})
	l := p.load(300, 0, "otp")
	out := p.run(t, l)
	t.Logf("%.0f a second", out.PerSecond)
	p.wantOnce(t, l)
	p.verify(t, l)
	if n := p.counted(t, timeouts); n != 0 {
		t.Errorf("%d answers were missed", n)
	}
}
