package crash

import (
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"harkara/storage/ledger"
	"harkara/storage/postgres"
)

// takeover is within what another gateway must go on with the projection when the one that had it is killed.
const takeover = 5 * time.Second

// TestTwoGateways runs two gateways on one NATS and one PostgreSQL, kills the one that projects again and again under
// load, and measures how long the projection stands still.
//
// A gateway that stands still for longer than JetStream waits loses its requests to the other, and goes on with them when
// it wakes: so they wait for longer here than a full machine lets a process stand.
func TestTwoGateways(t *testing.T) {
	t.Parallel()
	kills, seed := number(t, "HARKARA_CRASH_TAKEOVERS", 2), number(t, "HARKARA_CRASH_SEED", 1)
	broker := serveNATS(t)
	w := newWorld(t, setting{sites: 2, url: broker.ClientURL(), postgres: servePostgres(t), ackWait: "4s"})
	projects := w.start(t, w.sites[0], "")
	projects.awaitReady(t)
	waits := w.start(t, w.sites[1], "")
	waits.awaitReady(t)
	w.connect(t, broker.ClientURL())
	var still []time.Duration
	for n := range kills {
		r := &round{n: n, began: time.Now(), point: "two gateways", random: rand.New(rand.NewPCG(uint64(seed), uint64(n)))}
		r.requests = load(n, 400, r.random)
		for _, q := range r.requests {
			q.copied = false // each gateway knows copies of ids that it had itself
		}
		w.requests = append(w.requests, r.requests...)
		published := make(chan struct{})
		go func() {
			defer close(published)
			w.publishAll(t.Context(), r.requests, perSecond)
		}()
		<-time.After(time.Duration(50+r.random.IntN(300)) * time.Millisecond)
		at := w.projected(t)
		projects.kill()
		killed := time.Now()
		for w.projected(t) <= at {
			if time.Since(killed) > takeover {
				t.Fatalf("%s after the projecting gateway was killed the projection is still at %d", takeover, at)
			}
			<-time.After(5 * time.Millisecond)
		}
		still = append(still, time.Since(killed))
		projects, waits = waits, w.start(t, projects.site, "")
		waits.awaitReady(t)
		<-published
		w.judge(t, r)
	}
	slices.Sort(still)
	t.Logf("seed %d: %d kills of the gateway that projects; another went on after %v (median), %v (longest)", seed, kills,
		still[len(still)/2], still[len(still)-1])
	w.judgeAll(t)
	projects.drain(t)
	waits.drain(t)
}

// projected is how far the projection is.
func (w *world) projected(t *testing.T) (p ledger.Position) {
	t.Helper()
	if err := w.db.GetContext(t.Context(), &p, `SELECT position FROM harkara.projection WHERE partition = 0`); err != nil {
		t.Fatal(err)
	}
	return p
}

// serveNATS runs a NATS server in this process, which outlives the gateways.
func serveNATS(t *testing.T) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{ServerName: "outside", Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: t.TempDir(), SyncAlways: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server does not take connections")
	}
	return s
}

// servePostgres runs a cluster that belongs to no gateway.
func servePostgres(t *testing.T) (dir string) {
	t.Helper()
	dir = folder(t)
	c, err := postgres.Start(t.Context(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return dir
}
