package storage

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// BenchmarkProjection takes messages of three events (planned, submitted, delivered receipt) from a full ledger into
// PostgreSQL and SMS_STATUS. It prints messages a second and the CPU time that one costs in the projector, in the
// embedded NATS server and in PostgreSQL. HARKARA_BENCH_PROFILE names a file for the CPU profile of the last case.
func BenchmarkProjection(b *testing.B) {
	for _, always := range []bool{false, true} {
		interval := 100 * time.Millisecond
		if always {
			interval = 0
		}
		// apart is how many messages lie between a message's submission and its receipt. In the last case memory holds
		// fewer, so that every message is looked up.
		for _, c := range []struct{ apart, remember int }{{0, 0}, {20_000, 0}, {20_000, 5_000}} {
			b.Run(fmt.Sprintf("always=%v/apart=%d/remember=%d", always, c.apart, c.remember), func(b *testing.B) {
				const messages = 60_000
				w := newBench(b, interval)
				fillLedger(b, w, messages, c.apart)
				cfg := w.config()
				cfg.SyncAlways, cfg.MaxAge, cfg.Remember = always, 0, c.remember
				var prof bytes.Buffer
				if err := pprof.StartCPUProfile(&prof); err != nil {
					b.Fatal(err)
				}
				server := serverCPU(b)
				b.ResetTimer()
				pprof.Do(b.Context(), pprof.Labels(partLabel, "projector"), func(context.Context) { w.project(b, cfg) })
				b.StopTimer()
				server = serverCPU(b) - server
				pprof.StopCPUProfile()
				b.ReportMetric(messages/b.Elapsed().Seconds(), "messages/s")
				b.ReportMetric(float64(server.Microseconds())/messages, "postgres-µs")
				for part, cpu := range ownCPU(b, prof.Bytes()) {
					b.ReportMetric(float64(cpu.Microseconds())/messages, part+"-µs")
				}
				b.ReportMetric(0, "ns/op")
				if got := query(b, w.db, `SELECT count(*) FROM harkara.v_message WHERE state = 'delivered'`); got[0] != strconv.Itoa(messages) {
					b.Fatalf("%s delivered, want %d", got[0], messages)
				}
			})
		}
	}
}

// fillLedger appends the events of messages in frames of about 300, as a busy gateway does.
func fillLedger(b *testing.B, w *bench, messages, apart int) {
	b.Helper()
	var late []ledger.Event
	var frame []ledger.Event
	add := func(e ledger.Event) {
		if frame = append(frame, e); len(frame) == 300 {
			w.append(b, frame...)
			frame = nil
		}
	}
	for n := range messages {
		h := newHistory(n).planned(1, "sim-a", 1, 1).submitted(1, "sim-a", 1).receipt(1, "sim-a", 1, sms.Delivered)
		add(h.events[0])
		add(h.events[1])
		if late = append(late, h.events[2]); len(late) > apart {
			add(late[0])
			late = late[1:]
		}
	}
	for _, e := range late {
		add(e)
	}
	w.append(b, frame...)
}

const partLabel = "part"

// ownCPU splits a CPU profile of the test process: the embedded NATS server's work is told by its stacks, the
// projector's by its label and by the client's stacks; the rest is Go's runtime (garbage collection, scheduling).
func ownCPU(b *testing.B, raw []byte) map[string]time.Duration {
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
		part := "runtime"
		switch {
		case calledBy(s, "github.com/nats-io/nats-server/"):
			part = "nats"
		case len(s.Label[partLabel]) > 0 || calledBy(s, "github.com/nats-io/nats.go"):
			part = "projector"
		}
		split[part] += time.Duration(s.Value[1])
	}
	return split
}

func calledBy(s *profile.Sample, prefix string) bool {
	for _, l := range s.Location {
		for _, line := range l.Line {
			if strings.HasPrefix(line.Function.Name, prefix) {
				return true
			}
		}
	}
	return false
}

// serverCPU sums the CPU time of the cluster's processes, those that have ended included (proc(5), stat).
func serverCPU(b *testing.B) (total time.Duration) {
	b.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range entries {
		if dir, err := os.Readlink("/proc/" + e.Name() + "/cwd"); err != nil || dir != cluster.dir+"/postgres" {
			continue
		}
		raw, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it has just ended
		}
		fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+2:]))
		for _, at := range []int{11, 12, 13, 14} {
			ticks, err := strconv.Atoi(fields[at])
			if err != nil {
				b.Fatal(err)
			}
			total += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return total
}
