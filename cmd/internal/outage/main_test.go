package outage

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(natsDir); dir != "" {
		os.Exit(serveNATS(dir, os.Getenv(natsAddr)))
	}
	goleak.VerifyTestMain(m)
}

// all says whether rows run that take long; `make outages` sets it.
func all() bool { return os.Getenv("HARKARA_OUTAGES") == "all" }

// atOnce is how many worlds run side by side. They wait more than they work, so it is more than the machine has cores.
const atOnce = 4

// row is one outage: it happens to a world under load, and ends with a world that has recovered.
type row struct {
	name     string
	long     bool                                     // for `make outages` alone
	database func(t *testing.T, dir string) *database // that it needs; nil: any. Only for long ones
	happens  func(t *testing.T, w *world)
}

// run lets the rows happen. With all tests the short ones come one after another to one world, whose books are closed
// in the end; for `make outages` each has a world of its own, several at once.
func run(t *testing.T, rows []row) {
	t.Helper()
	if !all() {
		w := newWorld(t, newDatabase)
		for _, r := range rows {
			if r.long {
				continue
			}
			pass(warm)
			began := time.Now()
			r.happens(t, w)
			t.Logf("%s: over after %s", r.name, time.Since(began).Round(10*time.Millisecond))
			if t.Failed() {
				t.Fatalf("%s: what follows would tell nothing", r.name)
			}
		}
		w.settle(t)
		return
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	turn := make(chan struct{}, atOnce)
	for _, r := range rows {
		wg.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			t.Run(r.name, func(t *testing.T) {
				prepare := newDatabase
				if r.database != nil {
					prepare = r.database
				}
				w := newWorld(t, prepare)
				pass(warm)
				r.happens(t, w)
				w.settle(t)
			})
		})
	}
}

// eventually asks again until ok holds, and returns how long that took; after patience the test fails.
func eventually(t *testing.T, patience time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	over, tick := time.After(patience), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("after %s still not: %s; storage is at\n%s", patience, what, stacks("harkara/storage."))
		}
	}
	return time.Since(began)
}

// stacks are those of the goroutines that are in a package.
func stacks(in string) string {
	all := make([]byte, 8<<20)
	all = all[:runtime.Stack(all, true)]
	var list []string
	for _, one := range strings.Split(string(all), "\n\n") {
		if strings.Contains(one, in) {
			list = append(list, one)
		}
	}
	return strings.Join(list, "\n\n")
}

// pass lets a stretch of real time go by: outages and loads last.
func pass(d time.Duration) { <-time.After(d) }
