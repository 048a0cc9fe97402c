package demo

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"harkara/cmd/internal/app"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

// BenchmarkPath measures the whole way on embedded parts: first as fast as it goes, with the CPU of each part, then the
// latency at 500 messages a second. Load, simulators, NATS and PostgreSQL share the machine. HARKARA_BENCH_SYNC sets
// nats.sync (100ms), HARKARA_BENCH_N the messages (100000), HARKARA_BENCH_PROFILE a file for the CPU profile.
func BenchmarkPath(b *testing.B) {
	sync := orElse(os.Getenv("HARKARA_BENCH_SYNC"), "100ms")
	n, err := strconv.Atoi(orElse(os.Getenv("HARKARA_BENCH_N"), "100000"))
	if err != nil {
		b.Fatal(err)
	}
	app.TuneMemory()
	w := start(b, Setting{Sync: sync, Binds: 2, Window: 500, SMSC: func(sms.SMSCID) smsctest.Config {
		return smsctest.Config{Latency: 5 * time.Millisecond, ReceiptDelay: 50 * time.Millisecond, Keep: -1}
	}})
	if _, err := w.Run(b.Context(), Load{Messages: n / 10, Seed: nextSeed()}, io.Discard); err != nil { // warm
		b.Fatal(err)
	}
	b.Run("throughput", func(b *testing.B) {
		for b.Loop() {
			var prof bytes.Buffer
			if err := pprof.StartCPUProfile(&prof); err != nil {
				b.Fatal(err)
			}
			before := postgresCPU(b, w)
			out, err := w.Run(b.Context(), Load{Messages: n, Seed: nextSeed()}, io.Discard)
			postgres := postgresCPU(b, w) - before
			pprof.StopCPUProfile()
			if err != nil {
				b.Fatal(err)
			}
			if out.Delivered != n || out.DuplicateSubmits != 0 || out.Unmatched != 0 {
				b.Fatalf("%+v", out)
			}
			b.ReportMetric(out.PerSecond, "msgs/s")
			b.ReportMetric(float64(postgres.Microseconds())/float64(n), "postgres_µs/msg")
			for part, cpu := range parts(b, prof.Bytes()) {
				b.ReportMetric(float64(cpu.Microseconds())/float64(n), part+"_µs/msg")
			}
		}
	})
	b.Run("latency at 500 a second", func(b *testing.B) {
		for b.Loop() {
			out, err := w.Run(b.Context(), Load{Messages: 5000, Rate: 500, Seed: nextSeed()}, io.Discard)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(out.Latency.ToSubmit.P50, "p50_ms")
			b.ReportMetric(out.Latency.ToSubmit.P99, "p99_ms")
			b.ReportMetric(out.Latency.ToSubmit.Max, "max_ms")
			b.ReportMetric(out.Latency.ToDelivered.P99-55, "status_p99_ms") // less the simulator's own 55 ms
		}
	})
}

var seeds uint64

// nextSeed gives every run ids and numbers of its own.
func nextSeed() uint64 {
	seeds++
	return seeds
}

// parts splits a CPU profile by who did the work: the label that World gave its goroutines, with the embedded NATS
// server's told by their stacks. What no label reaches is Go's runtime (garbage collection, scheduling).
func parts(b *testing.B, raw []byte) map[string]time.Duration {
	b.Helper()
	if file := os.Getenv("HARKARA_BENCH_PROFILE"); file != "" {
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	p, err := profile.ParseData(raw)
	if err != nil {
		b.Fatal(err)
	}
	split := map[string]time.Duration{}
	for _, s := range p.Sample {
		split[partOf(s)] += time.Duration(s.Value[1])
	}
	return split
}

func partOf(s *profile.Sample) string {
	for _, l := range s.Location {
		for _, line := range l.Line {
			if strings.HasPrefix(line.Function.Name, "github.com/nats-io/nats-server/") {
				return "nats"
			}
		}
	}
	if part := s.Label[partLabel]; len(part) > 0 {
		return part[0]
	}
	return "runtime"
}

// postgresCPU is what the private cluster's processes have used so far.
func postgresCPU(b *testing.B, w *World) time.Duration {
	b.Helper()
	pidFile, err := os.ReadFile(filepath.Join(w.Config.Data, "postgres", "postmaster.pid"))
	if err != nil {
		b.Fatal(err)
	}
	postmaster, _, _ := strings.Cut(string(pidFile), "\n")
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	ticks := 0
	for _, file := range stats {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		pid, _, _ := strings.Cut(string(raw), " ")
		fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
		switch { // proc(5): after the name, ppid is field 2, utime stime cutime cstime are 12-15, from 1
		case pid == postmaster:
			ticks += sum(fields[11:15])
		case fields[1] == postmaster:
			ticks += sum(fields[11:13])
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

func sum(numbers []string) (n int) {
	for _, s := range numbers {
		i, _ := strconv.Atoi(s)
		n += i
	}
	return n
}
