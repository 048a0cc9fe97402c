package demo

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"harkara/cmd/internal/app"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

// BenchmarkOTP measures from a request for a code over NATS to its submit_sm at an SMSC, at 500 a second, on embedded
// parts that share the machine with callers and simulators. HARKARA_BENCH_SYNC sets nats.sync (100ms).
func BenchmarkOTP(b *testing.B) {
	const n, perSecond = 5000, 500
	app.TuneMemory()
	w := start(b, Setting{Sync: orElse(os.Getenv("HARKARA_BENCH_SYNC"), "100ms"), SMSC: func(sms.SMSCID) smsctest.Config {
		return smsctest.Config{Latency: 5 * time.Millisecond, ReceiptDelay: 50 * time.Millisecond, Keep: -1}
	}})
	acme, err := w.tenant("acme")
	if err != nil {
		b.Fatal(err)
	}
	defer acme.conn.Close()
	next := 91_9000000000 // made-up numbers, one for each request
	request := func(number string) (time.Duration, error) {
		body, err := json.Marshal(map[string]any{"to": "+" + number, "template": "1107161234567890123", "purpose": "login"})
		if err != nil {
			return 0, err
		}
		began := time.Now()
		w.arrivals.published(number, began)
		answer, err := acme.conn.Request("sms.acme.otp.request", body, 10*time.Second)
		var got struct{ Challenge string }
		if err == nil {
			err = json.Unmarshal(answer.Data, &got)
		}
		if err == nil && got.Challenge == "" {
			err = fmt.Errorf("%s", answer.Data)
		}
		return time.Since(began), err
	}
	run := func(n int) (answers, submits Latency) {
		w.arrivals.take()
		took := make([]time.Duration, n)
		limit := rate.NewLimiter(perSecond, 1)
		var asking sync.WaitGroup
		for i := range n {
			_ = limit.Wait(b.Context())
			next++
			number := fmt.Sprint(next)
			asking.Go(func() {
				var err error
				if took[i], err = request(number); err != nil {
					b.Error(err)
				}
			})
		}
		asking.Wait()
		var waits []time.Duration
		deadline := time.Now().Add(20 * time.Second)
		for len(waits) < n && time.Now().Before(deadline) {
			waits = append(waits, w.arrivals.take()...)
			<-time.After(10 * time.Millisecond)
		}
		if len(waits) != n {
			b.Fatalf("%d of %d codes came to an SMSC", len(waits), n)
		}
		return latencyOf(took), latencyOf(waits)
	}
	run(n / 10) // warm
	for b.Loop() {
		answers, submits := run(n)
		b.ReportMetric(answers.P50, "answer_p50_ms")
		b.ReportMetric(answers.P99, "answer_p99_ms")
		b.ReportMetric(submits.P50, "submit_p50_ms")
		b.ReportMetric(submits.P99, "submit_p99_ms")
		b.ReportMetric(submits.Max, "submit_max_ms")
	}
}
