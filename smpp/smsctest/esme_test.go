package smsctest

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"harkara/smpp/pdu"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// esme is a raw client: what it sends is made by hand, what comes is kept with its time.
type esme struct {
	t      *testing.T
	conn   net.Conn
	frames chan arrival
}

// arrival is one PDU and when it came, since the SMSC's start.
type arrival struct {
	pdu.Header
	frame pdu.Frame
	at    time.Duration
}

// connect joins a client to s by a pipe; it must be called in a synctest bubble.
func connect(t *testing.T, s *SMSC) *esme {
	t.Helper()
	near, far := net.Pipe()
	go s.ServeConn(far)
	c := &esme{t: t, conn: near, frames: make(chan arrival, 10_000)}
	go func() {
		defer close(c.frames)
		for r := pdu.NewReader(near); ; {
			batch, err := r.NextBatch(nil)
			if err != nil {
				return
			}
			for _, f := range batch {
				c.frames <- arrival{f.Header(), f, s.now()}
			}
		}
	}()
	t.Cleanup(func() { _ = near.Close() })
	return c
}

// bound joins a client by a bind of the given kind, which has to succeed.
func bound(t *testing.T, s *SMSC, id pdu.CommandID) *esme {
	t.Helper()
	c := connect(t, s)
	c.bind(id, "esme", "secret", 1)
	if got := c.want(id.Response(), 1); got.Status != pdu.ESME_ROK {
		t.Fatalf("the bind is answered %s", got.Status)
	}
	return c
}

func (c *esme) send(octets []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(octets); err != nil {
		c.t.Fatalf("write: %v", err)
	}
	synctest.Wait()
}

func (c *esme) bind(id pdu.CommandID, systemID, password string, seq uint32) {
	c.t.Helper()
	b := pdu.Bind{SystemID: systemID, Password: secret(password), InterfaceVersion: pdu.InterfaceVersion34}
	octets, err := pdu.AppendBind(nil, id, seq, &b)
	if err != nil {
		c.t.Fatal(err)
	}
	c.send(octets)
}

func (c *esme) submit(seq uint32, m pdu.SM) {
	c.t.Helper()
	c.send(submitSM(c.t, seq, m))
}

func (c *esme) header(id pdu.CommandID, status pdu.Status, seq uint32) {
	c.t.Helper()
	c.send(pdu.AppendHeader(nil, id, status, seq))
}

// ack answers a deliver_sm.
func (c *esme) ack(seq uint32, status pdu.Status) {
	c.t.Helper()
	c.send(pdu.AppendResp(nil, pdu.DeliverSMResp, status, seq, ""))
}

// next waits for a PDU, however long by the bubble's clock it takes; at the end of the connection it fails.
func (c *esme) next() arrival {
	c.t.Helper()
	a, ok := <-c.frames
	if !ok {
		c.t.Fatal("the connection is closed, a PDU was awaited")
	}
	return a
}

// want waits for a PDU and holds it against command and sequence number.
func (c *esme) want(id pdu.CommandID, seq uint32) arrival {
	c.t.Helper()
	a := c.next()
	if a.ID != id || a.Seq != seq {
		c.t.Fatalf("got %s seq %d, want %s seq %d", a.ID, a.Seq, id, seq)
	}
	return a
}

// accepted waits for the submit_sm_resp of seq, which accepts, and gives its id and time.
func (c *esme) accepted(seq uint32) (string, time.Duration) {
	c.t.Helper()
	a := c.want(pdu.SubmitSMResp, seq)
	id, err := pdu.ParseMessageID(a.frame)
	if err != nil || a.Status != pdu.ESME_ROK || id == "" {
		c.t.Fatalf("submit_sm %d: status %s, id %q, error %v", seq, a.Status, id, err)
	}
	return id, a.at
}

// receipt waits for a deliver_sm and parses it.
func (c *esme) receipt() (arrival, pdu.SM) {
	c.t.Helper()
	a := c.next()
	if a.ID != pdu.DeliverSM {
		c.t.Fatalf("got %s seq %d, want deliver_sm", a.ID, a.Seq)
	}
	var m pdu.SM
	if err := pdu.ParseSM(a.frame, &m); err != nil {
		c.t.Fatal(err)
	}
	return a, m
}

// quiet asserts that nothing more has come.
func (c *esme) quiet() {
	c.t.Helper()
	synctest.Wait()
	if n := len(c.frames); n > 0 {
		a := <-c.frames
		c.t.Fatalf("%d PDUs came that nobody awaits, the first is %s seq %d %s", n, a.ID, a.Seq, a.Status)
	}
}

// closed asserts that the SMSC closes the connection with nothing more.
func (c *esme) closed() {
	c.t.Helper()
	if a, ok := <-c.frames; ok {
		c.t.Fatalf("got %s seq %d, want the end of the connection", a.ID, a.Seq)
	}
}

func submitSM(t testing.TB, seq uint32, m pdu.SM) []byte {
	t.Helper()
	octets, err := pdu.AppendSM(nil, pdu.SubmitSM, seq, &m)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

// text is a submit_sm as the gateway would make it; numbers and texts are made up.
func text(to, octets string) pdu.SM {
	return pdu.SM{
		SourceTON: 5, Source: "ACMEBK", DestTON: 1, DestNPI: 1, Dest: to,
		RegisteredDelivery: 1, ShortMessage: []byte(octets),
	}
}

// counters asserts that a set of counters is as wanted, after everything under way at this instant is done.
func counters(t *testing.T, s *SMSC, want Counters) {
	t.Helper()
	synctest.Wait()
	got := s.Counters()
	if want.Faults == nil {
		want.Faults = map[string]uint64{}
	}
	if g, w := toJSON(t, got), toJSON(t, want); g != w {
		t.Errorf("counters\n got %s\nwant %s", g, w)
	}
}

// bubble runs a test in a synctest bubble with an SMSC that is closed at the end.
func bubble(t *testing.T, cfg Config, test func(t *testing.T, s *SMSC)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := New(cfg)
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
		test(t, s)
	})
}

// with gives a configuration with one fault that always happens.
func with(f Fault, cfg Config) Config {
	cfg.Faults = map[Fault]float64{f: 1}
	return cfg
}
