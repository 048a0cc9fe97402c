package smsctest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"harkara/smpp/pdu"
)

// viaProxy joins a client to an SMSC without receipts, by a proxy.
func viaProxy(t *testing.T) (*Proxy, *client) {
	t.Helper()
	s, err := Listen("127.0.0.1:0", Config{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := ListenProxy("127.0.0.1:0", s.Addr().String(), 1)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		for _, closer := range []io.Closer{p, p, s} { // a second Close does nothing
			if err := closer.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	c := &client{t, conn, pdu.NewReader(conn)}
	c.send(pdu.AppendHeader(nil, pdu.EnquireLink, pdu.ESME_ROK, 1))
	c.want("enquire_link_resp 1")
	return p, c
}

// client is the gateway's side of a link.
type client struct {
	t    *testing.T
	conn net.Conn
	r    *pdu.Reader
}

func (c *client) send(octets []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(octets); err != nil {
		c.t.Fatal(err)
	}
}

// enquire sends enquire_link with the numbers, in one write.
func (c *client) enquire(numbers ...uint32) {
	c.t.Helper()
	var octets []byte
	for _, n := range numbers {
		octets = pdu.AppendHeader(octets, pdu.EnquireLink, pdu.ESME_ROK, n)
	}
	c.send(octets)
}

// want reads PDUs that are expected: "enquire_link_resp 1, generic_nack 2".
func (c *client) want(list string) {
	c.t.Helper()
	var got []string
	for range strings.Split(list, ", ") {
		f, err := c.r.Next()
		if err != nil {
			c.t.Fatalf("%v after %v, want %s", err, got, list)
		}
		got = append(got, fmt.Sprintf("%s %d", f.Header().ID, f.Header().Seq))
	}
	if strings.Join(got, ", ") != list {
		c.t.Errorf("got %v, want %s", got, list)
	}
}

// silence expects that nothing comes for a little while, and that the connection stays.
func (c *client) silence() {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if f, err := c.r.Next(); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Errorf("got %v and %v, want silence", f, err)
	}
	_ = c.conn.SetReadDeadline(time.Time{})
}

func answer(seq uint32) []byte { return pdu.AppendHeader(nil, pdu.EnquireLinkResp, pdu.ESME_ROK, seq) }

func TestProxyScripts(t *testing.T) {
	for _, test := range []struct {
		name   string
		script Script // of enquire_link_resp
		want   string // of the answers to enquire_link 2, 3, 4
	}{
		{"pass", Pass, "enquire_link_resp 2, enquire_link_resp 3, enquire_link_resp 4"},
		{"drop", func(l *Link, w Way, f pdu.Frame) {
			if f.Header().Seq != 3 {
				l.Send(w, f)
			}
		}, "enquire_link_resp 2, enquire_link_resp 4"},
		{"duplicate", func(l *Link, w Way, f pdu.Frame) {
			l.Send(w, f)
			l.Send(w, f)
		}, "enquire_link_resp 2, enquire_link_resp 2, enquire_link_resp 3, enquire_link_resp 3, enquire_link_resp 4, enquire_link_resp 4"},
		{"replace", func(l *Link, w Way, f pdu.Frame) { l.Send(w, answer(f.Header().Seq+100)) },
			"enquire_link_resp 102, enquire_link_resp 103, enquire_link_resp 104"},
		{"reorder", func(l *Link, w Way, f pdu.Frame) {
			l.SendAfter(time.Duration(5-f.Header().Seq)*100*time.Millisecond, w, f)
		}, "enquire_link_resp 4, enquire_link_resp 3, enquire_link_resp 2"},
		{"octet by octet", func(l *Link, w Way, f pdu.Frame) {
			for i := range f {
				l.Send(w, f[i:i+1])
			}
		}, "enquire_link_resp 2, enquire_link_resp 3, enquire_link_resp 4"},
		{"insert the other way", func(l *Link, w Way, f pdu.Frame) {
			if f.Header().Seq == 4 {
				l.Send(ToSMSC, pdu.AppendHeader(nil, pdu.EnquireLink, pdu.ESME_ROK, 104))
			}
			l.Send(w, f)
		}, "enquire_link_resp 2, enquire_link_resp 3, enquire_link_resp 4, enquire_link_resp 104"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, c := viaProxy(t)
			p.Follow(func(l *Link, w Way, f pdu.Frame) {
				if w == FromSMSC {
					test.script(l, w, f)
				} else {
					l.Send(w, f)
				}
			})
			c.enquire(2, 3, 4)
			c.want(test.want)
			c.silence()
		})
	}
}

func TestProxyHolds(t *testing.T) {
	p, c := viaProxy(t)
	held := make(chan pdu.Frame, 1)
	p.Follow(func(l *Link, w Way, f pdu.Frame) {
		if w == FromSMSC && f.Header().Seq == 2 {
			held <- f
			return
		}
		l.Send(w, f)
	})
	c.enquire(2, 3)
	c.want("enquire_link_resp 3")
	c.silence()
	p.Links()[0].Send(FromSMSC, <-held)
	c.want("enquire_link_resp 2")
}

// TestProxyShape keeps latency and order, and the rate.
func TestProxyShape(t *testing.T) {
	p, c := viaProxy(t)
	p.Shape(Shape{Latency: 30 * time.Millisecond, Jitter: 20 * time.Millisecond})
	began := time.Now()
	c.enquire(2, 3, 4)
	c.want("enquire_link_resp 2, enquire_link_resp 3, enquire_link_resp 4")
	if took := time.Since(began); took < 60*time.Millisecond {
		t.Errorf("there and back took %v, want at least 60ms", took)
	}
	p.Shape(Shape{Rate: 1600})
	began = time.Now()
	for n := range uint32(10) {
		c.enquire(10 + n)
	}
	for n := range 10 {
		c.want(fmt.Sprintf("enquire_link_resp %d", 10+n))
	}
	if took := time.Since(began); took < 90*time.Millisecond { // nothing goes before the first
		t.Errorf("160 octets at 1600 a second took %v", took)
	}
}

func TestProxyCut(t *testing.T) {
	p, c := viaProxy(t)
	l := p.Links()[0]
	l.Cut()
	l.Cut()
	<-l.Left()
	if _, err := c.r.Next(); err == nil {
		t.Error("the connection goes on after Cut")
	}
	if p.Made() != 1 || l.N != 1 {
		t.Errorf("%d links were made, this one is %d", p.Made(), l.N)
	}
}

// TestProxyBlack keeps both connections open and forwards nothing; the SMSC does not learn that the gateway has gone.
func TestProxyBlack(t *testing.T) {
	p, c := viaProxy(t)
	l := p.Links()[0]
	l.Black()
	c.enquire(2)
	c.silence()
	_ = c.conn.Close()
	<-l.Left()
	if len(p.Links()) != 1 {
		t.Error("the link to the SMSC is gone")
	}
}

// TestProxyStopsReading lets the sender's window close, and reads on where it stopped.
func TestProxyStopsReading(t *testing.T) {
	p, c := viaProxy(t)
	l := p.Links()[0]
	l.StopReading(ToSMSC)
	l.StopReading(ToSMSC)
	unknown := pdu.Frame(make([]byte, pdu.MaxLength))
	copy(unknown, []byte{0, 1, 0, 0, 0, 0, 0, 0x99, 0, 0, 0, 0, 0, 0, 0, 7})
	many := bytes.Repeat(unknown, 1000)
	_ = c.conn.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	n, err := c.conn.Write(many)
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d octets were written and %v", n, err)
	}
	l.ReadOn(ToSMSC)
	l.ReadOn(ToSMSC)
	for range n / pdu.MaxLength {
		c.want("generic_nack 7")
	}
}

func TestProxyOfAnAbsentSMSC(t *testing.T) {
	p, err := ListenProxy("127.0.0.1:0", "127.0.0.1:1", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	conn, err := net.Dial("tcp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the connection stays open")
	}
	if _, err := ListenProxy(p.Addr().String(), "127.0.0.1:1", 1); err == nil {
		t.Error("two proxies listen at one address")
	}
}
