package bind

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

var inquiry = pdu.Inquiry{MessageID: "id-1-1", Source: "ACMEBK", Dest: "919800000001"}

// query asks in the background; the channel gives what came of it as text.
func (f *fixture) query(ctx context.Context) <-chan string {
	outcome := make(chan string, 1)
	go func() {
		answer, err := f.pool.Query(ctx, inquiry)
		outcome <- fmt.Sprint(answer, " ", err, " at ", time.Since(f.smsc.began))
	}()
	synctest.Wait()
	return outcome
}

// cancelMessage asks in the background; the channel gives what came of it as text.
func (f *fixture) cancelMessage() <-chan string {
	outcome := make(chan string, 1)
	go func() {
		status, err := f.pool.Cancel(context.Background(), inquiry)
		outcome <- fmt.Sprint(status, " ", err, " at ", time.Since(f.smsc.began))
	}()
	synctest.Wait()
	return outcome
}

const unanswered = "{  0 0} "

// TestQuestionsGoBehindSubmits offers one of everything while the pace lets nothing go.
func TestQuestionsGoBehindSubmits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, cfg := newSMSC(), config()
		cfg.TPS = 2
		f := start(t, cfg, s, &handler{})
		f.submit(submission(sms.OTP, 1))
		query, cancel := f.query(t.Context()), f.cancelMessage()
		f.submit(submission(sms.Bulk, 2))
		f.submit(submission(sms.Txn, 1))
		f.submit(submission(sms.OTP, 1))
		after(10 * time.Second)
		f.want("wire", s.lines("submit_sm", "query_sm", "cancel_sm"), "0s submit_sm 2, 500.500501ms submit_sm 3, "+
			"1.001001002s submit_sm 4, 1.501501503s cancel_sm 5, 2.002002004s submit_sm 6, 2.502502505s submit_sm 7, "+
			"3.003003006s query_sm 8")
		f.want("query", <-query, "{id-1-1  2 0} <nil> at 3.003003006s")
		f.want("cancel", <-cancel, "ESME_ROK <nil> at 1.501501503s")
		if got := f.pool.Snapshot()[0].Counters; got != (Counters{Submits: 5, Accepted: 5, Connects: 1}) {
			t.Errorf("counters %+v: questions are no submits", got)
		}
		f.stop()
	})
}

// TestQuestionsLeaveTheWindowToSubmits lets the SMSC answer no question: no more than an eighth of the window is lost.
func TestQuestionsLeaveTheWindowToSubmits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, cfg := newSMSC(), config()
		cfg.Window = 16
		s.script = silentOn(pdu.QuerySM)
		f := start(t, cfg, s, &handler{})
		var all []<-chan string
		for range 2 + asksMax {
			all = append(all, f.query(t.Context()))
		}
		f.want("one too many", <-f.query(t.Context()), unanswered+ErrAsksFull.Error()+" at 0s")
		f.want("asked", s.lines("query_sm"), "0s query_sm 2, 0s query_sm 3")
		f.want("outcome", <-f.submit(submission(sms.Bulk, 1)), "1 accepted id-1-1 at 0s")
		after(10 * time.Second)
		f.want("the first", <-all[0], unanswered+ErrNoAnswer.Error()+" at 10s")
		s.conn(1).Close()
		synctest.Wait()
		f.want("on the wire", <-all[2], unanswered+ErrNoAnswer.Error()+" at 10s")
		f.want("in the lane", <-all[len(all)-1], unanswered+ErrNotLive.Error()+" at 10s")
		f.want("without a bind", <-f.query(t.Context()), unanswered+ErrNotLive.Error()+" at 10s")
		f.stop()
	})
}

func TestQuestionsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = func(c *conn, f pdu.Frame) bool {
			switch h := f.Header(); h.ID {
			case pdu.CancelSM:
				c.answer(f, pdu.ESME_RCANCELFAIL)
			case pdu.QuerySM:
				c.send(pdu.AppendHeader(nil, pdu.GenericNack, pdu.ESME_RINVCMDID, h.Seq))
			default:
				return false
			}
			return true
		}
		f := start(t, config(), s, &handler{})
		f.want("cancel", <-f.cancelMessage(), "ESME_RCANCELFAIL the SMSC refused the cancel_sm with ESME_RCANCELFAIL at 0s")
		_, err := f.pool.Query(t.Context(), inquiry)
		var refused *StatusError
		if !errors.As(err, &refused) || refused.Status != pdu.ESME_RINVCMDID {
			t.Errorf("the query gives %v", err)
		}
		ended, end := context.WithCancel(t.Context())
		s.follow(silentOn(pdu.QuerySM))
		outcome := f.query(ended)
		end()
		f.want("ended", <-outcome, unanswered+"context canceled at 0s")
		if _, err := f.pool.Query(t.Context(), pdu.Inquiry{}); err == nil {
			t.Error("a query without a message id was sent")
		}
		f.stop()
	})
}

// TestQuestionsArePaused says that in a pause no question goes, and none is taken for the probe.
func TestQuestionsArePaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		s.script = fullAfter(1, func() bool { return false })
		f := start(t, config(), s, &handler{})
		f.submit(submission(sms.OTP, 1))
		synctest.Wait()
		for range 2 {
			f.want("query", <-f.query(t.Context()), fmt.Sprintf("%s%v at %v", unanswered, ErrPaused, time.Since(s.began)))
			after(2 * time.Second)
		}
		f.want("asked", s.lines("query_sm"), "")
		f.stop()
	})
}

// TestAnswerToAQuestionOpensTheGate lets a query be the one PDU that the pace gives after two cuts in a row.
func TestAnswerToAQuestionOpensTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, cfg := newSMSC(), config()
		cfg.TPS = 4
		refusals := 2
		s.script = func(c *conn, f pdu.Frame) bool {
			if f.Header().ID != pdu.SubmitSM || refusals == 0 {
				return false
			}
			refusals--
			c.answer(f, pdu.ESME_RTHROTTLED)
			return true
		}
		f := start(t, cfg, s, &handler{})
		for range 2 {
			after(500 * time.Millisecond)
			f.submit(submission(sms.OTP, 1))
		}
		after(time.Second)
		f.want("query", <-f.query(t.Context()), "{id-1-1  2 0} <nil> at 2s")
		outcome := f.submit(submission(sms.OTP, 1))
		after(2 * time.Second)
		select {
		case got := <-outcome:
			t.Log(got)
		default:
			t.Error("nothing goes any more")
		}
		f.stop()
	})
}
