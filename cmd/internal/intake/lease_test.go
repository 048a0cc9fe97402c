package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/cmd/internal/dispatch"
	"harkara/router"
	"harkara/smpp/sms"
)

// TestBegin: until when a delivery is ours.
func TestBegin(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	for _, tt := range []struct {
		name   string
		broken time.Time // the connection
		until  time.Time
	}{
		{"the connection held", time.Time{}, at(20)},
		{"it broke before", at(-1), at(20)},
		{"it broke since", at(1), time.Time{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := &Intake{cfg: Config{AckWait: 30 * time.Second}, inFlight: map[uint64]*flight{}, broken: tt.broken}
			lease, ok := in.begin(7, nil, at(0), share{})
			if !ok || lease.Held(tt.until) || !tt.until.IsZero() && !lease.Held(tt.until.Add(-1)) {
				t.Errorf("begun %v; held until another time than %s", ok, tt.until)
			}
			if _, ok := in.begin(7, nil, at(100), share{}); ok || lease.Held(tt.until) {
				t.Error("a second delivery was begun, or has renewed what was lost")
			}
			in.endLeases(at(2))
			if lease.Held(at(0)) {
				t.Error("held after the connection broke")
			}
		})
	}
}

// TestLong: who renews what.
func TestLong(t *testing.T) {
	now := time.Now()
	in := &Intake{cfg: Config{AckWait: 30 * time.Second}, inFlight: map[uint64]*flight{}}
	aged := map[*sms.Lease]time.Duration{}
	for sequence, age := range []time.Duration{0, 4 * time.Second, 5 * time.Second, 19 * time.Second, 20 * time.Second, time.Minute} {
		lease, _ := in.begin(uint64(sequence), nil, now.Add(-age), share{"acme", sms.OTP})
		aged[lease] = age
	}
	var ages []time.Duration
	for _, f := range in.long(now)[share{"acme", sms.OTP}] {
		ages = append(ages, aged[f.lease])
	}
	slices.Sort(ages)
	if !slices.Equal(ages, []time.Duration{5 * time.Second, 19 * time.Second}) {
		t.Errorf("renews those of %v: the younger have time, the older are lost", ages)
	}
}

// pair is two gateways' intakes on one server.
type pair struct {
	server *server.Server
	js     jetstream.JetStream // a tenant's
}

const (
	pairWait = 4 * time.Second // AckWait: a full machine lets a process stand for a second
	nakDelay = time.Second     // after which what was given back comes again
)

func newPair(t *testing.T) *pair {
	srv := startServer(t)
	return &pair{srv, connect(t, srv)}
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
	m := &member{&desk{make(chan sending, 100), make(chan string, 100)}, connect(t, p.server), make(chan sms.TenantID, 100), make(chan struct{}, 100)}
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

// TestWhatTakesLongIsKept: leases are renewed, and no other gateway gets the requests, while some of them end.
func TestWhatTakesLongIsKept(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	one := p.open(t)
	var all []sending
	for n := range 20 {
		p.publish(t, fmt.Sprint("r", n))
		all = append(all, <-one.sent)
	}
	other := p.open(t)
	for began := time.Now(); time.Since(began) < pairWait*3/2; {
		for i := range all {
			if !all[i].req.Lease.Held(time.Now()) {
				t.Fatalf("%s is lost after %s", all[i].req.ID, time.Since(began))
			}
		}
		if len(all) > 5 {
			all[0].answer <- nil
			all = all[1:]
		}
		<-time.After(50 * time.Millisecond)
	}
	if len(other.sent) > 0 {
		t.Error("another gateway got one")
	}
	for i := range all {
		all[i].answer <- nil
	}
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
	s.answer <- errors.New("what followed came to nothing")
	ended := time.Now()
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
	if waited := time.Since(ended); waited < 2*nakDelay {
		t.Errorf("brought again after %s: it was given back", waited)
	}
	if !again.past.Doubt || !again.req.Lease.Held(time.Now()) {
		t.Errorf("past %+v, held %v", again.past, again.req.Lease.Held(time.Now()))
	}
	again.answer <- nil
}
