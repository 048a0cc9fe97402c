package demo

import (
	"strings"
	"testing"
	"time"

	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

// hostileBusy (row 16): the SMSC takes fewer messages a second than it gets, and fewer still after a while; then its
// queue is full for a time. Nothing is lost or sent twice, and what is refused on the way is little: the rate follows.
func hostileBusy(t *testing.T, p *peer) {
	t.Run("throttled", func(t *testing.T) {
		p.smsc.Change(func(c *smsctest.Config) { c.TPS = 300 })
		slower := time.AfterFunc(1200*time.Millisecond, func() {
			p.smsc.Change(func(c *smsctest.Config) { c.TPS = 150 })
		})
		defer slower.Stop()
		l := p.load(600, 0, "txn")
		out := p.run(t, l)
		p.wantAll(t, l, sms.Delivered)
		p.verify(t, l)
		c := p.smsc.Counters()
		t.Logf("%d of %d submits were refused, %.0f a second went", c.Throttled, c.Submits, out.PerSecond)
		// Twice the limit is met with full windows. How close the rate keeps to it, and on a machine that has no time
		// for it, is smpp/pace's own test, by a clock of its own.
		if most := 2*p.Binds*p.Window + int(c.Submits)/50; c.Throttled == 0 || int(c.Throttled) > most {
			t.Errorf("%d of %d submits were refused, want some and at most %d", c.Throttled, c.Submits, most)
		}
	})
	t.Run("queue_full", func(t *testing.T) {
		p.smsc.Change(func(c *smsctest.Config) { c.TPS, c.QueueFull = 0, true })
		before := p.smsc.Counters()
		empty := time.AfterFunc(1500*time.Millisecond, func() {
			p.smsc.Change(func(c *smsctest.Config) { c.QueueFull = false })
		})
		defer empty.Stop()
		l := p.load(150, 0, "txn")
		p.run(t, l)
		p.wantAll(t, l, sms.Delivered)
		p.verify(t, l)
		// All that the windows hold goes before the first answer; after it, one at a time asks.
		refused := int(p.smsc.Counters().Refused - before.Refused)
		t.Logf("%d submits were refused", refused)
		if refused == 0 || refused > p.Binds*p.Window+4 {
			t.Errorf("%d submits were refused, want at most the windows' %d and some probes", refused, p.Binds*p.Window)
		}
	})
	p.wantUncut(t)
}

// hostileRefusal (row 17): the SMSC refuses our password. No bind tries it a second time, as that locks accounts; an
// alarm says what to mend; messages go by the route's other SMSC. See also TestHostileOccupied.
func hostileRefusal(t *testing.T, p *peer) {
	l := p.load(100, 200, "otp")
	p.run(t, l)
	p.wantOnce(t, l)
	p.World.verify(t, l, map[sms.SMSCID]*smsctest.SMSC{p.id: p.smsc, "spare": p.SMSCs["spare"]})
	<-time.After(4 * time.Second) // any back-off would have tried again by then
	if c := p.smsc.Counters(); c.Connections > uint64(p.Binds) || c.BindsRefused == 0 || c.Binds != 0 || c.Submits != 0 {
		t.Errorf("%d connections, %d binds, %d refused, %d submits", c.Connections, c.Binds, c.BindsRefused, c.Submits)
	}
	for _, s := range p.statuses(t) {
		if s.State != "refused" || !strings.Contains(s.Alarm, "ESME_RINVPASWD") {
			t.Errorf("bind %d is %s, with the alarm %q", s.Bind, s.State, s.Alarm)
		}
	}
}
