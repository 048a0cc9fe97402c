package smsctest

import (
	"fmt"
	"maps"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/receipt"
	"harkara/smpp/sms"
)

// TestStorm lets three clients send under all faults at once, in each dialect, then lets the weather clear up. Whatever happened on the
// way: each submit_sm has one outcome in the books, each accepted one has its receipts acked, and every answer and
// receipt that a client saw is for the message that the books have under that id.
func TestStorm(t *testing.T) {
	const clients, each = 3, 800
	for _, dialect := range DialectList {
		seed := uint64(dialect)
		t.Run(fmt.Sprint(dialect, " seed ", seed), func(t *testing.T) {
			faults := map[Fault]float64{QueueFull: 0.05}
			for _, f := range FaultList {
				faults[f] = 0.05
			}
			cfg := Config{Seed: seed, Dialect: dialect, Faults: faults, Latency: 20 * time.Millisecond, ReceiptDelay: 300 * time.Millisecond,
				TPS: 40, Undelivered: 0.1, ReceiptWindow: 8, StopFor: 3 * time.Second}
			bubble(t, cfg, func(t *testing.T, s *SMSC) {
				log := &sightings{answered: map[sms.MessageID]string{}, receipts: map[sms.MessageID]int{}}
				var group sync.WaitGroup
				stop := make(chan struct{})
				for c := range clients {
					group.Go(func() { weather(t, s, log, c, each, stop) })
				}
				elapse(time.Hour)
				close(stop)
				group.Wait()
				checkStorm(t, s.Books(), log, clients*each)
			})
		})
	}
}

// sightings is what the clients saw.
type sightings struct {
	mu       sync.Mutex
	answered map[sms.MessageID]string // text by the id of its answer, as a decimal number
	receipts map[sms.MessageID]int    // acked, by id
	acks     int
}

// weather is one client: it sends its messages 20 ms apart, binds anew when its connection is closed, refuses every
// fifth receipt, and stays for receipts until stop.
func weather(t *testing.T, s *SMSC, log *sightings, client, messages int, stop chan struct{}) {
	for sent := 0; ; {
		near, far := net.Pipe()
		go s.ServeConn(far)
		c := &caller{t: t, conn: near, log: log, out: make(chan []byte, 1000), gone: make(chan struct{}),
			texts: map[uint32]string{}}
		go c.read()
		go c.write()
		b := pdu.Bind{SystemID: "esme", InterfaceVersion: pdu.InterfaceVersion34}
		octets, _ := pdu.AppendBind(nil, pdu.BindTransceiver, 1, &b)
		c.out <- octets
		for seq := uint32(2); sent < messages && !c.isGone(); seq++ {
			m := text("919800000001", fmt.Sprintf("made up %d of client %d", sent, client))
			log.mu.Lock()
			c.texts[seq] = string(m.ShortMessage)
			log.mu.Unlock()
			c.out <- submitSM(t, seq, m)
			sent++
			elapse(20 * time.Millisecond)
		}
		select {
		case <-c.gone:
		case <-stop:
			_ = near.Close()
			<-c.gone
			return
		}
	}
}

// caller is one connection of a client. All writes go by out, as writers that queue for a net.Pipe stop the bubble's
// clock.
type caller struct {
	t     *testing.T
	conn  net.Conn
	log   *sightings
	out   chan []byte
	gone  chan struct{} // closed by the reader
	texts map[uint32]string
}

func (c *caller) isGone() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

func (c *caller) write() {
	for {
		select {
		case octets := <-c.out:
			if _, err := c.conn.Write(octets); err != nil {
				return
			}
		case <-c.gone:
			return
		}
	}
}

// read notes what comes, and answers receipts.
func (c *caller) read() {
	defer close(c.gone)
	defer func() { _ = c.conn.Close() }()
	for r := pdu.NewReader(c.conn); ; {
		f, err := r.Next()
		if err != nil {
			return
		}
		switch h := f.Header(); h.ID {
		case pdu.SubmitSMResp:
			c.log.answer(c.t, f, c.texts)
		case pdu.DeliverSM, pdu.DataSM:
			c.out <- pdu.AppendResp(nil, h.ID.Response(), c.log.receipt(c.t, f), h.Seq, "")
		}
	}
}

func (l *sightings) answer(t *testing.T, f pdu.Frame, texts map[uint32]string) {
	if f.Header().Status != pdu.ESME_ROK {
		return
	}
	id, _ := pdu.ParseMessageID(f)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answered[receipt.Canonical(id, receipt.Hex)] = texts[f.Header().Seq]
}

func (l *sightings) receipt(t *testing.T, f pdu.Frame) pdu.Status {
	var m pdu.SM
	if err := pdu.ParseSM(f, &m); err != nil {
		t.Error(err)
	}
	r, ok := receipt.Parse(&m, receipt.Strict)
	if !ok {
		t.Errorf("it is no receipt: %q", f)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.acks++; l.acks%5 == 0 {
		return pdu.ESME_RX_T_APPN
	}
	l.receipts[receipt.Canonical(string(r.ID), receipt.Dec)]++
	return pdu.ESME_ROK
}

func checkStorm(t *testing.T, books Books, log *sightings, messages int) {
	t.Helper()
	t.Log(toJSON(t, books.Counters))
	if books.Submits != books.Accepted+books.Refused+books.Throttled || books.Malformed != 0 || books.Throttled == 0 {
		t.Errorf("of %d submit_sm %d were accepted, %d refused, %d throttled", books.Submits, books.Accepted, books.Refused,
			books.Throttled)
	}
	if books.Receipts != books.ReceiptsAcked {
		t.Errorf("%d receipts were made, %d are acked", books.Receipts, books.ReceiptsAcked)
	}
	for _, f := range FaultList {
		if books.Faults[f.String()] == 0 {
			t.Errorf("%s never happened among %d messages", f, messages)
		}
	}
	texts, acked := map[sms.MessageID]string{}, uint64(0)
	for _, m := range books.Messages {
		for _, id := range m.Segments[0].IDs {
			texts[receipt.Canonical(id, receipt.Dec)] = m.Text.Reveal()
		}
		acked += uint64(m.Segments[0].ReceiptsAcked)
		if m.Segments[0].ReceiptsAcked < m.Segments[0].Times() {
			t.Errorf("%d receipts of %d are acked", m.Segments[0].ReceiptsAcked, m.Segments[0].Times())
		}
	}
	if uint64(len(texts)) != books.Accepted || acked != books.ReceiptsAcked {
		t.Errorf("%d ids and %d acks in the messages, %d and %d in the counters", len(texts), acked, books.Accepted,
			books.ReceiptsAcked)
	}
	for id, text := range log.answered {
		if texts[id] != text {
			t.Errorf("id %s was answered for %q, the books have it for %q", id, text, texts[id])
		}
	}
	for id := range maps.Keys(log.receipts) {
		if texts[id] == "" {
			t.Errorf("a receipt came for id %s, which the books don't have", id)
		}
	}
	if len(log.receipts) != len(texts) {
		t.Errorf("receipts came for %d messages of %d", len(log.receipts), len(texts))
	}
}

// TestCloseUnderLoad ends the SMSC while clients write, read and stand still; goleak sees whether all is over.
func TestCloseUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Latency: time.Second, ReceiptDelay: time.Second, Faults: map[Fault]float64{StopReading: 0.5}})
		for range 3 {
			near, far := net.Pipe()
			go s.ServeConn(far)
			b := pdu.Bind{SystemID: "esme"}
			octets, _ := pdu.AppendBind(nil, pdu.BindTransceiver, 1, &b)
			go func() {
				_, err := near.Write(octets)
				for seq := uint32(2); err == nil; seq++ {
					_, err = near.Write(submitSM(t, seq, text("919800000001", fmt.Sprint("made up ", seq))))
				}
			}()
		}
		elapse(1500 * time.Millisecond) // nobody reads: the writers are stuck as well
		for range 2 {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		near, far := net.Pipe()
		s.ServeConn(far)
		if _, err := near.Write([]byte{0}); err == nil {
			t.Error("a connection is taken after Close")
		}
	})
}
