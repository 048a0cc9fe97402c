package dispatch

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"harkara/dlt"
	"harkara/router"
	"harkara/smpp/session"
	"harkara/smpp/sms"
	"harkara/storage"
)

// changing lets a test change the register that a bench's dispatcher sees.
func changing(snap *atomic.Pointer[Snapshot], categories ...dlt.Category) func(*Config) {
	return func(c *Config) {
		snap.Store(c.Register())
		c.Register = snap.Load
		if len(categories) > 0 {
			c.Table, _ = router.NewTable([]router.Route{{Targets: []router.Target{{SMSC: "a", Weight: 1}}}},
				[]router.SMSC{{ID: "a", Categories: categories}})
		}
	}
}

// waits sends a request that finds no bind up, does something after that time, and brings the binds up.
func (b *bench) waits(t *testing.T, request func(*sms.Request), wait time.Duration, then func()) {
	b.a.down.Store(true)
	b.b.down.Store(true)
	done := make(chan struct{})
	go func() { defer close(done); b.send(t, request) }()
	time.Sleep(wait)
	synctest.Wait()
	then()
	b.a.down.Store(false)
	b.b.down.Store(false)
	<-done
}

// A message that has waited is checked again: against the register as it then stands, and the clock.
func TestWaitingMessageIsTakenUpAnew(t *testing.T) {
	lives := func(r *sms.Request) { r.Deadline = r.Requested.Add(4 * time.Hour) }
	run := func(name, story string, change func(*Snapshot)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var snap atomic.Pointer[Snapshot]
				b := newBench(t, changing(&snap))
				b.waits(t, lives, time.Hour, func() {
					next := *snap.Load()
					change(&next)
					snap.Store(&next)
				})
				if got := b.ledger.story(); got[len(got)-1] != story {
					t.Errorf("ended %q, want %q", got[len(got)-1], story)
				}
			})
		})
	}
	run("nothing has changed", "submitted 1 a 1:accepted final", func(*Snapshot) {})
	run("its template was blacklisted", "rejected template_inactive final", func(s *Snapshot) {
		known, _ := s.Register.Template(template)
		now := *known
		now.Status = dlt.Blacklisted
		s.Register = s.Register.With(8, dlt.Contents{Templates: []dlt.Template{now}})
	})
	run("its template is held", "rejected quarantined final", func(s *Snapshot) {
		s.Quarantine = map[storage.Pair]time.Time{{Template: template, SMSC: "a"}: time.Now(), {Template: template, SMSC: "b"}: time.Now()}
	})
}

// What is held when a message comes, and released while it waits, goes out.
func TestReleasedWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var snap atomic.Pointer[Snapshot]
		b := newBench(t, func(c *Config) { hold("a")(c); changing(&snap)(c) })
		b.waits(t, nil, time.Second, func() {
			next := *snap.Load()
			next.Quarantine = nil
			snap.Store(&next)
		})
		b.expect(t, "planned 1 a 1", "submitted 1 a 1:accepted final")
	})
}

const offer = dlt.TemplateID("1107161234567890777")

// promotional makes the bench's register hold an offer, and the clock a minute before the hours end.
func promotional(t *testing.T, b *bench, snap *atomic.Pointer[Snapshot]) func(*sms.Request) {
	t.Helper()
	next := *snap.Load()
	known, _ := next.Register.Template(template)
	t1 := *known
	t1.ID, t1.Category, t1.Links = offer, dlt.Promotional, []dlt.Link{{Template: offer, Header: "ACMEBK", Standing: dlt.Standing{Status: dlt.Active}}}
	next.Register = next.Register.With(8, dlt.Contents{Templates: []dlt.Template{t1}})
	next.Catalog, _ = next.Catalog.With(next.Register, []dlt.TemplateID{offer})
	snap.Store(&next)
	y, m, d := time.Now().In(dlt.IST).Date()
	time.Sleep(time.Until(time.Date(y, m, d, 20, 59, 0, 0, dlt.IST)))
	return func(r *sms.Request) { r.Template, r.Class, r.Deadline = offer, sms.Bulk, r.Requested.Add(4*time.Hour) }
}

func TestPromotionalHoursEndWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var snap atomic.Pointer[Snapshot]
		b := newBench(t, changing(&snap, dlt.Promotional))
		request := promotional(t, b, &snap)
		b.waits(t, request, 2*time.Minute, func() {})
		b.expect(t, "rejected outside_hours final")
	})
}

// The SMSC is given no longer than the hours last, neither in the lane nor in validity_period.
func TestPromotionalDeadlineIsTheEndOfTheHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var snap atomic.Pointer[Snapshot]
		b := newBench(t, changing(&snap, dlt.Promotional))
		request := promotional(t, b, &snap)
		b.a.verdicts = verdicts{{session.Lapsed}}
		b.a.then = func() { time.Sleep(2 * time.Minute) } // in the lane
		b.send(t, request)
		b.expect(t, "planned 1 a 1", "lapsed 1 a 1:lapsed outside_hours final")
		if left := b.a.got[0].Deadline.In(dlt.IST).Format("15:04"); left != "21:00" {
			t.Errorf("the SMSC is given until %s", left)
		}
	})
}
