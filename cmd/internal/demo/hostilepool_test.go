package demo

import (
	"context"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

// account is whom these binds bind as.
var account = pdu.Bind{SystemID: "harkara", Password: password, InterfaceVersion: pdu.InterfaceVersion34}

// hoarder takes receipts and never answers them, like a ledger that stands still.
type hoarder struct{ taken atomic.Int64 }

func (h *hoarder) Receive(sms.SMSCID, pdu.Frame, bind.Reply) { h.taken.Add(1) }
func (h *hoarder) Late(*bind.Submission, bind.Answer)        {}

// pool runs binds to one SMSC that come back at once, until the function that it returns, which says how long the end
// took.
func pool(cfg bind.Config, deps bind.Deps) (*bind.Pool, func() time.Duration) {
	cfg.SMSC, cfg.Bind = "row", account
	cfg.Binds, cfg.Lane, cfg.ReceiptsMax = 1, orElse(cfg.Lane, 16), 50
	cfg.Window = orElse(cfg.Window, 16)
	cfg.Timeouts = bind.Timeouts{Dial: 2 * time.Second, Bind: 2 * time.Second, Response: 500 * time.Millisecond,
		EnquireLink: time.Second, Write: 300 * time.Millisecond}
	if deps.Handler == nil {
		deps.Handler = &hoarder{}
	}
	p := bind.NewPool(cfg, deps)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = p.Run(ctx) // what is wrong shows in the snapshot
	}()
	return p, func() time.Duration {
		began := time.Now()
		cancel()
		<-ended
		return time.Since(began)
	}
}

// atOnce is the jitter of binds that do not wait.
func atOnce() float64 { return 0 }

// flooder answers each bind and then sends what flood gives, whoever reads it. It counts the connections, and what was
// said on them.
type flooder struct {
	net.Listener
	conns, octets atomic.Int64
	flood         func(net.Conn)
}

func (s *flooder) serve() {
	for {
		conn, err := s.Accept()
		if err != nil {
			return
		}
		s.conns.Add(1)
		go func() {
			defer conn.Close()
			f, err := pdu.NewReader(conn).Next()
			if err != nil {
				return
			}
			_, _ = conn.Write(pdu.AppendBindResp(nil, f.Header().ID.Response(), pdu.ESME_ROK, f.Header().Seq, "flood"))
			go func() { _, _ = io.Copy(io.Discard, conn) }()
			s.flood(conn)
		}()
	}
}

// TestHostileFlood (row 12 of the matrix): an SMSC sends lengths that can't be, then long PDUs without end, as fast as
// they are taken, while nobody answers its receipts. Memory stays bounded, the binds come back, and stop when told to.
func TestHostileFlood(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bombs := lengths()
	unreadable := bodied(0x99, strings.Repeat("A", 60_000))
	receipt := bodied(pdu.DeliverSM, "\x00\x01\x01919800000001\x00\x05\x00ACMEBK\x00\x04"+string(make([]byte, 9))+
		"\x04\x24\xea\x60"+strings.Repeat("A", 60_000))
	s := &flooder{Listener: listener}
	s.flood = func(conn net.Conn) {
		if n := int(s.conns.Load()); n <= 5*len(bombs) {
			_, _ = conn.Write(bombs[n%len(bombs)])
			_, _ = conn.Read(make([]byte, 1)) // until it is closed
			return
		}
		for err := error(nil); err == nil; {
			var n int
			n, err = conn.Write(unreadable)
			s.octets.Add(int64(n))
			if err == nil {
				n, err = conn.Write(receipt)
				s.octets.Add(int64(n))
			}
		}
	}
	go s.serve()
	defer s.Close()
	before := heap()
	handler := &hoarder{}
	_, stop := pool(bind.Config{Addr: listener.Addr().String()}, bind.Deps{Handler: handler, Rand: atOnce})
	eventually(t, "200 MB are sent", func() bool { return s.octets.Load() > 200<<20 })
	after := heap()
	t.Logf("%d MB sent on %d connections, %d receipts held; the heap went from %d KB to %d KB", s.octets.Load()>>20,
		s.conns.Load(), handler.taken.Load(), before>>10, after>>10)
	// 50 receipts of 60 KB may wait, a few batches of 64 KB are under way.
	if after > before+8<<20 {
		t.Errorf("the heap grew by %d KB", (after-before)>>10)
	}
	if n := int(s.conns.Load()); n < 5*len(bombs) {
		t.Errorf("%d connections came, want more than %d", n, 5*len(bombs))
	}
	if took := stop(); took > 3*time.Second {
		t.Errorf("the stop took %v", took)
	}
}

// heap is what is in use after a collection, in octets.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestHostileZeroWindow (row 13): the peer's window is shut, so that a write would wait for ever. It ends by its
// deadline, and the stop of the binds does not wait for the peer either.
func TestHostileZeroWindow(t *testing.T) {
	for _, stopping := range []bool{false, true} {
		smsc, err := smsctest.Listen("127.0.0.1:0", smsctest.Config{})
		if err != nil {
			t.Fatal(err)
		}
		proxy, err := smsctest.ListenProxy("127.0.0.1:0", smsc.Addr().String(), 13)
		if err != nil {
			t.Fatal(err)
		}
		const window = 100 // of long messages: more than all buffers hold
		cfg := bind.Config{Addr: proxy.Addr().String(), Window: window, Lane: window}
		binds, stop := pool(cfg, bind.Deps{Rand: atOnce,
			Dial: func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, addr)
				if err == nil {
					err = conn.(*net.TCPConn).SetWriteBuffer(16 << 10) // a larger one only hides the peer for longer
				}
				return conn, err
			}})
		eventually(t, "the bind is up", binds.Live)
		began := time.Now()
		proxy.Links()[0].StopReading(smsctest.ToSMSC)
		outcomes := make(chan bind.Outcome, window)
		for range window {
			go func() {
				m := pdu.SM{Source: "ACMEBK", Dest: "919800000001",
					TLVs: []pdu.TLV{{Tag: pdu.TagMessagePayload, Value: []byte(strings.Repeat("A", 60_000))}}}
				outcomes <- binds.Submit(context.Background(), &bind.Submission{Deadline: began.Add(time.Minute),
					Segments: []int{1}, SMs: []pdu.SM{m}})
			}()
		}
		took := time.Duration(0)
		if stopping {
			took = stop()
		}
		for range window {
			<-outcomes
		}
		if limit := 2 * time.Second; time.Since(began) > limit || took > limit {
			t.Errorf("stopping %v: the connection was kept for %v, the stop took %v", stopping, time.Since(began), took)
		}
		if why := binds.Snapshot()[0].LastError; !stopping && !strings.Contains(why, "i/o timeout") {
			t.Errorf("the bind went down by %q", why)
		}
		if !stopping {
			eventually(t, "the bind is back", binds.Live)
			stop()
		}
		if proxy.Close() != nil || smsc.Close() != nil {
			t.Error("it does not close")
		}
	}
}

// TestHostileOccupied (row 17): the account is bound already, as by a session that its SMSC has not given up. The next
// tries come at least half a minute apart, and the bind comes up when the place is free.
func TestHostileOccupied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		smsc := smsctest.New(smsctest.Config{MaxBinds: 1})
		old, far := net.Pipe()
		go smsc.ServeConn(far)
		go func() { _, _ = io.Copy(io.Discard, old) }()
		request, err := pdu.AppendBind(nil, pdu.BindTransceiver, 1, &account)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := old.Write(request); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		var dials []time.Duration
		began := time.Now()
		binds, stop := pool(bind.Config{Addr: "smsc:2775"}, bind.Deps{Rand: atOnce,
			Dial: func(context.Context, string, string) (net.Conn, error) {
				dials = append(dials, time.Since(began))
				near, far := net.Pipe()
				go smsc.ServeConn(far)
				return near, nil
			}})
		<-time.After(70 * time.Second)
		if n := smsc.Counters().BindsRefused; n != 3 || binds.Live() {
			t.Errorf("%d binds were refused in 70 s, at %v", n, dials)
		}
		_ = old.Close()
		<-time.After(30 * time.Second)
		if !binds.Live() {
			t.Error("the bind does not come up when its place is free")
		}
		for i := 1; i < len(dials); i++ {
			if dials[i]-dials[i-1] < 30*time.Second {
				t.Errorf("dialled at %v: less than 30 s apart", dials)
			}
		}
		stop()
		if err := smsc.Close(); err != nil {
			t.Error(err)
		}
	})
}
