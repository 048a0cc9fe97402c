package smsctest

import (
	"bufio"
	"net"
	"syscall"
	"testing"
	"time"

	"harkara/smpp/pdu"
)

// BenchmarkMessage is the simulator's own work on one message, without sockets: submit_sm, its answer, its receipt and
// the deliver_sm_resp, with details kept; light keeps none, counted does not compare either, plain has no receipts.
func BenchmarkMessage(b *testing.B) {
	for name, cfg := range map[string]Config{
		"at_once": {},
		"delayed": {Latency: 20 * time.Millisecond, ReceiptDelay: time.Second, ReceiptWindow: 1 << 20},
		"light":   {Keep: -1},
		"plain":   {CountOnly: true, NoReceipts: true},
		"counted": {CountOnly: true},
	} {
		b.Run(name, func(b *testing.B) {
			s := New(cfg)
			defer func() { _ = s.Close() }()
			c := &bind{wake: make(chan struct{}, 1), room: make(chan struct{}, 1), inFlight: map[uint32]struct{}{},
				unacked: map[uint32]*delivery{}, bound: true, transmits: true, receives: true}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.receivers = append(s.receivers, c)
			template := benchSubmit(b)
			var ackFrame []byte
			var acked, now = uint32(0), time.Duration(0)
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				f := number(template, n)
				now = time.Duration(n) * 10 * time.Microsecond
				s.handle(c, f, now)
				for tasks := s.agenda.take(now); tasks != nil; tasks = s.agenda.take(now) {
					for i := range tasks {
						s.run(&tasks[i], now)
					}
					s.agenda.giveBack(tasks)
				}
				s.pump(now)
				for acked < c.lastSeq {
					acked++
					ackFrame = pdu.AppendResp(ackFrame[:0], pdu.DeliverSMResp, 0, acked, "")
					s.handle(c, ackFrame, now)
				}
				c.out = c.out[:0]
				c.window -= c.answered
				c.answered = 0
			}
		})
	}
}

// BenchmarkLoopback runs a pipelined client over a real socket, and reports messages per second and the CPU time of
// both ends together. Each message is submitted, answered, receipted and acked; the plain ones have no receipt.
func BenchmarkLoopback(b *testing.B) {
	for _, bench := range []struct {
		name   string
		window int
		plain  bool
	}{{"window_100", 100, false}, {"window_1000", 1000, false}, {"plain_window_100", 100, true}} {
		b.Run(bench.name, func(b *testing.B) {
			s, err := Listen("127.0.0.1:0", Config{CountOnly: bench.plain, NoReceipts: bench.plain})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			conn, err := net.Dial("tcp", s.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			octets, err := pdu.AppendBind(nil, pdu.BindTransceiver, 1, &pdu.Bind{SystemID: "esme"})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := conn.Write(octets); err != nil {
				b.Fatal(err)
			}
			before, start := cpu(b), time.Now()
			receipts := b.N
			if bench.plain {
				receipts = 0
			}
			if err := pipeline(conn, benchSubmit(b), bench.window, b.N, receipts); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "msg/s")
			b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/1000/float64(b.N), "cpu-µs/msg")
			if got := s.Counters(); got.Accepted != uint64(b.N) || got.Duplicates != 0 {
				b.Fatalf("%d accepted, %d duplicates of %d", got.Accepted, got.Duplicates, b.N)
			}
		})
	}
}

// BenchmarkBooks copies, groups and decodes 200,000 kept messages.
func BenchmarkBooks(b *testing.B) {
	s := New(Config{})
	defer func() { _ = s.Close() }()
	c := &bind{wake: make(chan struct{}, 1), inFlight: map[uint32]struct{}{}, bound: true, transmits: true}
	template := benchSubmit(b)
	s.mu.Lock()
	for n := range 200_000 {
		s.handle(c, number(template, n), 0)
		c.out = c.out[:0]
	}
	s.mu.Unlock()
	for b.Loop() {
		if got := len(s.Books().Messages); got != 200_000 {
			b.Fatal(got)
		}
	}
}

// pipeline sends n messages with so many in flight, and acks their receipts, until all that it is to get are acked.
func pipeline(conn net.Conn, template []byte, window, n, promised int) error {
	r, w := pdu.NewReader(conn), bufio.NewWriterSize(conn, 64<<10)
	var scratch []byte
	for sent, answered, receipts := 0, 0, 0; answered < n || receipts < promised; {
		for ; sent < n && sent-answered < window; sent++ {
			if _, err := w.Write(number(template, sent)); err != nil {
				return err
			}
		}
		if !r.Buffered() {
			if err := w.Flush(); err != nil {
				return err
			}
		}
		f, err := r.Next()
		if err != nil {
			return err
		}
		switch h := f.Header(); h.ID {
		case pdu.SubmitSMResp:
			answered++
		case pdu.DeliverSM:
			receipts++
			scratch = pdu.AppendResp(scratch[:0], pdu.DeliverSMResp, 0, h.Seq, "")
			if _, err := w.Write(scratch); err != nil {
				return err
			}
		}
	}
	return w.Flush()
}

// benchSubmit is a submit_sm of 100 characters with the three DLT TLVs; all values are made up.
func benchSubmit(b *testing.B) []byte {
	b.Helper()
	m := text("919800000000",
		"00000000 is your made-up code for a made-up purpose. It is valid for ten minutes. Do not share it. -ACME")
	m.Validity = "000000000500000R"
	m.TLVs = []pdu.TLV{
		{Tag: 0x1400, Value: []byte("1101000000000000001")},
		{Tag: 0x1401, Value: []byte("1107000000000000001")},
		{Tag: 0x1402, Value: []byte("1102000000000000001")},
	}
	return submitSM(b, 2, m)
}

// number makes the nth message of a template, in place: its sequence number and its code.
func number(template []byte, n int) []byte {
	seq := uint32(n%maxSeq + 2)
	template[12], template[13], template[14], template[15] = byte(seq>>24), byte(seq>>16), byte(seq>>8), byte(seq)
	const code = 16 + 1 + 2 + 7 + 2 + 13 + 3 + 1 + 17 + 4 + 1
	for i := code + 7; i >= code; i-- {
		template[i] = '0' + byte(n%10)
		n /= 10
	}
	return template
}

// cpu gives the CPU time of the process so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
