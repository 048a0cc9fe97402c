package bind

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

func TestDropWithFullWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = silentOn(pdu.SubmitSM)
		cfg := config()
		cfg.Window = 2
		f := start(t, cfg, s, &handler{})
		after(time.Second)
		var outcomes []<-chan string
		for range 4 {
			outcomes = append(outcomes, f.submit(submission(sms.OTP, 1)))
		}
		if room := f.pool.Room(sms.OTP); room != 6 {
			t.Errorf("room for %d in the lane, want 6", room)
		}
		s.conn(1).Close()
		synctest.Wait()
		for i, want := range []string{
			"1 in_doubt at 1s", "1 in_doubt at 1s",
			"1 unsent at 1s, no bind of the SMSC is live", "1 unsent at 1s, no bind of the SMSC is live",
		} {
			f.want("outcome", <-outcomes[i], want)
		}
		if got, want := f.pool.Snapshot()[0].Counters, (Counters{Submits: 2, Timeouts: 2, Connects: 1}); got != want {
			t.Errorf("counters %+v, want %+v", got, want)
		}
		f.stop()
	})
}

func TestAnswersAtOnceWhereThereIsNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = silentOn(pdu.SubmitSM)
		cfg := config()
		cfg.Window, cfg.Lane = 1, 1
		f := start(t, cfg, s, &handler{})
		f.submit(submission(sms.Txn, 1)) // in the window
		f.submit(submission(sms.Txn, 1)) // in the lane
		o := f.pool.Submit(context.Background(), submission(sms.Txn, 2))
		f.want("full lane", describe(s.began, o), "1 unsent at 0s, 2 unsent at 0s, the lane of the class is full")
		if !errors.Is(o.Err, ErrLaneFull) {
			t.Error("the error is not ErrLaneFull")
		}
		f.submit(submission(sms.OTP, 1)) // its own lane has room
		if got := f.pool.Snapshot()[0].Lanes; got != [3]Lane{{1, 1}, {1, 1}, {0, 1}} {
			t.Errorf("lanes %v", got)
		}
		f.want("no segments", describe(s.began, f.pool.Submit(context.Background(), &Submission{})), "")
		ended, end := context.WithCancel(context.Background())
		end()
		f.want("ended context", describe(s.began, f.pool.Submit(ended, submission(sms.Bulk, 1))), "1 unsent at 0s, context canceled")
		f.stop()
		f.want("stopped pool", describe(s.began, f.pool.Submit(context.Background(), submission(sms.Bulk, 1))),
			"1 unsent at 10s, the pool is stopping")
	})
}

func TestDeadlineAndContextInTheLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = func(_ *conn, f pdu.Frame) bool { return f.Header().ID == pdu.SubmitSM && f.Header().Seq == 2 }
		cfg := config()
		cfg.Window = 1
		f := start(t, cfg, s, &handler{})
		stuck := f.submit(submission(sms.OTP, 1))
		brief := submission(sms.OTP, 2)
		brief.Deadline = s.began.Add(3 * time.Second)
		lapsed := f.submit(brief)
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
		defer cancel()
		withdrawn := f.submitWith(ctx, submission(sms.OTP, 1))
		dead := submission(sms.OTP, 1)
		dead.Deadline = s.began
		f.want("dead on arrival", <-f.submit(dead), "1 lapsed at 0s")
		waiting := f.submit(submission(sms.OTP, 1))

		f.want("lapsed in the lane", <-lapsed, "1 lapsed at 3s, 2 lapsed at 3s")
		f.want("withdrawn from the lane", <-withdrawn, "1 unsent at 4s, context deadline exceeded")
		f.want("stuck", <-stuck, "1 in_doubt at 10s")
		// The slot of the late one comes free at 20 s. What was withdrawn is skipped.
		f.want("after it", <-waiting, "1 accepted id-1-1 at 20s")
		f.want("wire", s.lines("submit_sm"), "0s submit_sm 2, 20s submit_sm 3")
		f.stop()
	})
}

// TestNothingIsWrittenAfterItsDeadline puts an item into the lane without its submitter's timer, which mostly ends such
// an item before a bind sees it.
func TestNothingIsWrittenAfterItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = silentOn(pdu.SubmitSM)
		cfg := config()
		cfg.Window = 1
		f := start(t, cfg, s, &handler{})
		f.submit(submission(sms.OTP, 1))
		sub := submission(sms.OTP, 2)
		sub.Deadline = s.began.Add(time.Second)
		it := f.pool.item(sub)
		f.pool.lanes[sms.OTP] <- it
		after(time.Second)
		s.conn(1).send(pdu.AppendResp(nil, pdu.SubmitSMResp, pdu.ESME_ROK, 2, "x")) // makes room
		<-it.done
		f.want("outcome", describe(s.began, f.pool.recycle(it)), "1 lapsed at 1s, 2 lapsed at 1s")
		f.want("wire", s.lines("submit_sm"), "0s submit_sm 2")
		f.stop()
	})
}

// TestNothingIsWrittenWithoutItsLease: a message whose lease is lost in the lane is handed back; one that has begun goes on.
func TestNothingIsWrittenWithoutItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		cfg := config()
		cfg.TPS = 1
		f := start(t, cfg, s, &handler{})
		begun, waits := submission(sms.OTP, 2), submission(sms.OTP, 2)
		begun.Lease = sms.NewLease(s.began.Add(time.Second))
		waits.Lease = begun.Lease
		first := f.submit(begun)
		synctest.Wait()
		second := f.submit(waits)
		f.want("begun", <-first, "1 accepted id-1-1 at 0s, 2 accepted id-1-2 at 1.001001002s")
		f.want("waits", <-second, "1 unsent at 1.001001002s, 2 unsent at 1.001001002s")
		f.stop()
	})
}

// midway is a context that does something when Submit looks at it for the first time.
type midway struct {
	context.Context
	once sync.Once
	do   func()
}

func (m *midway) Err() error {
	m.once.Do(m.do)
	return nil
}

func TestLastBindGoesWhileSubmitOffers(t *testing.T) {
	pool := NewPool(config(), Deps{Handler: &handler{}})
	pool.up()
	sub := submission(sms.OTP, 1)
	o := pool.Submit(&midway{Context: t.Context(), do: pool.down}, sub)
	if !errors.Is(o.Err, ErrNotLive) || o.Answers[0].Verdict != session.Unsent {
		t.Errorf("outcome %+v, want unsent as no bind is live", o)
	}
}

func TestContextEndsAfterTheWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = silentOn(pdu.SubmitSM)
		f := start(t, config(), s, &handler{})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		f.want("outcome", <-f.submitWith(ctx, submission(sms.OTP, 1)), "1 in_doubt at 10s")
		f.stop()
	})
}

func TestDeadlineBetweenSegments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		cfg := config()
		cfg.TPS = 1
		f := start(t, cfg, s, &handler{})
		sub := submission(sms.OTP, 4)
		sub.Deadline = s.began.Add(2500 * time.Millisecond)
		f.want("outcome", <-f.submit(sub), "1 accepted id-1-1 at 0s, 2 accepted id-1-2 at 1.001001002s, "+
			"3 accepted id-1-3 at 2.002002004s, 4 lapsed at 2.5s")
		f.stop()
	})
}

func TestMoreUrgentClassesGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		var order []string
		s.script = func(c *conn, f pdu.Frame) bool {
			var m pdu.SM
			if f.Header().ID != pdu.SubmitSM {
				return false
			}
			if err := pdu.ParseSM(f, &m); err != nil {
				t.Error(err)
			}
			order = append(order, string(m.ShortMessage))
			return len(order) == 1 // the first holds the only slot until its answer
		}
		cfg := config()
		cfg.Window = 1
		f := start(t, cfg, s, &handler{})
		offer := func(class sms.Class, name string, n int) <-chan string {
			sub := submission(class, n)
			for i := range sub.SMs {
				sub.SMs[i].ShortMessage = fmt.Appendf(nil, "%s%d", name, i+1)
			}
			return f.submit(sub)
		}
		bulk := offer(sms.Bulk, "bulk", 3)
		all := []<-chan string{
			bulk, offer(sms.Bulk, "more", 1), offer(sms.Txn, "txn", 1), offer(sms.OTP, "otp", 2), offer(sms.OTP, "last", 1),
		}
		s.conn(1).send(pdu.AppendResp(nil, pdu.SubmitSMResp, pdu.ESME_ROK, 2, "x"))
		for _, outcome := range all {
			<-outcome
		}
		f.want("order", strings.Join(order, " "), "bulk1 otp1 otp2 last1 txn1 bulk2 bulk3 more1")
		f.stop()
	})
}

// TestPaceIsExact floods an SMSC of several binds: no second, wherever it begins, has more than TPS submits, and the
// average is all but a thousandth and a batch of the contract.
func TestPaceIsExact(t *testing.T) {
	for _, test := range []struct{ tps, messages int }{{1, 10}, {2, 25}, {7, 100}, {50, 500}, {100, 1000}, {1000, 4000}} {
		t.Run(fmt.Sprint(test.tps), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSMSC()
				var at []time.Duration
				s.script = func(_ *conn, f pdu.Frame) bool {
					if f.Header().ID == pdu.SubmitSM {
						s.mu.Lock()
						at = append(at, time.Since(s.began))
						s.mu.Unlock()
					}
					return false
				}
				cfg := config()
				cfg.Binds, cfg.TPS, cfg.Window, cfg.Lane = 3, test.tps, 1000, test.messages
				f := start(t, cfg, s, &handler{})
				outcomes := make(chan Outcome, test.messages)
				for range test.messages {
					go func() { outcomes <- f.pool.Submit(context.Background(), submission(sms.Bulk, 1)) }()
				}
				for range test.messages {
					if o := <-outcomes; o.Answers[0].Verdict != session.Accepted {
						t.Fatalf("outcome %v", o)
					}
				}
				slices.Sort(at)
				for i := range at {
					if j := i + test.tps; j < len(at) && at[j]-at[i] <= time.Second {
						t.Fatalf("%d submits between %v and %v", test.tps+1, at[i], at[j])
					}
				}
				burst := max(1, test.tps/50)
				least := time.Duration(float64(test.messages-burst) / (0.999 * float64(test.tps-burst+1)) * float64(time.Second))
				if got := at[len(at)-1]; got < least || got > least+least/10000+time.Millisecond {
					t.Errorf("the last of %d went at %v, want %v", test.messages, got, least)
				}
				f.stop()
			})
		})
	}
}

func TestUnencodableSegment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		f := start(t, config(), s, &handler{})
		sub := submission(sms.OTP, 3)
		sub.SMs[1].Source = "a sender of more than twenty"
		f.want("outcome", <-f.submit(sub), "1 accepted id-1-1 at 0s, 2 bad_pdu at 0s, 3 accepted id-1-2 at 0s")
		f.stop()
	})
}
