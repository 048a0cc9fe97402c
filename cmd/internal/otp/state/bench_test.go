package state

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
)

// likeReal is a subject of the usual size.
func likeReal(now time.Time) otp.Subject {
	return otp.Subject{Tenant: "acme", Purpose: otp.Login, Challenges: []otp.Challenge{{ID: "abcdefghijklmnopqrstuvwxyz",
		State: otp.Live, Key: "k1", Length: 6, Alphabet: otp.Digits, Template: "1107161234567890123", Header: "ACMEBK",
		ToLast4: "0001", Sealed: make([]byte, 80), Request: make([]byte, 16), Requested: now, Expires: now.Add(5 * time.Minute),
		Sends: 1, SentAt: now, StepAt: now, SMSCs: []sms.SMSCID{"sim-a"}}}}
}

// BenchmarkChange changes subjects that this store wrote last, a different one with each call in a row: a verify.
func BenchmarkChange(b *testing.B) {
	for _, memory := range []bool{true, false} {
		for _, callers := range []int{1, 64, 256} {
			b.Run(fmt.Sprintf("memory=%v/callers=%d", memory, callers), func(b *testing.B) {
				benchmarkChange(b, memory, callers)
			})
		}
	}
}

func benchmarkChange(b *testing.B, memory bool, callers int) {
	const subjects = 10000
	store := startBroker(b).open(b, memory)
	ctx := context.Background()
	now := time.Now()
	key := func(i int) otp.SubjectKey { return otp.SubjectKey(fmt.Sprintf("%020x", i%subjects)) }
	run := func(n int, do func(*otp.Subject) (bool, time.Duration)) {
		var next atomic.Int64
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
					if err := store.Change(ctx, key(i), do); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
	}
	run(subjects, func(s *otp.Subject) (bool, time.Duration) {
		*s = likeReal(now)
		return true, 10 * time.Minute
	})
	b.ReportAllocs()
	b.ResetTimer()
	run(b.N, func(s *otp.Subject) (bool, time.Duration) {
		s.Challenges[0].Tries++
		return true, 10 * time.Minute
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
}

// BenchmarkTimers sets timers for the same ten seconds, and tells how many can be set in a second and how late they come.
func BenchmarkTimers(b *testing.B) {
	for _, memory := range []bool{true, false} {
		b.Run(fmt.Sprintf("memory=%v", memory), func(b *testing.B) { benchmarkTimers(b, memory) })
	}
}

func benchmarkTimers(b *testing.B, memory bool) {
	store := startBroker(b).open(b, memory)
	ctx, cancel := context.WithCancel(context.Background())
	begin := time.Now().Add(time.Duration(b.N)*100*time.Microsecond + time.Second) // when all are set
	at := func(i int) time.Time { return begin.Add(time.Duration(i) * 10 * time.Second / time.Duration(b.N)) }
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < b.N; i = int(next.Add(1)) - 1 {
				if err := store.SetTimer(ctx, otp.ChallengeID(fmt.Sprint(i)), at(i)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "set/s")
	late := make([]time.Duration, b.N)
	next.Store(0)
	store.Timers(ctx, 256, func(_ context.Context, id otp.ChallengeID) error {
		i, err := strconv.Atoi(string(id))
		late[i] = time.Since(at(i))
		if next.Add(1) == int64(b.N) {
			cancel()
		}
		return err
	})
	cancel()
	slices.Sort(late)
	b.ReportMetric(late[b.N/2].Seconds()*1000, "p50-late-ms")
	b.ReportMetric(late[b.N*99/100].Seconds()*1000, "p99-late-ms")
	b.ReportMetric(late[0].Seconds()*1000, "least-late-ms")
}
