package crash

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// number reads a number from the environment.
func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// tally is what the rounds of one failpoint came to.
type tally struct{ rounds, reached, kills, redelivered, duplicates, inDoubt, violations int }

// TestKilled kills the gateway in HARKARA_CRASH_ROUNDS rounds (every failpoint once) by the seed
// HARKARA_CRASH_SEED.
func TestKilled(t *testing.T) {
	t.Parallel()
	rounds, seed, size := number(t, "HARKARA_CRASH_ROUNDS", len(points)), number(t, "HARKARA_CRASH_SEED", 1), 250
	w := newWorld(t, setting{sites: 1, ackWait: "800ms"})
	g := w.start(t, w.sites[0], "") // the tenants need somebody to connect to
	g.awaitReady(t)
	w.connect(t, "nats://"+w.sites[0].cfg.NATS.Listen)
	sums := map[string]*tally{}
	for n := range rounds {
		r := plan(n, uint64(seed), size)
		w.requests = append(w.requests, r.requests...)
		g = w.run(t, r, g)
		c := w.judge(t, r)
		if sums[r.point] == nil {
			sums[r.point] = &tally{}
		}
		sum := sums[r.point]
		sum.rounds++
		sum.kills += r.kills
		if r.reached {
			sum.reached++
		}
		sum.redelivered += g.redelivered(t)
		sum.duplicates += c.duplicates
		sum.inDoubt += c.inDoubt
		sum.violations += len(c.found)
		t.Logf("%v: %.1f s", r, time.Since(r.began).Seconds())
	}
	report(t, seed, sums)
	w.judgeAll(t)
	g.drain(t)
}

func report(t *testing.T, seed int, sums map[string]*tally) {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d\n", seed)
	out := tabwriter.NewWriter(&b, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "killed at\trounds\treached\tkills\tbrought again\tduplicates\tin doubt\tviolations\t")
	for _, p := range points {
		if s := sums[p.name]; s != nil {
			fmt.Fprintf(out, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", p.name, s.rounds, s.reached, s.kills, s.redelivered, s.duplicates, s.inDoubt, s.violations)
		}
	}
	out.Flush()
	t.Log(b.String())
}
