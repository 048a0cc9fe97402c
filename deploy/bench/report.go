package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
)

// report is all that one run found.
type report struct {
	Cores   cores   `json:"cores"`
	Window  int     `json:"window"`
	Rounds  int     `json:"rounds"`
	Seconds float64 `json:"round_seconds"`
	Rows    []row   `json:"rows"`
	Ratios  []ratio `json:"ratios"`
}

// spread is the median, least and greatest of the rounds.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// row is one client in one contest.
type row struct {
	Contest     string `json:"contest"`
	Client      string `json:"client"`
	Rate        spread `json:"submits_per_second"`
	CPU         spread `json:"cpu_us_per_submit"`
	SMSC        spread `json:"smsc_cpu_us_per_submit"`
	Allocations spread `json:"allocations_per_submit"`
	Window      int    `json:"window_seen"`
	Failed      int64  `json:"failed"`
	Lost        int64  `json:"receipts_lost"`
}

// ratio is a client of ours against the last entrant, round by round.
type ratio struct {
	Contest string `json:"contest"`
	Client  string `json:"client"`
	Rate    spread `json:"submits_per_second"`
	CPU     spread `json:"cpu"` // theirs by ours
}

// add takes the figures of one contest: by entrant, then by round.
func (r *report) add(c contest, all [][]figures) {
	for e, rounds := range all {
		w := row{Contest: c.name, Client: entrants[e].name,
			Rate:        spreadOf(rounds, func(f figures) float64 { return f.Rate }),
			CPU:         spreadOf(rounds, func(f figures) float64 { return f.CPU }),
			SMSC:        spreadOf(rounds, func(f figures) float64 { return f.SMSC }),
			Allocations: spreadOf(rounds, func(f figures) float64 { return f.Allocations }),
		}
		for _, f := range rounds {
			w.Window, w.Failed, w.Lost = max(w.Window, f.Window), w.Failed+f.Failed, w.Lost+f.Lost
		}
		r.Rows = append(r.Rows, w)
	}
	last := len(all) - 1
	for e := range last {
		var pairs [][2]figures // ours, theirs
		for i := range all[e] {
			pairs = append(pairs, [2]figures{all[e][i], all[last][i]})
		}
		r.Ratios = append(r.Ratios, ratio{c.name, entrants[e].name,
			spreadOf(pairs, func(p [2]figures) float64 { return p[0].Rate / p[1].Rate }),
			spreadOf(pairs, func(p [2]figures) float64 { return p[1].CPU / p[0].CPU }),
		})
	}
}

// spreadOf gives the spread of one figure, to two decimals; of an even number of rounds, the lower median.
func spreadOf[T any](rounds []T, figure func(T) float64) spread {
	var all []float64
	for _, r := range rounds {
		all = append(all, math.Round(figure(r)*100)/100)
	}
	slices.Sort(all)
	return spread{all[(len(all)-1)/2], all[0], all[len(all)-1]}
}

// write prints the table, then the same as one line of JSON.
func (r *report) write(out io.Writer) error {
	where := "this process on core 0, smscsim on core 1"
	if !r.Cores.Pinned {
		where = "NOT pinned: this process and smscsim share all cores, trust the ratios alone"
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(t, format, args...) } // Flush gives the error
	p("One bind, window %d, %d rounds of %gs each; %s; GOMAXPROCS=%d each.\n", r.Window, r.Rounds, r.Seconds,
		where, r.Cores.Procs)
	p("Median (least-greatest) of the rounds; CPU and allocations per submit.\n\n")
	p("contest\tclient\tsubmits/s\tCPU µs\tsmscsim CPU µs\tallocations\twindow seen\tfailed\treceipts lost\t\n")
	for _, w := range r.Rows {
		p("%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t\n", w.Contest, w.Client, w.Rate.show(0), w.CPU.show(2), w.SMSC.show(2),
			w.Allocations.show(2), w.Window, w.Failed, w.Lost)
	}
	for _, q := range r.Ratios {
		p("%s\tratio, %s\t%s\t%s\t\t\t\t\t\t\n", q.Contest, q.Client, q.Rate.show(1), q.CPU.show(1))
	}
	p("\n")
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print the table: %w", err)
	}
	if err := json.NewEncoder(out).Encode(r); err != nil {
		return fmt.Errorf("print the JSON: %w", err)
	}
	return nil
}

func (s spread) show(digits int) string {
	return fmt.Sprintf("%.*f (%.*f-%.*f)", digits, s.Median, digits, s.Min, digits, s.Max)
}
