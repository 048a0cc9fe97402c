package bind

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// BenchmarkSubmit is one bind over loopback TCP against a peer in the same process that answers at once.
func BenchmarkSubmit(b *testing.B) {
	for _, test := range []struct {
		name            string
		window, callers int
	}{{"window=1", 1, 1}, {"window=10", 10, 20}, {"window=100", 100, 200}, {"window=1000", 1000, 2000}} {
		b.Run(test.name, func(b *testing.B) { benchmarkSubmit(b, test.window, test.callers) })
	}
}

func benchmarkSubmit(b *testing.B, window, callers int) {
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
		answerAll(c)
	}()
	cfg := config()
	cfg.Addr, cfg.Window, cfg.Lane = listener.Addr().String(), window, callers
	up := make(chan struct{})
	var once sync.Once
	pool := NewPool(cfg, Deps{Handler: &handler{}, Trace: Trace{
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
	b.ReportAllocs()
	for b.Loop() {
		turns <- struct{}{}
	}
	close(turns)
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submits/s")
	cancel()
	<-ended
	listener.Close()
	<-served
}

// answerAll answers every request on c at once, one write per read.
func answerAll(c net.Conn) {
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
