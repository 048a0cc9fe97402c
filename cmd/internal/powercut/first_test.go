//go:build powercut

package powercut

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestFirstStart cuts the power while a gateway makes its data folder, or soon after: keys, cluster, streams. Whatever is
// half made then, the next start must get ready by itself.
func TestFirstStart(t *testing.T) {
	s := newSetup(t)
	empty := filepath.Join(s.dir, "empty.img")
	must(t, makeImage(empty))
	rounds := number(t, "HARKARA_POWERCUT_FIRST", 6)
	seed := number(t, "HARKARA_POWERCUT_SEED", uint64(rand.Uint32()))
	for i := range rounds {
		firstStart(t, s, empty, i+1, seed+i)
	}
}

// within is how long after its start the gateway is cut at most; it is ready after about half of that.
const within = 8 * time.Second

func firstStart(t *testing.T, s *setup, empty string, n, seed uint64) {
	t.Helper()
	r, err := startRound(s, empty, seed)
	must(t, err)
	defer func() {
		if err := r.end(); err != nil {
			t.Errorf("round %d: %v", n, err)
		}
	}()
	g, err := s.serve()
	must(t, err)
	must(t, r.startCanary())
	after := time.Duration(r.random.Int64N(int64(within)))
	time.Sleep(after)
	ready := "not ready"
	select {
	case <-g.ready:
		ready = "ready"
	default:
	}
	left, _ := os.ReadDir(filepath.Join(s.at, "data"))
	g, err = r.cutPower(g)
	must(t, err)
	began := time.Now()
	if err := g.await(); err != nil {
		t.Errorf("first start %d seed %d, cut after %s (%s, %d entries in data): %v", n, seed, after, ready, len(left), err)
		return
	}
	took := time.Since(began)
	for _, line := range g.errors() {
		t.Logf("first start %d: the gateway said %s", n, line)
	}
	t.Logf("first start %d seed %d %s: cut after %d ms (%s, %d entries in data), ready again in %d ms", n, seed, s.sync,
		after.Milliseconds(), ready, len(left), took.Milliseconds())
	if err := g.stop(); err != nil {
		t.Errorf("first start %d: %v", n, err)
	}
}
