package service

import (
	"encoding/json"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"harkara/cmd/internal/otp"
)

// typed is a challenge with its code, ready to be verified.
type typed struct {
	challenge otp.ChallengeID
	body      []byte
}

// prepare asks for challenges, each of a number of its own, and reads their codes.
func prepare(b *testing.B, w *world, first, n int) []typed {
	b.Helper()
	b.Cleanup(func() { debug.SetGCPercent(100) })
	debug.SetGCPercent(400) // as a gateway does
	list := make([]typed, n)
	parallel(64, n, func(i int) {
		answer, fault, err := ask[otp.RequestAnswer](w.conn, "request", map[string]any{"to": fmt.Sprintf("9%09d", first+i),
			"template": "1107161234567890123", "purpose": "login"}, 10*time.Second)
		if err != nil || fault != nil {
			b.Error(err, fault)
			return
		}
		code := w.code(b, answer.Challenge)
		body, _ := json.Marshal(map[string]any{"challenge": answer.Challenge, "code": code}) // of strings
		list[i] = typed{answer.Challenge, body}
	})
	if b.Failed() {
		b.FailNow()
	}
	return list
}

// parallel does n things by so many workers.
func parallel(workers, n int, do func(int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}

var okAnswer = []byte(`{"result":"ok"`)

func (w *world) verify(b *testing.B, t typed) {
	reply, err := w.conn.Request("sms.acme.otp.verify", t.body, 10*time.Second)
	if err != nil || !slices.Equal(reply.Data[:min(len(reply.Data), len(okAnswer))], okAnswer) {
		b.Errorf("%v, %v", reply, err)
	}
}

// BenchmarkVerify is right codes over NATS, each of a challenge of its own, by 256 callers on one connection: the callers,
// the NATS server, the service and the ledger share the machine. State is in memory.
func BenchmarkVerify(b *testing.B) {
	w := newWorld(b)
	w.serve(b, nil)
	list := prepare(b, w, 0, b.N)
	before := processorTime(b)
	b.ResetTimer()
	parallel(256, b.N, func(i int) { w.verify(b, list[i]) })
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verifies/s")
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "cpu-us/verify")
}

// processorTime is what this process has used so far: callers, server and service together.
func processorTime(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkVerifyLatency is right codes at 1,000 a second, whether or not earlier ones were answered.
func BenchmarkVerifyLatency(b *testing.B) {
	const perSecond = 1000
	w := newWorld(b)
	w.serve(b, nil)
	list := prepare(b, w, 0, b.N)
	took := make([]time.Duration, b.N)
	limit := rate.NewLimiter(perSecond, 1)
	var wg sync.WaitGroup
	b.ResetTimer()
	for i := range b.N {
		_ = limit.Wait(b.Context())
		began := time.Now()
		wg.Go(func() {
			w.verify(b, list[i])
			took[i] = time.Since(began)
		})
	}
	wg.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[b.N/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[b.N*99/100].Microseconds())/1000, "p99-ms")
}
