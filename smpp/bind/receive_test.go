package bind

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

func TestReceiptNumberedLikeASubmitInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := newSMSC(), &handler{}
		s.script = func(c *conn, f pdu.Frame) bool {
			if f.Header().ID == pdu.SubmitSM {
				c.deliver(pdu.DeliverSM, f.Header().Seq)
				c.deliver(pdu.DataSM, f.Header().Seq)
			}
			return false
		}
		f := start(t, config(), s, h)
		f.want("outcome", <-f.submit(submission(sms.OTP, 1)), "1 accepted id-1-1 at 0s")
		synctest.Wait()
		f.want("handed on", h.received(), "deliver_sm 2, data_sm 2")
		f.want("answers", s.lines("deliver_sm_resp", "data_sm_resp"), "0s deliver_sm_resp 2, 0s data_sm_resp 2")
		f.stop()
	})
}

func TestReceiptsAreAnsweredOnceAndBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var answers []Reply
		s, statuses := newSMSC(), []string(nil)
		s.script = func(_ *conn, f pdu.Frame) bool {
			if h := f.Header(); h.ID == pdu.DeliverSMResp {
				statuses = append(statuses, fmt.Sprintf("%d %s", h.Seq, h.Status))
			}
			return false
		}
		h := &handler{take: func(_ pdu.Frame, r Reply) { answers = append(answers, r) }}
		f := start(t, config(), s, h)
		for seq := uint32(10); seq < 13; seq++ {
			s.conn(1).deliver(pdu.DeliverSM, seq)
		}
		synctest.Wait()
		f.want("handed on", h.received(), "deliver_sm 10, deliver_sm 11")
		answers[1].Answer(pdu.ESME_RX_T_APPN)
		synctest.Wait()
		s.conn(1).deliver(pdu.DeliverSM, 13)
		synctest.Wait()
		f.want("answers", fmt.Sprint(statuses), "[12 ESME_RX_T_APPN 11 ESME_RX_T_APPN]")
		f.want("handed on", h.received(), "deliver_sm 10, deliver_sm 11, deliver_sm 13")
		s.conn(1).Close()
		after(time.Second)
		var late sync.WaitGroup
		for _, r := range []Reply{answers[0], answers[2]} {
			late.Go(func() { r.Answer(pdu.ESME_ROK) }) // the connection is gone: nothing happens, nobody waits
		}
		late.Wait()
		synctest.Wait()
		f.want("answers after the end", fmt.Sprint(statuses), "[12 ESME_RX_T_APPN 11 ESME_RX_T_APPN]")
		if got, want := f.pool.Snapshot()[0].Counters, (Counters{Receipts: 4, Deferred: 1, Connects: 2}); got != want {
			t.Errorf("counters %+v, want %+v", got, want)
		}
		f.stop()
	})
}

// TestSlowReceiptPath floods a bind with receipts that are not answered: the SMSC is told that we are busy, submits are
// answered as fast as ever, and the receipts held are those that the limit allows.
func TestSlowReceiptPath(t *testing.T) {
	for _, busy := range []pdu.Status{0, pdu.ESME_RMSGQFUL} {
		synctest.Test(t, func(t *testing.T) {
			const receipts, most = 1000, 50
			s, cfg := newSMSC(), config()
			cfg.ReceiptsMax, cfg.Busy = most, busy
			want := busy
			if busy == pdu.ESME_ROK {
				want = pdu.ESME_RX_T_APPN
			}
			var deferred int
			s.script = func(_ *conn, f pdu.Frame) bool {
				if h := f.Header(); h.ID == pdu.DeliverSMResp && h.Status == want {
					deferred++
				}
				return false
			}
			var held []Reply
			f := start(t, cfg, s, &handler{take: func(_ pdu.Frame, r Reply) { held = append(held, r) }})
			for seq := range uint32(receipts) {
				s.conn(1).deliver(pdu.DeliverSM, seq+1)
				if seq%100 == 0 {
					now := time.Since(s.began)
					f.want("outcome", <-f.submit(submission(sms.OTP, 1)),
						fmt.Sprintf("1 accepted id-1-%d at %v", 1+seq/100, now))
				}
			}
			synctest.Wait()
			if len(held) != most || deferred != receipts-most {
				t.Errorf("%d are held and %d were told %s, want %d and %d", len(held), deferred, want, most, receipts-most)
			}
			for _, r := range held {
				r.Answer(pdu.ESME_ROK)
			}
			after(time.Second)
			s.conn(1).deliver(pdu.DeliverSM, receipts+1)
			synctest.Wait()
			if len(held) != most+1 {
				t.Error("with all answered, the next receipt is not handed on")
			}
			held[most].Answer(pdu.ESME_ROK)
			f.stop()
		})
	}
}

func TestOddPDUsDoNotDropTheBind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		f := start(t, config(), s, &handler{})
		c := s.conn(1)
		c.send(pdu.AppendHeader(nil, 0x00010203, pdu.ESME_ROK, 7))
		c.send(pdu.AppendHeader(nil, pdu.DeliverSM, pdu.ESME_ROK, 8))
		c.send(pdu.AppendHeader(nil, pdu.SubmitSMResp, pdu.ESME_ROK, 9))
		synctest.Wait()
		f.want("outcome", <-f.submit(submission(sms.OTP, 1)), "1 accepted id-1-1 at 0s")
		f.want("wire", s.lines(), "0s bind_transceiver 1, 0s generic_nack 7, 0s deliver_sm_resp 8, 0s submit_sm 2")
		if unknown := f.pool.Snapshot()[0].Counters.Unknown; unknown != 3 {
			t.Errorf("%d odd PDUs are counted, want 3", unknown)
		}
		f.stop()
	})
}

func TestTransmitterReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := newSMSC(), &handler{}
		var as sync.Map // connection → how it was bound
		var wrong atomic.Int64
		s.script = func(c *conn, f pdu.Frame) bool {
			switch id := f.Header().ID; id {
			case pdu.BindTransmitter, pdu.BindReceiver:
				as.Store(c.n, id)
			case pdu.SubmitSM:
				if bound, _ := as.Load(c.n); bound != pdu.BindTransmitter {
					wrong.Add(1)
				}
			}
			return false
		}
		cfg := config()
		cfg.Mode, cfg.Binds = TransmitterReceiver, 2
		f := start(t, cfg, s, h)
		var states []string
		for _, status := range f.pool.Snapshot() {
			states = append(states, fmt.Sprint(status.Bind, " ", status.As, " ", status.State))
		}
		f.want("states", fmt.Sprint(states), "[1 transmitter bound 2 receiver bound 3 transmitter bound 4 receiver bound]")
		for n := 1; n <= 4; n++ {
			s.conn(n).deliver(pdu.DeliverSM, 5)
		}
		synctest.Wait()
		f.want("handed on", h.received(), "deliver_sm 5, deliver_sm 5, deliver_sm 5, deliver_sm 5")
		for range 20 {
			if o := f.pool.Submit(t.Context(), submission(sms.OTP, 1)); o.Answers[0].Verdict != session.Accepted {
				t.Fatalf("outcome %v", o)
			}
		}
		if n := wrong.Load(); n != 0 {
			t.Errorf("%d submits went over a receiver", n)
		}

		// Without a transmitter the pool is not live, receivers or not.
		for n := 1; n <= 4; n++ {
			if bound, _ := as.Load(n); bound == pdu.BindTransmitter {
				s.conn(n).Close()
			}
		}
		synctest.Wait()
		if f.pool.Live() {
			t.Error("live with receivers alone")
		}
		f.stop()
	})
}

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = silentOn(pdu.SubmitSM)
		var reply Reply
		h := &handler{take: func(_ pdu.Frame, r Reply) { reply = r }}
		cfg := config()
		cfg.Window = 2
		f := start(t, cfg, s, h)
		long, lane := f.submit(submission(sms.OTP, 3)), f.submit(submission(sms.Bulk, 1))
		s.conn(1).deliver(pdu.DeliverSM, 70)
		after(time.Second)

		f.cancel()
		synctest.Wait()
		f.want("in the lane", <-lane, "1 unsent at 1s, the pool is stopping")
		f.want("a new one", <-f.submit(submission(sms.OTP, 1)), "1 unsent at 1s, the pool is stopping")
		f.want("state", f.pool.Snapshot()[0].State, "draining")
		s.conn(1).deliver(pdu.DeliverSM, 71) // is told to come again
		after(time.Second)
		s.conn(1).send(pdu.AppendResp(nil, pdu.SubmitSMResp, pdu.ESME_ROK, 3, "second"))
		after(time.Second)
		s.conn(1).send(pdu.AppendResp(nil, pdu.SubmitSMResp, pdu.ESME_ROK, 2, "first"))
		f.want("on the wire", <-long, "1 accepted first at 3s, 2 accepted second at 2s, 3 unsent at 1s")
		after(time.Second)
		reply.Answer(pdu.ESME_ROK)
		if took, err := f.stop(); took != 0 || err != nil {
			t.Errorf("with everything answered the end took %v and gave %v", took, err)
		}
		f.want("wire", s.lines(), "0s bind_transceiver 1, 0s submit_sm 2, 0s submit_sm 3, 1s deliver_sm_resp 71, "+
			"4s deliver_sm_resp 70, 4s unbind 4")
		f.want("state", f.pool.Snapshot()[0].State, "stopped")
	})
}

func TestDrainOfADeafSMSC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = silentOn(pdu.SubmitSM, pdu.Unbind)
		f := start(t, config(), s, &handler{})
		outcome := f.submit(submission(sms.OTP, 1))
		after(time.Second)
		took, err := f.stop()
		f.want("outcome", <-outcome, "1 in_doubt at 10s")
		if took != 19*time.Second || err != nil { // 9 s for the answer, 10 s for the unbind_resp
			t.Errorf("the drain took %v and gave %v, want 19s and nil", took, err)
		}
	})
}

func TestTraceAndSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = func(c *conn, f pdu.Frame) bool {
			if f.Header().ID == pdu.SubmitSM {
				<-time.After(time.Second)
			}
			return false
		}
		var links, answered []string
		cfg := config()
		pool := NewPool(cfg, Deps{
			Dial: s.dial, Handler: &handler{}, Rand: func() float64 { return 0.5 },
			Trace: Trace{
				Link: func(smsc sms.SMSCID, bind int, err error) {
					links = append(links, fmt.Sprint(smsc, bind, " ", err))
				},
				Answered: func(smsc sms.SMSCID, class sms.Class, v session.Verdict, wait time.Duration) {
					answered = append(answered, fmt.Sprint(smsc, " ", class, " ", v, " ", wait))
				},
			},
		})
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- pool.Run(ctx) }()
		synctest.Wait()
		pool.Submit(ctx, submission(sms.Txn, 1))
		want := Status{
			SMSC: "sim-a", Bind: 1, As: "transceiver", State: "bound", Since: s.began, WindowSize: 4,
			Counters: Counters{Submits: 1, Accepted: 1, Connects: 1},
			Lanes:    [3]Lane{{0, 8}, {0, 8}, {0, 8}},
		}
		synctest.Wait()
		if got := pool.Snapshot(); len(got) != 1 || got[0] != want {
			t.Errorf("snapshot\n got %+v\nwant %+v", got, want)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		f := fixture{t: t}
		f.want("links", fmt.Sprint(links), "[sim-a1 <nil> sim-a1 stopped]")
		f.want("answered", fmt.Sprint(answered), "[sim-a txn accepted 1s]")
	})
}
