package crash

import (
	"log/slog"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"harkara/smpp/smsctest"
	"harkara/storage/ledger"
	"harkara/storage/postgres"
)

// takeover is within what another gateway must go on with the projection when the one that had it is killed.
const takeover = 5 * time.Second

// ackWait is how long JetStream waits here: longer than a busy disk holds the NATS server up in a sync. One that stands
// for longer than it waits gives a request to two gateways at once; see decision 16.
const ackWait = 4 * time.Second

// newTwo runs two gateways on one NATS and one PostgreSQL.
func newTwo(t *testing.T) (w *world, projects, waits *gateway) {
	t.Helper()
	broker := serveNATS(t)
	w = newWorld(t, setting{sites: 2, url: broker.ClientURL(), postgres: servePostgres(t), ackWait: ackWait.String()})
	projects = w.start(t, w.sites[0], "")
	projects.awaitReady(t)
	waits = w.start(t, w.sites[1], "")
	waits.awaitReady(t)
	w.connect(t, broker.ClientURL())
	w.stands = true // a full machine may let one stand for as long as JetStream waits here
	return w, projects, waits
}

// loadTwo publishes requests for two gateways; the channel is closed when all are in JetStream.
func (w *world) loadTwo(t *testing.T, r *round, size int) <-chan struct{} {
	r.requests = load(r.n, size, r.random)
	for _, q := range r.requests {
		q.copied = false // each gateway knows copies of ids that it had itself
	}
	w.requests = append(w.requests, r.requests...)
	published := make(chan struct{})
	go func() {
		defer close(published)
		w.publishAll(t.Context(), r.requests, perSecond)
	}()
	return published
}

// TestTwoGateways kills the one of two gateways that projects again and again under load, and measures how long the
// projection stands still.
func TestTwoGateways(t *testing.T) {
	t.Parallel()
	kills, seed := number(t, "HARKARA_CRASH_TAKEOVERS", 2), number(t, "HARKARA_CRASH_SEED", 1)
	w, projects, waits := newTwo(t)
	var still []time.Duration
	for n := range kills {
		r := &round{n: n, began: time.Now(), point: "two gateways", random: rand.New(rand.NewPCG(uint64(seed), uint64(n)))}
		published := w.loadTwo(t, r, 400)
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

// TestGatewayStandsStill stops one of two gateways under load for about as long as JetStream waits before it gives the
// requests to the other, as a machine does that has too much to do, or is moved. Awake, it finds what was in its hands
// taken.
func TestGatewayStandsStill(t *testing.T) {
	t.Parallel()
	stops, seed := number(t, "HARKARA_CRASH_STOPS", 3), number(t, "HARKARA_CRASH_SEED", 1)
	w, one, other := newTwo(t)
	letGo, duplicates, inDoubt, unwritten := 0, 0, 0, 0
	for n := range stops {
		r := &round{n: n, began: time.Now(), point: "stands still", random: rand.New(rand.NewPCG(uint64(seed), uint64(n)))}
		for _, s := range w.sims { // so slow that much is in the lanes
			s.Change(func(c *smsctest.Config) { c.Latency = time.Duration(r.random.IntN(200)) * time.Millisecond })
		}
		published := w.loadTwo(t, r, 400)
		<-time.After(time.Duration(50+r.random.IntN(500)) * time.Millisecond)
		g := []*gateway{one, other}[r.random.IntN(2)]
		g.stand(t, ackWait/2+time.Duration(r.random.Int64N(int64(3*ackWait/2))))
		<-published
		c := w.judge(t, r)
		duplicates, inDoubt, unwritten = duplicates+c.duplicates, inDoubt+c.inDoubt, unwritten+c.unwritten
	}
	for _, g := range []*gateway{one, other} {
		letGo += g.count(t, "harkara_requests_let_go_total{")
	}
	t.Logf("seed %d: %d stops; %d requests let go, %d sent twice, each declared, %d in doubt, %d found unwritten", seed, stops, letGo,
		duplicates, inDoubt, unwritten)
	if stops >= 20 && letGo == 0 {
		t.Error("none was let go: the stops prove nothing")
	}
	w.judgeAll(t)
	one.drain(t)
	other.drain(t)
}

// stand stops the process for a time.
func (g *gateway) stand(t *testing.T, still time.Duration) {
	t.Helper()
	if err := g.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	<-time.After(still)
	if err := g.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
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
