package smsctest

import (
	"fmt"
	"testing"
	"time"

	"harkara/smpp/pdu"
)

// inquiry is a query_sm or cancel_sm for the message that text makes.
func (c *esme) inquire(id pdu.CommandID, seq uint32, q pdu.Inquiry) {
	c.t.Helper()
	octets, err := pdu.AppendInquiry(nil, id, seq, &q)
	if err != nil {
		c.t.Fatal(err)
	}
	c.send(octets)
}

// state asks for a message of ACMEBK and shows the answer: message_state, final date, error code; or the status.
func (c *esme) state(seq uint32, id string) string {
	c.t.Helper()
	c.inquire(pdu.QuerySM, seq, pdu.Inquiry{MessageID: id, SourceTON: 5, Source: "ACMEBK"})
	a := c.want(pdu.QuerySMResp, seq)
	if a.Status != pdu.ESME_ROK {
		if a.Length != pdu.HeaderLength {
			c.t.Errorf("query_sm_resp %s is %d octets long, it refuses", a.Status, a.Length)
		}
		return a.Status.String()
	}
	answer, err := pdu.ParseQueryResp(a.frame)
	if err != nil || answer.MessageID != id {
		c.t.Fatalf("answer %+v, error %v", answer, err)
	}
	return fmt.Sprintf("%d %q %d", answer.State, answer.FinalDate, answer.ErrorCode)
}

// cancel asks for a message of ACMEBK to be cancelled.
func (c *esme) cancel(seq uint32, id, dest string) pdu.Status {
	c.t.Helper()
	c.inquire(pdu.CancelSM, seq, pdu.Inquiry{MessageID: id, Source: "ACMEBK", Dest: dest})
	a := c.want(pdu.CancelSMResp, seq)
	if a.Length != pdu.HeaderLength {
		c.t.Errorf("cancel_sm_resp is %d octets long", a.Length)
	}
	return a.Status
}

// TestQuery asks just before and just after the receipt is due, in every form of ids.
func TestQuery(t *testing.T) {
	fail := func(c Config) Config { c.Undelivered = 1; return c }
	for name, tt := range map[string]struct {
		cfg  Config
		want string
	}{
		"delivered":         {Config{}, `2 "000101000001000+" 0`},
		"undelivered":       {fail(Config{}), `5 "000101000001000+" 21`},
		"hexadecimal ids":   {with(HexID, Config{}), `2 "000101000001000+" 0`},
		"padded ids":        {Config{Dialect: PaddedID}, `2 "000101000001000+" 0`},
		"no receipt":        {with(NoReceipt, fail(Config{})), `5 "000101000001000+" 21`},
		"receipts are off":  {Config{NoReceipts: true}, `2 "000101000001000+" 0`},
		"receipts by words": {Config{Dialect: Worded}, `2 "000101000001000+" 0`},
	} {
		t.Run(name, func(t *testing.T) {
			tt.cfg.Latency, tt.cfg.ReceiptDelay = 200*time.Millisecond, 800*time.Millisecond
			bubble(t, tt.cfg, func(t *testing.T, s *SMSC) {
				c := bound(t, s, pdu.BindTransmitter)
				c.submit(2, text("919800000001", "made up"))
				id, _ := c.accepted(2)
				elapse(799 * time.Millisecond)
				if got := c.state(3, id); got != `1 "" 0` {
					t.Errorf("before the receipt is due: %s", got)
				}
				elapse(time.Millisecond)
				for seq, at := range []time.Duration{time.Second, time.Hour} {
					elapse(at - s.now())
					if got := c.state(uint32(4+seq), id); got != tt.want {
						t.Errorf("after %s: %s, want %s", at, got, tt.want)
					}
				}
				if got := s.Counters(); got.Queries != 3 || got.QueriesFailed != 0 {
					t.Errorf("%d queries, %d failed", got.Queries, got.QueriesFailed)
				}
			})
		})
	}
}

// TestQueryFails asks for messages that the SMSC does not have.
func TestQueryFails(t *testing.T) {
	bubble(t, Config{Keep: 2}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransmitter)
		var ids []string
		for seq := uint32(2); seq < 5; seq++ {
			c.submit(seq, text("919800000001", fmt.Sprint("made up ", seq)))
			id, _ := c.accepted(seq)
			ids = append(ids, id)
		}
		for i, want := range []string{"ESME_RQUERYFAIL", `2 "000101000000000+" 0`, `2 "000101000000000+" 0`} {
			if got := c.state(uint32(10+i), ids[i]); got != want {
				t.Errorf("message %d of 3, 2 are kept: %s, want %s", i+1, got, want)
			}
		}
		for i, id := range []string{"x", "1", "3", "-1", "0", "18446744073709551615", "99999999999999999999", ids[1] + "0"} {
			if got := c.state(uint32(20+i), id); got != "ESME_RQUERYFAIL" {
				t.Errorf("id %q: %s", id, got)
			}
		}
		c.inquire(pdu.QuerySM, 30, pdu.Inquiry{MessageID: ids[2], Source: "OTHER"})
		if got := c.want(pdu.QuerySMResp, 30); got.Status != pdu.ESME_RQUERYFAIL {
			t.Errorf("another source: %s", got.Status)
		}
		c.header(pdu.QuerySM, 0, 31)
		if got := c.want(pdu.QuerySMResp, 31); got.Status != pdu.ESME_RINVCMDLEN {
			t.Errorf("no body: %s", got.Status)
		}
		rx := bound(t, s, pdu.BindReceiver)
		for len(rx.frames) > 0 {
			rx.next() // receipts
		}
		if got := rx.state(32, ids[2]); got != "ESME_RINVBNDSTS" {
			t.Errorf("on a receiver: %s", got)
		}
		if got := s.Counters(); got.Queries != 14 || got.QueriesFailed != 12 || got.Malformed != 1 {
			t.Errorf("counters %s", toJSON(t, got))
		}
	})
}

// TestCancel cancels one message of two in time, and tries what can't be cancelled.
func TestCancel(t *testing.T) {
	const to = "919800000001"
	bubble(t, Config{ReceiptDelay: time.Minute}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.submit(2, text(to, "one"))
		one, _ := c.accepted(2)
		c.submit(3, text(to, "two"))
		two, _ := c.accepted(3)
		elapse(30 * time.Second)
		steps := []struct {
			name, id, dest string
			want           pdu.Status
		}{
			{"another destination", one, "919800000002", pdu.ESME_RCANCELFAIL},
			{"in time", one, to, pdu.ESME_ROK},
			{"a second time", one, to, pdu.ESME_RCANCELFAIL},
			{"an unknown id", "7", to, pdu.ESME_RCANCELFAIL},
		}
		for i, step := range steps {
			if got := c.cancel(uint32(10+i), step.id, step.dest); got != step.want {
				t.Errorf("%s: %s, want %s", step.name, got, step.want)
			}
		}
		if got := c.state(20, one); got != `4 "000101000030000+" 0` {
			t.Errorf("state of what is cancelled: %s", got)
		}
		for _, want := range []string{one + " DELETED 1m0s", two + " DELIVRD 1m0s"} {
			r := c.told(pdu.DeliverSM)
			if got := fmt.Sprint(r.receipt.ID, " ", r.receipt.Stat, " ", r.at); got != want {
				t.Errorf("receipt %s, want %s", got, want)
			}
			c.acks(r, pdu.ESME_ROK)
		}
		if got := c.cancel(30, two, to); got != pdu.ESME_RCANCELFAIL {
			t.Errorf("too late: %s", got)
		}
		c.header(pdu.CancelSM, 0, 31)
		if got := c.want(pdu.CancelSMResp, 31); got.Status != pdu.ESME_RINVCMDLEN {
			t.Errorf("no body: %s", got.Status)
		}
		counters(t, s, Counters{Connections: 1, Binds: 1, Bound: 1, Submits: 2, Accepted: 2, Texts: 2, MaxWindow: 1,
			MaxPerSecond: 2, Receipts: 2, ReceiptsSent: 2, ReceiptsAcked: 2, Queries: 1, Cancels: 6, Cancelled: 1,
			Malformed: 1})
		if got := s.Books().Messages[0].Segments[0].Stats[0]; got != "DELETED" {
			t.Errorf("the books say %s", got)
		}
	})
}

// TestCancelAfterAnEarlyReceipt: the receipt has settled the message before its time.
func TestCancelAfterAnEarlyReceipt(t *testing.T) {
	cfg := with(ReceiptBeforeAnswer, Config{Latency: time.Second, ReceiptDelay: time.Hour})
	bubble(t, cfg, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.submit(2, text("919800000001", "made up"))
		c.told(pdu.DeliverSM)
		id, _ := c.accepted(2)
		if got := c.state(3, id); got != `2 "000101000001000+" 0` {
			t.Errorf("state %s", got)
		}
		if got := c.cancel(4, id, "919800000001"); got != pdu.ESME_RCANCELFAIL {
			t.Errorf("cancelled: %s", got)
		}
	})
}
