package bind

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/receipt"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// BenchmarkSubmit is one bind over loopback TCP against a peer in the same process that answers at once.
func BenchmarkSubmit(b *testing.B) {
	for _, test := range []struct {
		name            string
		window, callers int
	}{{"window=1", 1, 1}, {"window=10", 10, 20}, {"window=100", 100, 200}, {"window=1000", 1000, 2000}} {
		b.Run(test.name, func(b *testing.B) { benchmark(b, test.window, test.callers, false, &handler{}) })
	}
}

// BenchmarkRound is a submit, its answer, its receipt as the SMSC sends it, read and answered.
func BenchmarkRound(b *testing.B) { benchmark(b, 100, 200, true, &reader{}) }

// reader reads every receipt.
type reader struct {
	handler
	m    pdu.SM
	read int
}

func (r *reader) Receive(_ sms.SMSCID, f pdu.Frame, reply Reply) {
	if pdu.ParseText(f, &r.m) != nil {
		panic("a receipt that can't be read")
	}
	if got, ok := receipt.Parse(&r.m, receipt.Lenient); ok && got.State == sms.Delivered {
		r.read++
	}
	reply.Answer(pdu.ESME_ROK)
}

func benchmark(b *testing.B, window, callers int, receipts bool, h Handler) {
	b.ReportAllocs()
	rounds(b, window, callers, receipts, h, b.Loop)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submits/s")
}

// rounds submits over one bind for as long as more says so.
func rounds(b testing.TB, window, callers int, receipts bool, h Handler, more func() bool) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		c, err := listener.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		answerAll(c, receipts)
	}()
	cfg := config()
	cfg.Addr, cfg.Window, cfg.Lane = listener.Addr().String(), window, callers
	cfg.ReceiptsMax = 1000
	up := make(chan struct{})
	var once sync.Once
	pool := NewPool(cfg, Deps{Handler: h, Trace: Trace{
		Link: func(sms.SMSCID, int, error) { once.Do(func() { close(up) }) },
	}})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- pool.Run(ctx) }()
	<-up

	turns := make(chan struct{}, 1024)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			sub := submission(sms.OTP, 1)
			sub.SMs[0].ShortMessage = make([]byte, 100)
			for range turns {
				sub.Deadline = time.Now().Add(5 * time.Minute)
				if o := pool.Submit(ctx, sub); o.Answers[0].Verdict != session.Accepted {
					b.Errorf("outcome %+v", o)
					return
				}
			}
		})
	}
	for more() {
		turns <- struct{}{}
	}
	close(turns)
	all.Wait()
	cancel()
	<-ended
	listener.Close()
	<-served
}

// answerAll answers every request on c at once, one write per read, and sends a receipt behind each answer where asked to.
func answerAll(c net.Conn, receipts bool) {
	done, _ := pdu.AppendSM(nil, pdu.DeliverSM, 1, &pdu.SM{
		Source: "919800000001", Dest: "ACMEBK", ESMClass: 0x04, ShortMessage: []byte("id:0123456789 sub:001 dlvrd:001 " +
			"submit date:2611221000 done date:2611221001 stat:DELIVRD err:000 text:"),
	})
	var out []byte
	for r := pdu.NewReader(c); ; {
		f, err := r.Next()
		if err != nil {
			return
		}
		switch h := f.Header(); h.ID {
		case pdu.BindTransceiver:
			out = pdu.AppendBindResp(out, h.ID.Response(), pdu.ESME_ROK, h.Seq, "made-up")
		case pdu.SubmitSM:
			out = pdu.AppendResp(out, h.ID.Response(), pdu.ESME_ROK, h.Seq, "0123456789")
			if receipts {
				out = append(out, done...)
			}
		case pdu.DeliverSMResp:
		default:
			out = pdu.AppendHeader(out, h.ID.Response(), pdu.ESME_ROK, h.Seq)
		}
		if !r.Buffered() {
			if _, err := c.Write(out); err != nil {
				return
			}
			out = out[:0]
		}
	}
}
