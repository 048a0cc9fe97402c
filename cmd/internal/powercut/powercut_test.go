//go:build powercut

package powercut

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"harkara/cmd/internal/loopback"
)

// newSetup builds the program and makes room for it.
func newSetup(t *testing.T) *setup {
	t.Helper()
	dir := os.Getenv(folderVar)
	s := &setup{dir: dir, binary: filepath.Join(dir, "harkara"), at: filepath.Join(dir, "m"), sync: cmp.Or(os.Getenv("HARKARA_POWERCUT_SYNC"), "always")}
	must(t, command("go", "build", "-o", s.binary, "harkara/cmd/harkara"))
	var err1, err2 error
	s.nats, err1 = loopback.Addr()
	s.http, err2 = loopback.Addr()
	must(t, errors.Join(err1, err2))
	return s
}

// number reads a whole number from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(cmp.Or(os.Getenv(name), strconv.FormatUint(otherwise, 10)), 10, 64)
	must(t, err)
	return n
}

// TestPowerCut cuts the power HARKARA_POWERCUT_ROUNDS times, each fifth time with sync: 100ms and else with always, or with
// HARKARA_POWERCUT_SYNC each time. HARKARA_POWERCUT_SEED is the seed of the first round; the others count on.
func TestPowerCut(t *testing.T) {
	s := newSetup(t)
	base := filepath.Join(s.dir, "base.img")
	rounds := number(t, "HARKARA_POWERCUT_ROUNDS", 5)
	seed := number(t, "HARKARA_POWERCUT_SEED", uint64(rand.Uint32()))
	must(t, s.prepare(base, seed-1))
	sums := map[string]*sum{}
	for i := range rounds {
		s.sync = "always"
		if i%5 == 4 {
			s.sync = "100ms"
		}
		s.sync = cmp.Or(os.Getenv("HARKARA_POWERCUT_SYNC"), s.sync)
		if sums[s.sync] == nil {
			sums[s.sync] = &sum{}
		}
		oneRound(t, s, base, i+1, seed+i, sums[s.sync])
	}
	for sync, total := range sums {
		t.Logf("sync %s: %d rounds with %d cuts, %d requests of which %d acknowledged before a cut; lost %d requests (at most %d ms), "+
			"%d receipts, %d frames; %d declared duplicates, %d others; left on their way %d; ready again after %d ms at most",
			sync, total.rounds, total.cuts, total.requests, total.acked, total.lostRequests, total.lostFor.Milliseconds(),
			total.lostReceipts, total.frames, total.declared, total.twice, total.left, total.restart.Milliseconds())
	}
}

// sum is the rounds of one setting.
type sum struct {
	result
	rounds, cuts, frames int
	restart              time.Duration
}

func (s *sum) add(r *round, out *result) {
	s.rounds++
	s.cuts += len(r.cuts)
	s.frames += r.frames
	s.restart = max(s.restart, r.restart)
	s.requests += out.requests
	s.acked += out.acked
	s.lostRequests += out.lostRequests
	s.lostReceipts += out.lostReceipts
	s.lostFor = max(s.lostFor, out.lostFor)
	s.declared += out.declared
	s.twice += out.twice
	s.left += out.left
}

// shown is how many findings of a round are printed.
const shown = 10

func oneRound(t *testing.T, s *setup, base string, n, seed uint64, total *sum) {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	r, err := startRound(s, base, seed)
	must(t, err)
	out, err := r.run(ctx)
	if err != nil {
		t.Errorf("round %d seed %d %s: %v", n, seed, s.sync, errors.Join(err, r.end()))
		return
	}
	fault := r.disk.unmount()
	if fault == nil {
		fault = check(r.image)
		r.disk = nil
	}
	if err := errors.Join(fault, r.end()); err != nil {
		t.Errorf("round %d seed %d: %v", n, seed, err)
	}
	total.add(r, out)
	t.Logf("round %d seed %d %s: %d cuts, copied in %d ms, an unsynced file lost %d ms; %d requests, %d acknowledged before a cut; "+
		"lost %d requests (%d ms) %d receipts %d frames; duplicates %d declared %d not; left %d, unforeseen %d, statuses told again %d; "+
		"ready in %d ms, settled in %d ms, PostgreSQL recovered %d times; %.1f s",
		n, seed, s.sync, len(r.cuts), r.copied.Milliseconds(), r.unsynced.Milliseconds(), out.requests, out.acked,
		out.lostRequests, out.lostFor.Milliseconds(), out.lostReceipts, r.frames, out.declared, out.twice, out.left, out.unforeseen, out.again,
		r.restart.Milliseconds(), r.settled.Milliseconds(), r.recovered, time.Since(began).Seconds())
	for i, f := range out.findings {
		if i < shown {
			t.Logf("round %d: %s: %s", n, f.what, f.story)
		}
	}
	for _, line := range r.errors {
		t.Logf("round %d: the gateway said %s", n, line)
	}
	if s.sync == "always" && (len(out.findings) > 0 || r.frames > 0 || r.unsynced == 0) {
		t.Errorf("round %d seed %d: %d findings, %d frames lost, an unsynced file lost %s", n, seed, len(out.findings), r.frames,
			r.unsynced)
	}
}
