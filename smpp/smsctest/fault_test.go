package smsctest

import (
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"harkara/smpp/pdu"
)

// base is what the counters of a fault test begin with: one bind, one accepted message with its receipt sent.
func base(f Fault) Counters {
	return Counters{Connections: 1, Binds: 1, Bound: 1, Submits: 1, Accepted: 1, Texts: 1, MaxWindow: 1, MaxPerSecond: 1,
		Receipts: 1, ReceiptsSent: 1, Faults: map[string]uint64{f.String(): 1}}
}

func TestNoAnswer(t *testing.T) {
	cfg := Config{Latency: time.Second, ReceiptDelay: 2 * time.Second}
	bubble(t, with(NoAnswer, cfg), func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.submit(2, text("919800000001", "made up"))
		a, m := c.receipt()
		c.ack(a.Seq, pdu.ESME_ROK)
		if a.at != 3*time.Second {
			t.Errorf("receipt at %s, want 3s", a.at)
		}
		elapse(time.Hour)
		c.quiet()
		want := base(NoAnswer)
		want.ReceiptsAcked = 1
		counters(t, s, want)
		if got := s.Books().Messages[0].Segments[0].IDs[0]; got != receiptID(m) {
			t.Errorf("the receipt is for %q, the books have %q", receiptID(m), got)
		}
	})
}

func TestLateAnswer(t *testing.T) {
	cfg := Config{Latency: time.Second, ReceiptDelay: 2 * time.Second, LateBy: 11 * time.Second}
	bubble(t, with(LateAnswer, cfg), func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.submit(2, text("919800000001", "made up"))
		id, at := c.accepted(2)
		a, m := c.receipt()
		if at != 11*time.Second || a.at != 13*time.Second || receiptID(m) != id {
			t.Errorf("answer at %s, receipt of %s at %s; want 11s, 13s, one id %s", at, receiptID(m), a.at, id)
		}
		counters(t, s, base(LateAnswer))
	})
}

// TestDropBeforeAnswer sends three messages in one write and has the second meet the fault: the first is answered, the
// third is never read, and the receipts go by another bind.
func TestDropBeforeAnswer(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransmitter)
		c.submit(2, text("919800000001", "one"))
		c.accepted(2)
		s.Change(func(cfg *Config) { cfg.Faults[DropBeforeAnswer] = 1 })
		c.send(append(submitSM(t, 3, text("919800000001", "two")), submitSM(t, 4, text("919800000001", "three"))...))
		c.closed()
		s.Change(func(cfg *Config) { cfg.Faults[DropBeforeAnswer] = 0 })
		rx := bound(t, s, pdu.BindReceiver)
		for range 2 {
			a, _ := rx.receipt()
			rx.ack(a.Seq, pdu.ESME_ROK)
		}
		counters(t, s, Counters{Connections: 2, Binds: 2, Bound: 1, Submits: 2, Accepted: 2, Texts: 2, MaxWindow: 1,
			MaxPerSecond: 2, Receipts: 2, ReceiptsSent: 2, ReceiptsAcked: 2,
			Faults: map[string]uint64{"drop_before_answer": 1}})
	})
}

func TestDropLosesAnswersThatWait(t *testing.T) {
	bubble(t, Config{Latency: time.Second}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.submit(2, text("919800000001", "one"))
		s.Change(func(cfg *Config) { cfg.Faults[DropBeforeAnswer] = 1 })
		c.submit(3, text("919800000001", "two"))
		c.closed()
		elapse(time.Hour)
		if got := s.Counters(); got.Accepted != 2 || got.MaxWindow != 2 || got.Receipts != 2 || got.ReceiptsSent != 0 {
			t.Errorf("counters %s", toJSON(t, got))
		}
	})
}

func TestReceiptBeforeAnswer(t *testing.T) {
	cfg := Config{Latency: 30 * time.Millisecond, ReceiptDelay: time.Hour}
	t.Run("on the same bind", func(t *testing.T) {
		bubble(t, with(ReceiptBeforeAnswer, cfg), func(t *testing.T, s *SMSC) {
			c := bound(t, s, pdu.BindTransceiver)
			c.submit(2, text("919800000001", "made up"))
			a, m := c.receipt()
			c.ack(a.Seq, pdu.ESME_ROK)
			id, at := c.accepted(2)
			if a.at != 30*time.Millisecond || at != a.at || receiptID(m) != id {
				t.Errorf("receipt of %s at %s, answer %s at %s", receiptID(m), a.at, id, at)
			}
			elapse(2 * time.Hour)
			c.quiet()
			want := base(ReceiptBeforeAnswer)
			want.ReceiptsAcked = 1
			counters(t, s, want)
		})
	})
	t.Run("on another bind", func(t *testing.T) {
		bubble(t, with(ReceiptBeforeAnswer, cfg), func(t *testing.T, s *SMSC) {
			tx, rx := bound(t, s, pdu.BindTransmitter), bound(t, s, pdu.BindReceiver)
			tx.submit(2, text("919800000001", "made up"))
			a, m := rx.receipt()
			id, at := tx.accepted(2)
			if a.at != 30*time.Millisecond || at != 50*time.Millisecond || receiptID(m) != id {
				t.Errorf("receipt of %s at %s, answer %s at %s", receiptID(m), a.at, id, at)
			}
		})
	})
	t.Run("with no bind to take it", func(t *testing.T) {
		bubble(t, with(ReceiptBeforeAnswer, cfg), func(t *testing.T, s *SMSC) {
			tx := bound(t, s, pdu.BindTransmitter)
			tx.submit(2, text("919800000001", "made up"))
			id, _ := tx.accepted(2)
			rx := bound(t, s, pdu.BindReceiver)
			a, m := rx.receipt()
			if a.at != time.Hour+30*time.Millisecond || receiptID(m) != id {
				t.Errorf("receipt of %s at %s, want %s an hour after the answer", receiptID(m), a.at, id)
			}
			if got := s.Counters(); len(got.Faults) != 0 {
				t.Errorf("faults %v are counted, none happened", got.Faults)
			}
		})
	})
}

func TestDuplicateReceipt(t *testing.T) {
	bubble(t, with(DuplicateReceipt, Config{}), func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.submit(2, text("919800000001", "made up"))
		id, _ := c.accepted(2)
		for seq := uint32(1); seq <= 2; seq++ {
			a, m := c.receipt()
			if receiptID(m) != id || a.Seq != seq {
				t.Errorf("receipt %d of %s, want %d of %s", a.Seq, receiptID(m), seq, id)
			}
			c.ack(a.Seq, pdu.ESME_ROK)
		}
		elapse(time.Hour)
		c.quiet()
		want := base(DuplicateReceipt)
		want.Receipts, want.ReceiptsSent, want.ReceiptsAcked = 2, 2, 2
		counters(t, s, want)
	})
}

// TestReceiptSeqClash has the receipt of the first message take the number of the second, before its answer.
func TestReceiptSeqClash(t *testing.T) {
	bubble(t, with(ReceiptSeqClash, Config{}), func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.submit(41, text("919800000001", "one"))
		first, _ := c.accepted(41)
		c.quiet()
		c.submit(42, text("919800000001", "two"))
		a, m := c.receipt()
		if a.Seq != 42 || receiptID(m) != first {
			t.Errorf("receipt %d of %s, want 42 of %s", a.Seq, receiptID(m), first)
		}
		second, _ := c.accepted(42)
		c.ack(42, pdu.ESME_ROK)

		a, m = c.receipt() // no third message comes: it goes as it is
		if a.Seq != 1 || a.at != time.Second || receiptID(m) != second {
			t.Errorf("receipt %d of %s at %s, want 1 of %s at 1s", a.Seq, receiptID(m), a.at, second)
		}
		c.ack(1, pdu.ESME_ROK)
		counters(t, s, Counters{Connections: 1, Binds: 1, Bound: 1, Submits: 2, Accepted: 2, Texts: 2, MaxWindow: 1,
			MaxPerSecond: 2, Receipts: 2, ReceiptsSent: 2, ReceiptsAcked: 2,
			Faults: map[string]uint64{"receipt_seq_clash": 1}})
	})
}

func TestHexID(t *testing.T) {
	cfg := Config{Faults: map[Fault]float64{HexID: 0.01}} // any rate: it belongs to the account
	bubble(t, cfg, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		for seq := uint32(2); seq < 20; seq++ {
			c.submit(seq, text("919800000001", "made up"))
			id, _ := c.accepted(seq)
			a, m := c.receipt()
			n, err := strconv.ParseUint(receiptID(m), 10, 64)
			if err != nil || id != fmt.Sprintf("%X", n) {
				t.Errorf("the answer has id %q, the receipt %q (%v)", id, receiptID(m), err)
			}
			c.ack(a.Seq, pdu.ESME_ROK)
		}
		if got := s.Counters().Faults["hex_id"]; got != 18 {
			t.Errorf("hex_id is counted %d times, want 18", got)
		}
	})
}

func TestRefuse(t *testing.T) {
	for _, status := range []pdu.Status{0, pdu.ESME_RMSGQFUL, 0x411} {
		t.Run(status.String(), func(t *testing.T) {
			want := status
			if status == 0 {
				want = pdu.ESME_RINVDSTADR
			}
			bubble(t, with(Refuse, Config{RefuseStatus: status, Latency: time.Second}), func(t *testing.T, s *SMSC) {
				c := bound(t, s, pdu.BindTransceiver)
				c.submit(2, text("919800000001", "made up"))
				if got := c.want(pdu.SubmitSMResp, 2); got.Status != want || got.at != time.Second || got.Length != 16 {
					t.Errorf("answered %s at %s, want %s at 1s without a body", got.Status, got.at, want)
				}
				elapse(time.Hour)
				c.quiet()
				counters(t, s, Counters{Connections: 1, Binds: 1, Bound: 1, Submits: 1, Refused: 1, MaxWindow: 1,
					MaxPerSecond: 1, Faults: map[string]uint64{"refuse": 1}})
				if n := len(s.Books().Messages); n != 0 {
					t.Errorf("the books hold %d messages", n)
				}
			})
		})
	}
}

// TestStopReading sees the connection stand still: a write blocks until StopFor is over, no receipt comes, and then all
// goes on where it stopped.
func TestStopReading(t *testing.T) {
	cfg := Config{StopFor: 45 * time.Second, ReceiptDelay: time.Second}
	bubble(t, with(StopReading, cfg), func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.send(append(submitSM(t, 2, text("919800000001", "one")), pdu.AppendHeader(nil, pdu.EnquireLink, 0, 3)...))
		c.accepted(2)
		s.Change(func(cfg *Config) { cfg.Faults[StopReading] = 0 })
		wrote := make(chan time.Duration, 1)
		go func() {
			_, _ = c.conn.Write(pdu.AppendHeader(nil, pdu.EnquireLink, 0, 4)) // read below
			wrote <- s.now()
		}()
		elapse(44 * time.Second)
		c.quiet()
		a, _ := c.receipt()
		c.want(pdu.EnquireLinkResp, 3) // read with the submit_sm, handled after the rest
		c.ack(a.Seq, pdu.ESME_ROK)
		c.want(pdu.EnquireLinkResp, 4)
		if at := <-wrote; at != 45*time.Second || a.at != 45*time.Second {
			t.Errorf("the write went through at %s, the receipt came at %s; want 45s", at, a.at)
		}
		want := base(StopReading)
		want.ReceiptsAcked = 1
		counters(t, s, want)
	})
}

func TestTPS(t *testing.T) {
	bubble(t, Config{TPS: 3}, func(t *testing.T, s *SMSC) {
		a, b := bound(t, s, pdu.BindTransmitter), bound(t, s, pdu.BindTransmitter)
		seq := uint32(1)
		try := func(c *esme) pdu.Status {
			seq++
			c.submit(seq, text("919800000001", fmt.Sprint("made up ", seq)))
			return c.want(pdu.SubmitSMResp, seq).Status
		}
		steps := []struct {
			at   time.Duration
			on   *esme
			want pdu.Status
		}{
			{0, a, pdu.ESME_ROK},
			{400 * time.Millisecond, b, pdu.ESME_ROK},
			{900 * time.Millisecond, a, pdu.ESME_ROK},
			{900 * time.Millisecond, b, pdu.ESME_RTHROTTLED},
			{999 * time.Millisecond, a, pdu.ESME_RTHROTTLED},
			{1000 * time.Millisecond, a, pdu.ESME_ROK},
			{1000 * time.Millisecond, b, pdu.ESME_RTHROTTLED},
			{1399 * time.Millisecond, b, pdu.ESME_RTHROTTLED},
			{1400 * time.Millisecond, b, pdu.ESME_ROK},
		}
		for _, step := range steps {
			elapse(step.at - s.now())
			if got := try(step.on); got != step.want {
				t.Errorf("at %s: %s, want %s", step.at, got, step.want)
			}
		}
		s.Change(func(cfg *Config) { cfg.TPS = 4 })
		if got := try(a); got != pdu.ESME_ROK {
			t.Errorf("at 1.4s with TPS 4: %s", got)
		}
		counters(t, s, Counters{Connections: 2, Binds: 2, Bound: 2, Submits: 10, Accepted: 6, Throttled: 4, Texts: 6,
			MaxWindow: 1, MaxPerSecond: 8, Receipts: 6})
	})
}

// TestFaultsRepeat sends the same messages twice over in another order: each meets the same fate again, and another
// seed gives another.
func TestFaultsRepeat(t *testing.T) {
	const messages = 400
	fates := func(seed uint64, order func(i int) int) (statuses [messages]pdu.Status, refused int) {
		synctest.Test(t, func(t *testing.T) {
			s := New(Config{Seed: seed, Faults: map[Fault]float64{Refuse: 0.25}})
			defer func() { _ = s.Close() }()
			c := bound(t, s, pdu.BindTransmitter)
			for n := range messages {
				i := order(n)
				c.submit(uint32(i+2), text("919800000001", fmt.Sprint("made up ", i%200))) // every text comes twice
				statuses[i] = c.want(pdu.SubmitSMResp, uint32(i+2)).Status
				if statuses[i] != pdu.ESME_ROK {
					refused++
				}
			}
		})
		return statuses, refused
	}
	upward, refused := fates(7, func(n int) int { return n })
	shuffled, _ := fates(7, func(n int) int { return n/200*200 + n*37%200 })
	other, _ := fates(8, func(n int) int { return n })
	if upward != shuffled {
		t.Error("seed 7 gives other faults in another order")
	}
	if upward == other {
		t.Error("seeds 7 and 8 give the same faults")
	}
	if [200]pdu.Status(upward[:200]) == [200]pdu.Status(upward[200:]) {
		t.Error("every text meets the same fault the second time that it comes")
	}
	if refused != 107 { // seed 7; 100 is the mean
		t.Errorf("%d of %d are refused at a rate of 0.25", refused, messages)
	}
}

func TestDice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := digestOf(rapid.SliceOf(rapid.Byte()).Draw(t, "key"))
		luck := diceOf(rapid.Uint64().Draw(t, "seed"), d, rapid.Uint32().Draw(t, "arrival"))
		f := rapid.SampledFrom(AllFaults).Draw(t, "fault")
		rate := rapid.Float64Range(0, 1).Draw(t, "rate")
		if luck.hit(f, 0) || !luck.hit(f, 1) {
			t.Error("a rate of 0 hits, or a rate of 1 does not")
		}
		if luck.hit(f, rate) && !luck.hit(f, (1+rate)/2) {
			t.Error("a higher rate hits less")
		}
	})
}

func TestFaultNames(t *testing.T) {
	for _, f := range AllFaults {
		got, err := ParseFault(f.String())
		if err != nil || got != f || f.Help() == "" {
			t.Errorf("%s is read as %s, error %v, help %q", f, got, err, f.Help())
		}
	}
	if len(AllFaults) != int(faultCount) {
		t.Errorf("AllFaults has %d of %d faults", len(AllFaults), faultCount)
	}
	_, err := ParseFault("gremlin")
	const want = `no fault "gremlin": use one of [no_answer late_answer drop_before_answer receipt_before_answer ` +
		`duplicate_receipt receipt_seq_clash hex_id refuse stop_reading queue_full no_receipt]`
	if err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
	if got := Fault(99).String(); got != "fault(99)" {
		t.Errorf("String of an unknown fault is %q", got)
	}
}
