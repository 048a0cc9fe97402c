package intake

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/cmd/internal/dispatch"
	"harkara/router"
	"harkara/smpp/sms"
)

// TestBegin: who has a delivery, and until when.
func TestBegin(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	for _, tt := range []struct {
		name       string
		deliveries []delivery // of one request
		broken     time.Time
		until      time.Time // zero: it is lost
	}{
		{"one", []delivery{{count: 1, asked: at(0)}}, time.Time{}, at(20)},
		{"asked for before the connection broke", []delivery{{count: 1, asked: at(0)}}, at(1), time.Time{}},
		{"asked for after it", []delivery{{count: 1, asked: at(2)}}, at(1), at(22)},
		{"back, and nobody had it meanwhile", []delivery{{count: 1, asked: at(0)}, {count: 2, asked: at(30)}}, time.Time{}, at(50)},
		{"back from another", []delivery{{count: 1, asked: at(0)}, {count: 3, asked: at(40)}}, time.Time{}, at(20)},
		{"back from another twice", []delivery{{count: 1, asked: at(0)}, {count: 3, asked: at(40)}, {count: 4, asked: at(60)}}, time.Time{}, at(80)},
		{"back by a server that forgot", []delivery{{count: 2, asked: at(0)}, {count: 1, asked: at(40)}}, time.Time{}, at(20)},
		{"back over a connection that broke", []delivery{{count: 1, asked: at(0)}, {count: 2, asked: at(30)}}, at(31), time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := &Intake{cfg: Config{AckWait: 30 * time.Second}, inFlight: map[uint64]*flight{}, broken: tt.broken}
			var lease *sms.Lease
			for i, d := range tt.deliveries {
				l, ok := in.begin(d, share{})
				if ok != (i == 0) {
					t.Fatalf("delivery %d: begun %v", i, ok)
				}
				if i == 0 {
					lease = l
				}
			}
			if tt.until.IsZero() {
				if lease.Held(at(-1000)) {
					t.Error("held")
				}
				return
			}
			if !lease.Held(tt.until.Add(-1)) || lease.Held(tt.until) {
				t.Errorf("not held until %s", tt.until)
			}
		})
	}
}

// TestLong: who renews what.
func TestLong(t *testing.T) {
	now := time.Now()
	in := &Intake{cfg: Config{AckWait: 30 * time.Second}, inFlight: map[uint64]*flight{}}
	for sequence, age := range []time.Duration{0, 9 * time.Second, 10 * time.Second, 19 * time.Second, 20 * time.Second, time.Minute} {
		in.begin(delivery{sequence: uint64(sequence), asked: now.Add(-age)}, share{"acme", sms.OTP})
	}
	got := map[uint64]bool{}
	for _, f := range in.long(now)[share{"acme", sms.OTP}] {
		got[f.sequence] = true
	}
	if len(got) != 2 || !got[2] || !got[3] {
		t.Errorf("renews %v, want those of 10 and 19 s: the younger have time, the older are lost", got)
	}
}

// pair is two gateways' intakes on one server.
type pair struct {
	server *server.Server
	js     jetstream.JetStream // a tenant's
}

const (
	pairWait = 3 * time.Second // AckWait: a full machine lets a process stand for a second
	pairTime = pairWait * 2 / 3
)

func newPair(t *testing.T) *pair {
	t.Helper()
	srv, err := server.NewServer(&server.Options{JetStream: true, StoreDir: t.TempDir(), DontListen: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	p := &pair{server: srv}
	p.js = p.connect(t)
	return p
}

func (p *pair) connect(t *testing.T) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect("", nats.InProcessServer(p.server), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// member is one of the two.
type member struct {
	*desk
	js    jetstream.JetStream
	letGo chan sms.TenantID
	asked chan struct{} // its history was asked
}

func (p *pair) open(t *testing.T) *member {
	t.Helper()
	m := &member{&desk{make(chan sending, 100), make(chan string, 100)}, p.connect(t), make(chan sms.TenantID, 100), make(chan struct{}, 100)}
	in, err := Open(t.Context(), Config{JS: m.js, Replicas: 1, Capacity: 100, Tenants: []router.Tenant{{ID: "acme", Weight: 1}},
		Room: func(sms.TenantID, sms.Class) (int, int) { return 100, 100 }, Dispatch: m.desk, AckWait: pairWait,
		History: func(context.Context, sms.TenantID, sms.RequestID, sms.Key) (Known, error) {
			m.asked <- struct{}{}
			return Known{Past: dispatch.Past{Attempts: 1, Doubt: true}, Found: true, Key: keyOfFirst(t, p.js)}, nil
		},
		Log: slog.New(slog.DiscardHandler), Trace: Trace{LetGo: func(tenant sms.TenantID) { m.letGo <- tenant }}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { in.Run(ctx) })
	t.Cleanup(func() { cancel(); run.Wait() })
	return m
}

// keyOfFirst is the key of the stream's first request.
func keyOfFirst(t *testing.T, js jetstream.JetStream) sms.Key {
	stream, err := js.Stream(t.Context(), Stream)
	if err != nil {
		t.Error(err)
		return sms.Key{}
	}
	raw, err := stream.GetMsg(t.Context(), 1)
	if err != nil {
		t.Error(err)
		return sms.Key{}
	}
	return keyOf(&jetstream.MsgMetadata{Sequence: jetstream.SequencePair{Stream: 1}, Timestamp: raw.Time})
}

func (p *pair) publish(t *testing.T, id string) {
	t.Helper()
	if _, err := p.js.Publish(t.Context(), "sms.acme.send.txn", []byte(body(id))); err != nil {
		t.Fatal(err)
	}
}

// TestWhatTakesLongIsKept: its lease is renewed, and no other gateway gets it.
func TestWhatTakesLongIsKept(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	one := p.open(t)
	p.publish(t, "r1")
	s := <-one.sent
	other := p.open(t)
	for began := time.Now(); time.Since(began) < 2*pairWait; {
		if !s.req.Lease.Held(time.Now()) {
			t.Fatalf("lost after %s", time.Since(began))
		}
		<-time.After(20 * time.Millisecond)
	}
	if len(other.sent) > 0 {
		t.Error("another gateway got it")
	}
	s.answer <- nil
}

// TestConnectionBroken: what was on its way may be another gateway's from then on, and is not given back to JetStream,
// which would take it from that one.
func TestConnectionBroken(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	one := p.open(t)
	p.publish(t, "r1")
	s := <-one.sent
	other := p.open(t)
	id, err := one.js.Conn().GetClientID()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.server.DisconnectClientByID(id); err != nil {
		t.Fatal(err)
	}
	for s.req.Lease.Held(time.Now()) {
		<-time.After(5 * time.Millisecond)
	}
	broken := time.Now()
	s.answer <- errors.New("what followed came to nothing")
	if tenant := <-one.letGo; tenant != "acme" {
		t.Errorf("let go for %q", tenant)
	}
	var again sending
	select { // JetStream brings it when it has waited, to whichever asks
	case again = <-other.sent:
		<-other.asked
	case again = <-one.sent:
		<-one.asked
	}
	if waited := time.Since(broken); waited < pairTime/2 {
		t.Errorf("brought again after %s: it was given back", waited)
	}
	if !again.past.Doubt || !again.req.Lease.Held(time.Now()) {
		t.Errorf("past %+v, held %v", again.past, again.req.Lease.Held(time.Now()))
	}
	again.answer <- nil
}
