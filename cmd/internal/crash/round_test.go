package crash

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"harkara/cmd/internal/app"
	"harkara/smpp/smsctest"
)

// points are the places where a gateway kills itself, and at which of its comings there, at most.
var points = []struct {
	name string
	most int
}{
	{"random", 0},   // no place: from outside, at any instant under load
	{"starting", 0}, // from outside, before it takes requests or just then
	{"after_fetch", 150},
	{"before_intent", 150},
	{"after_intent", 150},
	{"after_write", 60},
	{"after_answer", 150},
	{"before_ack", 150},
	{"before_deliver_sm_resp", 150},
	{"after_statuses", 8},
	{"before_commit", 8},
	{"after_commit", 8},
}

// round is one gateway's life and death, or several, under one load.
type round struct {
	n      int
	point  string
	nth    int
	again  string // where the next gateway kills itself; empty: it lives
	books  bool   // PostgreSQL dies with the first
	faulty bool   // the simulators have faults, too
	random *rand.Rand

	began    time.Time
	requests []*request
	reached  bool // the gateway came to the place
	kills    int
}

func plan(n int, seed uint64, size int) *round {
	r := &round{n: n, began: time.Now(), random: rand.New(rand.NewPCG(seed, uint64(n)))}
	p := points[n%len(points)]
	if r.point = p.name; p.most > 0 {
		r.nth = 1 + r.random.IntN(p.most)
	}
	if r.random.IntN(3) == 0 {
		q := points[2+r.random.IntN(len(points)-2)]
		r.again = fmt.Sprintf("%s:%d", q.name, 1+r.random.IntN(max(2, q.most/12)))
	}
	r.books = r.random.IntN(8) == 0
	r.faulty = r.random.IntN(2) == 0
	r.requests = load(n, size, r.random)
	return r
}

func (r *round) String() string {
	text := fmt.Sprintf("round %d: %s", r.n, r.point)
	if r.nth > 0 {
		text += fmt.Sprintf(":%d", r.nth)
	}
	if r.again != "" {
		text += ", then " + r.again
	}
	if r.books {
		text += ", PostgreSQL too"
	}
	if r.faulty {
		text += ", SMSCs with faults"
	}
	return text
}

const (
	perSecond = 500
	unreached = 1500 * time.Millisecond // after which a gateway that did not come to its failpoint is killed anyway
)

// light are the faults of the simulators in a round that has them.
var light = map[smsctest.Fault]float64{smsctest.NoAnswer: 0.01, smsctest.LateAnswer: 0.01, smsctest.DropBeforeAnswer: 0.003,
	smsctest.ReceiptBeforeAnswer: 0.02, smsctest.DuplicateReceipt: 0.02}

// run is the story of a round: load, deaths, a life at last. It returns the gateway that lives.
func (w *world) run(t *testing.T, r *round, before *gateway) *gateway {
	for _, s := range w.sims {
		s.Change(func(c *smsctest.Config) {
			c.Faults, c.Seed = nil, uint64(r.n)
			if r.faulty {
				c.Faults = light
			}
		})
	}
	// The one of the round before dies idle, or is stopped as it should be.
	if before != nil {
		if r.random.IntN(4) == 0 {
			before.drain(t)
		} else {
			before.kill()
		}
	}
	failpoint := ""
	if r.nth > 0 {
		failpoint = fmt.Sprintf("%s:%d", r.point, r.nth)
	}
	site := w.sites[0]
	g := w.start(t, site, failpoint)
	if r.point == "starting" {
		w.dies(g, time.Duration(r.random.IntN(400))*time.Millisecond)
		r.kills++
		g = w.start(t, site, "")
	}
	g.awaitReady(t)
	published := make(chan struct{})
	go func() {
		defer close(published)
		w.publishAll(t.Context(), r.requests, perSecond)
	}()
	wait := unreached
	if r.nth == 0 {
		wait = time.Duration(20+r.random.IntN(700)) * time.Millisecond
	}
	r.reached = w.dies(g, wait) || r.nth == 0
	r.kills++
	if r.books {
		site.killPostgres(t)
	}
	if r.again != "" {
		g = w.start(t, site, r.again)
		g.awaitReady(t)
		w.dies(g, unreached/2)
		r.kills++
	}
	g = w.start(t, site, "")
	g.awaitReady(t)
	<-published
	return g
}

// dies waits until the gateway has killed itself, and kills it when it does not. It says whether it did.
func (w *world) dies(g *gateway, wait time.Duration) bool {
	select {
	case <-g.ended:
		return true
	case <-time.After(wait):
		g.kill()
		return false
	}
}

// judge settles the round and holds its books against each other.
func (w *world) judge(t *testing.T, r *round) *checker {
	l, js, closeLedger, err := app.OpenLedger(t.Context(), w.sites[0].cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer closeLedger()
	unsettled := w.settle(t.Context(), js, l)
	w.takeBooks()
	if err := w.takeStatuses(t.Context(), js); err != nil {
		t.Fatal(err)
	}
	db, err := read(t.Context(), w.db, fmt.Sprintf("c%04d-", r.n), r.began)
	if err != nil {
		t.Fatal(err)
	}
	c := w.check(db, r.requests)
	if unsettled != nil {
		c.fail("G1", nil, "%v", unsettled)
		w.blame(t.Context(), c, js, r.requests)
	}
	if len(c.found) > 0 {
		w.tell(t, c, l, r)
	}
	if unsettled != nil {
		t.FailNow() // nothing of the rounds behind it would settle either
	}
	if w.position, err = l.Last(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}
