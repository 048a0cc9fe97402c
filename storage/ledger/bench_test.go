package ledger_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"harkara/storage/internal/natstest"
	"harkara/storage/ledger"
)

func BenchmarkAppend(b *testing.B) {
	for _, interval := range []time.Duration{0, 100 * time.Millisecond} {
		for _, appenders := range []int{1, 256, 1000} {
			name := fmt.Sprintf("sync=%v/appenders=%d", interval, appenders)
			if interval == 0 {
				name = fmt.Sprintf("sync=always/appenders=%d", appenders)
			}
			b.Run(name, func(b *testing.B) { benchmarkAppend(b, interval, appenders) })
		}
	}
}

func benchmarkAppend(b *testing.B, interval time.Duration, appenders int) {
	l := open(b, natstest.Start(b, b.TempDir(), interval), ledger.Config{})
	e := event("sim-a")
	took := make([][]time.Duration, appenders)
	b.ResetTimer()
	var wg sync.WaitGroup
	for a := range appenders {
		n := b.N / appenders
		if a < b.N%appenders {
			n++
		}
		wg.Go(func() {
			for range n {
				began := time.Now()
				if _, err := l.Append(b.Context(), e); err != nil {
					b.Error(err)
				}
				took[a] = append(took[a], time.Since(began))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Sorted(slices.Values(slices.Concat(took...)))
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
