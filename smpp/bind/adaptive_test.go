package bind

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/session"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

// TestGoodputUnderAChangingLimit runs a pool that always has more to send against the simulator, whose limit changes
// while it runs: by the simulator's books at least 90 % of each limit goes through, and less than 2 % are refused.
func TestGoodputUnderAChangingLimit(t *testing.T) {
	const phase = 30 * time.Second
	for _, latency := range []time.Duration{5 * time.Millisecond, 200 * time.Millisecond} {
		t.Run(latency.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limits := []int{300, 90, 210, 300}
				simulator := smsctest.New(smsctest.Config{
					SystemID: "made-up", Password: password, Latency: latency, TPS: limits[0], Keep: -1,
				})
				cfg := config()
				cfg.Binds, cfg.Window, cfg.TPS, cfg.Lane = 3, 50, 300, 300
				pool := NewPool(cfg, Deps{
					Handler: &handler{}, Rand: func() float64 { return 0.5 },
					Dial: func(context.Context, string, string) (net.Conn, error) {
						near, far := net.Pipe()
						go simulator.ServeConn(far)
						return near, nil
					},
				})
				ctx, cancel := context.WithCancel(context.Background())
				ended := make(chan error)
				go func() { ended <- pool.Run(ctx) }()
				synctest.Wait()
				var callers sync.WaitGroup
				for n := range 300 {
					callers.Go(func() {
						sub := submission(sms.Txn, 1)
						for i := 0; ctx.Err() == nil; i++ {
							sub.SMs[0].ShortMessage = fmt.Appendf(sub.SMs[0].ShortMessage[:0], "made up %d %d", n, i)
							sub.Deadline = time.Now().Add(time.Minute)
							pool.Submit(ctx, sub)
						}
					})
				}
				before := simulator.Counters()
				for _, limit := range limits {
					simulator.Change(func(c *smsctest.Config) { c.TPS = limit })
					<-time.After(phase)
					books := simulator.Counters()
					goodput := float64(books.Accepted-before.Accepted) / phase.Seconds() / float64(limit)
					t.Logf("limit %d: goodput %.1f %%, %d refused", limit, 100*goodput, books.Throttled-before.Throttled)
					if goodput < 0.9 {
						t.Errorf("limit %d: goodput %.1f %%, want 90", limit, 100*goodput)
					}
					before = books
				}
				cancel()
				callers.Wait()
				<-ended
				var counters Counters
				for _, status := range pool.Snapshot() {
					counters.Throttled += status.Counters.Throttled
				}
				if counters.Throttled != before.Throttled {
					t.Errorf("%d count as throttled, the SMSC throttled %d", counters.Throttled, before.Throttled)
				}
				if share := float64(before.Throttled) / float64(before.Submits); share >= 0.02 {
					t.Errorf("%.2f %% were refused, want less than 2", 100*share)
				}
				if err := simulator.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// fullAfter is a script by which the SMSC's queue is full from the nth submit_sm on, but for those that free says.
func fullAfter(n int, free func() bool) func(*conn, pdu.Frame) bool {
	seen := 0
	return func(c *conn, f pdu.Frame) bool {
		if f.Header().ID != pdu.SubmitSM {
			return false
		}
		if seen++; seen >= n && !free() {
			c.answer(f, pdu.ESME_RMSGQFUL)
			return true
		}
		return false
	}
}

func TestQueueFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		free := false
		s.script = fullAfter(2, func() bool { return free })
		cfg := config()
		cfg.Window, cfg.TPS = 1, 2
		f := start(t, cfg, s, &handler{})
		f.want("the first", <-f.submit(submission(sms.OTP, 1)), "1 accepted id-1-1 at 0s")
		waiting := []<-chan string{
			f.submit(submission(sms.Bulk, 1)), f.submit(submission(sms.Txn, 2)), f.submit(submission(sms.Bulk, 1)),
		}
		after(600 * time.Millisecond)
		// The first is in the bind's hands when the pace lets it go; it is refused, and the others are handed back.
		f.want("the second", <-waiting[0], "1 unsent at 500.500501ms, the SMSC's queue is full")
		f.want("the third", <-waiting[1], "1 queue_full ESME_RMSGQFUL at 500.500501ms, 2 unsent at 500.500501ms")
		f.want("the fourth", <-waiting[2], "1 unsent at 500.500501ms, the SMSC's queue is full")
		status := f.pool.Snapshot()[0]
		if !f.pool.Live() || !status.Paused || status.TPS != 2 || status.Rate != 2 || status.Counters.QueueFull != 1 {
			t.Errorf("live %v, status %+v", f.pool.Live(), status)
		}
		f.want("in the pause", <-f.submit(submission(sms.OTP, 1)), "1 unsent at 600ms, the SMSC's queue is full")
		if room := f.pool.Room(sms.OTP); room != 0 {
			t.Errorf("room for %d in the pause, want 0", room)
		}

		// 375 ms after the refusal a probe may go; it is refused, and the next pause is twice as long.
		after(500 * time.Millisecond)
		if room := f.pool.Room(sms.OTP); room != 1 {
			t.Errorf("room for %d probes, want 1", room)
		}
		f.want("the probe", <-f.submit(submission(sms.OTP, 1)), "1 queue_full ESME_RMSGQFUL at 1.1s")
		free = true
		after(400 * time.Millisecond)
		f.want("after it", <-f.submit(submission(sms.OTP, 1)), "1 unsent at 1.5s, the SMSC's queue is full")

		// The second probe is accepted, and everything goes on at the old pace.
		after(400 * time.Millisecond)
		probe, second := f.submit(submission(sms.OTP, 2)), f.submit(submission(sms.OTP, 1))
		f.want("the second probe", <-probe, "1 accepted id-1-4 at 1.9s, 2 accepted id-1-5 at 2.400500501s")
		f.want("behind it", <-second, "1 accepted id-1-6 at 2.901001002s")
		f.stop()
	})
}

// TestQueueFullMakesNoHotLoop counts what a message without another SMSC does that is submitted again and again.
func TestQueueFullMakesNoHotLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = fullAfter(1, func() bool { return time.Since(s.began) > time.Minute })
		f := start(t, config(), s, &handler{})
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				for f.pool.Submit(t.Context(), submission(sms.OTP, 1)).Answers[0].Verdict != session.Accepted {
					for f.pool.Room(sms.OTP) == 0 { // as dispatch waits
						<-time.After(20 * time.Millisecond)
					}
				}
			})
		}
		all.Wait()
		// Window and lane full at first (4 and 8), then one probe after each of the pauses 1.5, 3, 6, 12, 24 and 45 s.
		if status := f.pool.Snapshot()[0]; status.Counters.QueueFull > 4+6 || status.Counters.Accepted != 100 {
			t.Errorf("counters %+v", status.Counters)
		}
		if took := time.Since(s.began); took > 2*time.Minute {
			t.Errorf("the last was accepted after %v", took)
		}
		f.stop()
	})
}

// TestBindsShareThePace: the account's TPS is nobody's alone.
func TestBindsShareThePace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, cfg := newSMSC(), config()
		cfg.Binds, cfg.TPS, cfg.Lane = 3, 100, 400
		f := start(t, cfg, s, &handler{})
		var all []<-chan string
		for range 300 {
			all = append(all, f.submit(submission(sms.OTP, 1)))
		}
		for _, one := range all {
			<-one
		}
		for _, b := range f.pool.Snapshot() {
			if n := b.Counters.Accepted; n < 60 || n > 140 {
				t.Errorf("bind %d took %d of 300", b.Bind, n)
			}
		}
		f.stop()
	})
}
