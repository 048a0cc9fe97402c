package outage

import (
	"net/http"
	"testing"
	"time"
)

// natsAway is how long NATS is away: longer than an append to the ledger waits, so that receipts are sent back.
const natsAway = 8 * time.Second

// TestNATS takes NATS away, alone and together with PostgreSQL: everything holds, nothing is acknowledged that is not
// durable, and all goes on by itself.
func TestNATS(t *testing.T) {
	t.Parallel()
	run(t, []row{
		{name: "killed", happens: func(t *testing.T, w *world) {
			w.hold(t, func() { w.broker.kill(t) }, func() { w.broker.start(t) })
		}},
		{name: "restarted", long: true, happens: func(t *testing.T, w *world) {
			w.hold(t, func() { w.broker.stop(t) }, func() { w.broker.start(t) })
		}},
		{name: "killed and started at once", long: true, happens: func(t *testing.T, w *world) {
			for range 4 {
				w.broker.kill(t)
				w.broker.start(t)
				w.ready(t)
				pass(warm)
			}
			w.recovered(t)
		}},
		{name: "with PostgreSQL, NATS back first", happens: func(t *testing.T, w *world) {
			w.hold(t, func() { w.broker.kill(t); w.database.stop(t, "immediate") }, func() {
				w.broker.start(t)
				w.ready(t) // it sends again without PostgreSQL
				pass(3 * time.Second)
				w.database.start(t)
			})
		}},
		{name: "with PostgreSQL, PostgreSQL back first", long: true, happens: func(t *testing.T, w *world) {
			w.hold(t, func() { w.database.stop(t, "immediate"); w.broker.kill(t) }, func() {
				w.database.start(t)
				pass(3 * time.Second)
				w.broker.start(t)
			})
		}},
	})
}

// ready waits until the gateway says that it takes requests.
func (w *world) ready(t *testing.T) {
	t.Helper()
	took := eventually(t, recovery, "the gateway is ready", func() bool { return w.watch.last().ready == http.StatusOK })
	t.Logf("ready after %s", took.Round(10*time.Millisecond))
}

// hold lets an outage of NATS happen and asserts what holds in it and after it.
func (w *world) hold(t *testing.T, begin, end func()) {
	t.Helper()
	begin()
	from := time.Now()
	pass(natsAway)
	w.watch.held(t, from, time.Now())
	end()
	w.ready(t)
	w.sends(t)
	pass(after)
	w.recovered(t)
}

// sends waits until the gateway sends again: a pull that comes to a server before that has its consumers back is lost.
func (w *world) sends(t *testing.T) {
	t.Helper()
	before := w.watch.last().submits
	took := eventually(t, recovery, "the gateway sends", func() bool { return w.watch.last().submits > before+perSecond/10 })
	t.Logf("sends after %s", took.Round(10*time.Millisecond))
}
