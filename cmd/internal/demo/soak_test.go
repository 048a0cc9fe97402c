package demo

import (
	"bufio"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"harkara/cmd/internal/app"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

const (
	soakFaults  = 0.02             // the rate of every fault
	soakWarm    = 20 * time.Second // until the binds have met every fault, and pause between connections
	soakMeasure = 20 * time.Second // how long it is measured what the machine does then
	soakBinds   = 8                // of each SMSC: most of them are cut at any time
	soakShare   = 0.6              // of that is the load
	soakUnder   = 2000             // requests without an outcome, while it is measured
	soakStep    = 5 * time.Second  // between two samples
	soakGrowth  = 0.10             // by which memory may grow over the second half
	soakJudged  = 24               // samples of the second half, at least, for a verdict: the heap is a saw-tooth
)

// watched are the samples that are taken of the gateway: Prometheus's names, and whether it is memory, which may grow
// by soakGrowth as caches fill. Of the others any growth is a leak.
var watched = []struct {
	name   string
	memory bool
}{
	{"go_goroutines", false},
	{"process_open_fds", false},
	{"process_resident_memory_bytes", true},
	{"go_memstats_heap_inuse_bytes", true},
}

// TestSoak runs for HARKARA_SOAK (such as 10m; `make soak`): a gateway in a process of its own under 60 % of what the
// machine does, while every fault of the simulators happens to 2 % of the messages. Memory, goroutines and descriptors
// stay flat, nothing is lost, and every duplicate is declared.
func TestSoak(t *testing.T) {
	if os.Getenv("HARKARA_SOAK") == "" {
		t.Skip("it runs for as long as HARKARA_SOAK says; see make soak")
	}
	length, err := time.ParseDuration(os.Getenv("HARKARA_SOAK"))
	if err != nil {
		t.Fatal(err)
	}
	faults := map[smsctest.Fault]float64{}
	for _, f := range smsctest.FaultList {
		faults[f] = soakFaults
	}
	w, err := prepare(t.Context(), Setting{Binds: soakBinds, Window: 16, Log: slog.New(slog.DiscardHandler),
		Extra: impatient + "    receipts: {submit_id: hex, receipt_id: dec}\n",
		SMSC: func(id sms.SMSCID) smsctest.Config {
			c := quick(id)
			c.Faults, c.Seed, c.Keep = faults, 1, 1<<22
			return c
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { w.Stop(); w.Remove() }()
	gateway := w.child(t)
	t.Cleanup(func() { _ = gateway.Process.Kill() }) // unless it has ended
	s := &soak{World: w, tenants: map[string]*tenantClient{}}
	for _, q := range mix {
		if s.tenants[q.tenant], err = w.tenant(q.tenant); err != nil {
			t.Fatal(err)
		}
		defer s.tenants[q.tenant].conn.Close()
	}
	measured := s.measure(t)
	t.Logf("with each fault at %.0f %%: %.0f outcomes a second; the load is %.0f a second for %v", 100*soakFaults, measured,
		soakShare*measured, length)
	_, before := s.progress()
	samples := s.load(t, soakShare*measured, length)
	_, after := s.progress()
	t.Logf("of it came %.0f outcomes a second", float64(after-before)/length.Seconds())
	for _, smsc := range w.SMSCs {
		smsc.Change(func(c *smsctest.Config) { // what is under way may end in peace, with ids written as before
			c.Faults = map[smsctest.Fault]float64{smsctest.HexID: 1}
		})
	}
	s.settle(t)
	s.judge(t, samples)
	for _, l := range s.loads {
		w.verify(t, l, w.SMSCs)
	}
	if err := gateway.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := gateway.Wait(); err != nil {
		t.Errorf("the gateway ended with %v", err)
	}
}

// soak is what was sent, and who sent it.
type soak struct {
	*World
	tenants map[string]*tenantClient
	loads   []Load
}

// progress adds up the tenants.
func (s *soak) progress() (published, final int) {
	for _, c := range s.tenants {
		p, _, f := c.progress()
		published, final = published+p, final+f
	}
	return published, final
}

// measure keeps the gateway as busy as it can be, first to warm up, and returns how many outcomes a second come of it.
func (s *soak) measure(t *testing.T) float64 {
	t.Helper()
	s.fill(t, soakWarm)
	_, before := s.progress()
	s.fill(t, soakMeasure)
	_, after := s.progress()
	return float64(after-before) / soakMeasure.Seconds()
}

// fill keeps soakUnder requests without an outcome for a time.
func (s *soak) fill(t *testing.T, length time.Duration) {
	t.Helper()
	end := time.Now().Add(length)
	s.publishUntil(t, end, func() {
		for published, final := s.progress(); published-final >= soakUnder && time.Now().Before(end); {
			<-time.After(time.Millisecond)
			published, final = s.progress()
		}
	})
}

// load sends at a rate for a time, and returns the samples of the gateway meanwhile, by name.
func (s *soak) load(t *testing.T, perSecond float64, length time.Duration) map[string][]float64 {
	t.Helper()
	samples := map[string][]float64{}
	end := time.Now().Add(length)
	sampled := make(chan struct{})
	go func() {
		defer close(sampled)
		tick := time.NewTicker(soakStep)
		defer tick.Stop()
		for now := range tick.C {
			if now.After(end) {
				return
			}
			s.sample(t, samples)
		}
	}()
	limit := rate.NewLimiter(rate.Limit(perSecond), 1)
	s.publishUntil(t, end, func() { _ = limit.Wait(t.Context()) }) // it fails with the test only
	<-sampled
	return samples
}

// publishUntil sends a load until the time is over; before each request it asks may, which waits.
func (s *soak) publishUntil(t *testing.T, end time.Time, may func()) {
	t.Helper()
	l := Load{Seed: uint64(1 + len(s.loads))}
	r := rand.New(rand.NewPCG(l.Seed, l.Seed))
	for time.Now().Before(end) {
		if err := s.publishOne(l, l.Messages, r, s.tenants); err != nil {
			t.Fatal(err)
		}
		l.Messages++
		may()
	}
	s.loads = append(s.loads, l)
}

// sample reads the gateway's own metrics.
func (s *soak) sample(t *testing.T, samples map[string][]float64) {
	resp, err := http.Get("http://" + s.Config.HTTP + "/metrics")
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		for _, w := range watched {
			if n, err := strconv.ParseFloat(value, 64); name == w.name && err == nil {
				samples[name] = append(samples[name], n)
			}
		}
	}
}

// settle waits until every request has its outcome and every receipt was acknowledged.
func (s *soak) settle(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	for {
		published, final := s.progress()
		owed := uint64(0)
		for _, smsc := range s.SMSCs {
			c := smsc.Counters()
			owed += c.Receipts - c.ReceiptsAcked
		}
		if published == final && owed == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d requests have no outcome, %d receipts are not acknowledged; by the database:\n%s",
				published-final, published, owed, s.open(t))
		}
		<-time.After(50 * time.Millisecond)
	}
}

// open tells what the database knows of requests whose outcome the tenants have not heard of.
func (s *soak) open(t *testing.T) string {
	t.Helper()
	db, closeDB, err := app.OpenDatabase(t.Context(), s.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer closeDB()
	var told strings.Builder
	for _, c := range s.tenants {
		c.mu.Lock()
		for id := range c.published {
			if c.ended[id] {
				continue
			}
			var lines []string
			err := db.SelectContext(t.Context(), &lines, `SELECT concat_ws(' ', m.id, m.state, a.attempt, a.smsc, a.status,
				a.message_id, a.planned_at, a.answered_at, r.stat, r.received_at)
				FROM harkara.v_message m LEFT JOIN harkara.v_attempt a USING (key)
				LEFT JOIN harkara.v_receipt r ON r.smsc = a.smsc AND r.message_id = a.message_id
				WHERE m.tenant = $1 AND m.id = $2`, c.id, id)
			fmt.Fprintln(&told, id, strings.Join(lines, "; "), err)
		}
		c.mu.Unlock()
	}
	return told.String()
}

// judge prints the trends of the second half, and says which are too steep.
func (s *soak) judge(t *testing.T, samples map[string][]float64) {
	t.Helper()
	for _, w := range watched {
		all := samples[w.name]
		if len(all) < 6 {
			t.Fatalf("%d samples of %s are too few for a trend", len(all), w.name)
		}
		half := all[len(all)/2:]
		line := trendOf(half, soakStep)
		t.Logf("%-32s %s; first %.4g, last %.4g", w.name, line, all[0], all[len(all)-1])
		over := line.Minute * (time.Duration(len(half)) * soakStep).Minutes()
		switch {
		case len(half) < soakJudged:
			t.Logf("%d samples are too few to judge it", len(half))
		case w.memory && line.grows() && over > soakGrowth*line.Mean:
			t.Errorf("%s grew by %.1f %% over the second half, want at most %.0f %%", w.name, 100*over/line.Mean, 100*soakGrowth)
		case !w.memory && line.grows():
			t.Errorf("%s grows", w.name)
		}
	}
	submits, duplicates := s.accepted()
	published, _ := s.progress()
	t.Logf("states %v", s.states(t))
	t.Logf("%d requests, %d submits were accepted, %d of them copies; faults %v", published, submits, duplicates, s.happened())
}

// states counts all messages by the database.
func (s *soak) states(t *testing.T) map[sms.State]int {
	t.Helper()
	db, closeDB, err := app.OpenDatabase(t.Context(), s.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer closeDB()
	var rows []struct {
		State sms.State
		N     int
	}
	if err := db.SelectContext(t.Context(), &rows, `SELECT state, count(*) AS n FROM harkara.v_message GROUP BY 1`); err != nil {
		t.Fatal(err)
	}
	counts := map[sms.State]int{}
	for _, r := range rows {
		counts[r.State] = r.N
	}
	return counts
}

// happened adds up the faults by the simulators' books.
func (s *soak) happened() string {
	sum := map[string]uint64{}
	for _, smsc := range s.SMSCs {
		for name, n := range smsc.Counters().Faults {
			sum[name] += n
		}
	}
	return fmt.Sprint(sum)
}
