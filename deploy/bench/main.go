package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// options is the command line.
type options struct {
	smscsim string
	rounds  int
	window  int
	length  time.Duration // of a round
}

func main() {
	var o options
	flag.StringVar(&o.smscsim, "smscsim", "../../bin/smscsim", "the simulator's program")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds of each client")
	flag.IntVar(&o.window, "window", 100, "outstanding submit_sm")
	flag.DurationVar(&o.length, "length", 2*time.Second, "how long a round submits")
	flag.Parse()
	if err := run(o, os.Stdout, os.Stderr); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err) // nobody is left to be told where this fails
		os.Exit(1)
	}
}

// contest is one kind of round.
type contest struct {
	name     string
	receipts bool // each message asks for a receipt, and the round ends with the last one
}

// entrants are the clients, the one to compare with last. A Pool may have more callers than its window, as the gateway
// has; a Transceiver refuses those at once, so it has as many.
var entrants = []struct {
	name    string
	open    func(addr string, o options, receipts bool) (client, error)
	callers int // for each place of the window
}{{"harkara", openPool, 1}, {"harkara, twice the callers", openPool, 2}, {"go-smpp", openTransceiver, 1}}

// run measures, then prints the table and the line of JSON on out; its progress goes to progress.
func run(o options, out, progress io.Writer) error {
	if o.rounds < 1 || o.window < 1 || o.length <= 0 {
		return fmt.Errorf("-rounds, -window and -length must be above 0")
	}
	r := report{Cores: giveCores(), Window: o.window, Rounds: o.rounds, Seconds: o.length.Seconds()}
	for _, c := range []contest{{"submit", false}, {"submit+receipt", true}} {
		all := make([][]figures, len(entrants))
		for round := range o.rounds {
			for turn := range entrants {
				e := (round + turn) % len(entrants) // who begins changes, so that neither has the warmer machine
				f, err := measure(o, r.Cores, e, c.receipts)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", entrants[e].name, c.name, err)
				}
				_, _ = fmt.Fprintf(progress, "%s, round %d, %s: %.0f/s\n", c.name, round+1, entrants[e].name, f.Rate)
				all[e] = append(all[e], f)
			}
		}
		r.add(c, all)
	}
	return r.write(out)
}
