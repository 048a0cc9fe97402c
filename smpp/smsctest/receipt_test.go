package smsctest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"harkara/smpp/pdu"
)

func TestLatencyAndReceiptDelay(t *testing.T) {
	cfg := Config{Latency: 20 * time.Millisecond, ReceiptDelay: time.Second}
	bubble(t, cfg, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		elapse(7 * time.Millisecond)
		c.submit(2, text("919800000001", "made up"))
		id, at := c.accepted(2)
		if at != 27*time.Millisecond {
			t.Errorf("answered at %s, want 27ms", at)
		}
		a, m := c.receipt()
		if a.at != 1027*time.Millisecond || a.Seq != 1 {
			t.Errorf("receipt %d at %s, want 1 at 1.027s", a.Seq, a.at)
		}
		if !strings.HasPrefix(string(m.ShortMessage), "id:"+id+" ") {
			t.Errorf("receipt %q is not for id %q", m.ShortMessage, id)
		}
		c.ack(a.Seq, pdu.ESME_ROK)
		elapse(time.Hour)
		c.quiet()
		counters(t, s, Counters{Connections: 1, Binds: 1, Bound: 1, Submits: 1, Accepted: 1, Texts: 1, MaxWindow: 1,
			MaxPerSecond: 1, Receipts: 1, ReceiptsSent: 1, ReceiptsAcked: 1})
	})
}

func TestReceiptOnTheWire(t *testing.T) {
	const twenty = "********************"
	tests := []struct {
		name   string
		cfg    Config
		length int
		text   string // %s: the id
		state  byte   // 0: no TLVs
	}{
		{"delivered", Config{}, 7,
			"id:%s sub:001 dlvrd:001 submit date:0001010000 done date:0001010002 stat:DELIVRD err:000 text:*******", 2},
		{"undelivered", Config{Undelivered: 1}, 21,
			"id:%s sub:001 dlvrd:000 submit date:0001010000 done date:0001010002 stat:UNDELIV err:010 text:" + twenty, 5},
		{"text only", Config{TextOnly: true}, 0,
			"id:%s sub:001 dlvrd:001 submit date:0001010000 done date:0001010002 stat:DELIVRD err:000 text:", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.ReceiptDelay = 2 * time.Minute
			bubble(t, tt.cfg, func(t *testing.T, s *SMSC) {
				c := bound(t, s, pdu.BindTransceiver)
				c.submit(2, text("919800000001", strings.Repeat("7", tt.length)))
				id, _ := c.accepted(2)
				_, got := c.receipt()
				want := pdu.SM{
					SourceTON: 1, SourceNPI: 1, Source: "919800000001", DestTON: 5, Dest: "ACMEBK", ESMClass: 0x04,
					ShortMessage: []byte(fmt.Sprintf(tt.text, id)), TLVs: []pdu.TLV{},
				}
				if tt.state != 0 {
					want.TLVs = []pdu.TLV{
						{Tag: pdu.TagReceiptedMessageID, Value: append([]byte(id), 0)},
						{Tag: pdu.TagMessageState, Value: []byte{tt.state}},
					}
				}
				if g, w := fmt.Sprintf("%q", got), fmt.Sprintf("%q", want); g != w {
					t.Errorf("receipt\n got %s\nwant %s", g, w)
				}
			})
		})
	}
}

// TestRegisteredDelivery holds the receipts against what the submit_sm asks for (SMPP 3.4 §5.2.17).
func TestRegisteredDelivery(t *testing.T) {
	for _, tt := range []struct {
		asked       byte
		undelivered float64
		want        uint64
	}{
		{0, 0, 0}, {0, 1, 0}, {1, 0, 1}, {1, 1, 1}, {2, 0, 0}, {2, 1, 1}, {0x11, 0, 1}, {0x10, 0, 0}, {3, 0, 0},
	} {
		t.Run(fmt.Sprintf("%#02x undelivered %v", tt.asked, tt.undelivered), func(t *testing.T) {
			bubble(t, Config{Undelivered: tt.undelivered}, func(t *testing.T, s *SMSC) {
				c := bound(t, s, pdu.BindTransceiver)
				m := text("919800000001", "made up")
				m.RegisteredDelivery = tt.asked
				c.submit(2, m)
				c.accepted(2)
				if got := s.Counters(); got.Receipts != tt.want || got.ReceiptsSent != tt.want {
					t.Errorf("%d receipts made, %d sent, want %d", got.Receipts, got.ReceiptsSent, tt.want)
				}
			})
		})
	}
}

// TestReceiptsGoByAnyReceivingBind sends by a transmitter only, and reads the receipts by turns from the two receiving
// binds; those that are due before a receiving bind is there are kept for it.
func TestReceiptsGoByAnyReceivingBind(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, s *SMSC) {
		tx := bound(t, s, pdu.BindTransmitter)
		var ids []string
		for seq := uint32(2); seq < 4; seq++ {
			tx.submit(seq, text("919800000001", fmt.Sprint("made up ", seq)))
			id, _ := tx.accepted(seq)
			ids = append(ids, id)
		}
		elapse(time.Hour)
		rx := bound(t, s, pdu.BindReceiver)
		for _, id := range ids {
			a, m := rx.receipt()
			if got := receiptID(m); got != id || a.at != time.Hour {
				t.Errorf("receipt of %s at %s, want %s at 1h", got, a.at, id)
			}
			rx.ack(a.Seq, pdu.ESME_ROK)
		}
		trx := bound(t, s, pdu.BindTransceiver)
		for seq := uint32(4); seq < 8; seq++ {
			tx.submit(seq, text("919800000001", fmt.Sprint("made up ", seq)))
			tx.accepted(seq)
		}
		for range 2 {
			rx.receipt()
			trx.receipt()
		}
		tx.quiet()
		rx.quiet()
		trx.quiet()
	})
}

func TestReceiptWindow(t *testing.T) {
	bubble(t, Config{ReceiptWindow: 2}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		for seq := uint32(2); seq < 7; seq++ {
			c.submit(seq, text("919800000001", fmt.Sprint("made up ", seq)))
		}
		byCommand := func() (answers, receipts []uint32) {
			synctest.Wait()
			for len(c.frames) > 0 {
				switch a := c.next(); a.ID {
				case pdu.SubmitSMResp:
					answers = append(answers, a.Seq)
				case pdu.DeliverSM:
					receipts = append(receipts, a.Seq)
				}
			}
			return answers, receipts
		}
		if a, r := byCommand(); !slices.Equal(a, []uint32{2, 3, 4, 5, 6}) || !slices.Equal(r, []uint32{1, 2}) {
			t.Fatalf("answers %v, receipts %v, want five answers and receipts 1 and 2", a, r)
		}
		c.ack(2, pdu.ESME_ROK)
		if _, r := byCommand(); !slices.Equal(r, []uint32{3}) {
			t.Errorf("one ack brings receipts %v, want 3", r)
		}
		c.send(append(pdu.AppendResp(nil, pdu.DeliverSMResp, 0, 1, ""), pdu.AppendResp(nil, pdu.DeliverSMResp, 0, 3, "")...))
		if _, r := byCommand(); !slices.Equal(r, []uint32{4, 5}) {
			t.Errorf("two acks bring receipts %v, want 4 and 5", r)
		}
	})
}

// TestReceiptIsSentAgain refuses, nacks and ignores one receipt, and reads when it comes again, until it is acked.
func TestReceiptIsSentAgain(t *testing.T) {
	bubble(t, Config{AckTimeout: 5 * time.Second}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.submit(2, text("919800000001", "made up"))
		id, _ := c.accepted(2)
		wants := []time.Duration{0, 1, 3, 12, 25, 41, 71, 101} // s; 9 = 5 without an answer + 4
		for i, want := range wants {
			a, m := c.receipt()
			if receiptID(m) != id || a.at != want*time.Second || a.Seq != uint32(i+1) {
				t.Fatalf("receipt %d of %s at %s, want %d of %s at %ds", a.Seq, receiptID(m), a.at, i+1, id, want)
			}
			switch i {
			case 0, 5, 6:
				c.ack(a.Seq, pdu.ESME_RX_T_APPN)
			case 1:
				c.header(pdu.GenericNack, pdu.ESME_RSYSERR, a.Seq)
			case 2, 3:
			case 4:
				c.ack(3, pdu.ESME_ROK) // long given up
				c.ack(a.Seq, pdu.ESME_RSYSERR)
			case 7:
				c.ack(a.Seq, pdu.ESME_ROK)
			}
		}
		elapse(time.Hour)
		c.quiet()
		counters(t, s, Counters{Connections: 1, Binds: 1, Bound: 1, Submits: 1, Accepted: 1, Texts: 1, MaxWindow: 1,
			MaxPerSecond: 1, Receipts: 1, ReceiptsSent: 8, ReceiptsAcked: 1, ReceiptsRefused: 5, ReceiptsSilent: 2,
			StrayAnswers: 1})
		book := s.Books().Messages[0].Segments[0]
		if book.ReceiptsSent != 8 || book.ReceiptsAcked != 1 {
			t.Errorf("the books say %d sent, %d acked", book.ReceiptsSent, book.ReceiptsAcked)
		}
	})
}

func TestReceiptOfALostBindGoesByAnother(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, s *SMSC) {
		c := bound(t, s, pdu.BindTransceiver)
		c.submit(2, text("919800000001", "made up"))
		id, _ := c.accepted(2)
		c.receipt()
		other := bound(t, s, pdu.BindTransceiver)
		other.quiet()
		_ = c.conn.Close()
		a, m := other.receipt()
		if receiptID(m) != id || a.Seq != 1 || a.at != 0 {
			t.Errorf("receipt %d of %s at %s, want 1 of %s at once", a.Seq, receiptID(m), a.at, id)
		}
		other.ack(1, pdu.ESME_ROK)
		elapse(time.Hour)
		other.quiet()
		if got := s.Counters(); got.ReceiptsSent != 2 || got.ReceiptsAcked != 1 {
			t.Errorf("counters %s", toJSON(t, got))
		}
	})
}

// receiptID reads the id of a receipt's text.
func receiptID(m pdu.SM) string {
	id, _, _ := strings.Cut(strings.TrimPrefix(string(m.ShortMessage), "id:"), " ")
	return id
}
