package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/time/rate"

	"harkara/cmd/internal/dispatch"
	"harkara/router"
	"harkara/smpp/sms"
)

// startServer runs a real server in this process.
func startServer(t *testing.T) *server.Server {
	t.Helper()
	srv, err := server.NewServer(&server.Options{JetStream: true, StoreDir: t.TempDir(), DontListen: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	return srv
}

// connect opens a connection that is made anew at once where it breaks.
func connect(t *testing.T, srv *server.Server) jetstream.JetStream {
	t.Helper()
	conn, err := nats.Connect("", nats.InProcessServer(srv), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
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

// desk is a dispatcher that a test answers for.
type desk struct {
	sent     chan sending
	rejected chan string
}

type sending struct {
	req    sms.Request
	past   dispatch.Past
	answer chan error
}

func (d *desk) Send(_ context.Context, req *sms.Request, past dispatch.Past) error {
	s := sending{*req, past, make(chan error)}
	d.sent <- s
	return <-s.answer
}

func (d *desk) Reject(_ context.Context, req *sms.Request, f *sms.Failure) error {
	d.rejected <- fmt.Sprintf("%s %s", req.ID, f.Code)
	return nil
}

type office struct {
	*desk
	js       jetstream.JetStream
	copies   chan sms.TenantID
	remember func(sms.TenantID, sms.RequestID, sms.Key)
	stop     func()
	ended    *sync.WaitGroup
}

// open runs an intake of two tenants until the test ends.
func open(t *testing.T, history History) office {
	t.Helper()
	return reopen(t, connect(t, startServer(t)), history)
}

// reopen runs an intake on a server that has been used before.
func reopen(t *testing.T, js jetstream.JetStream, history History) office {
	t.Helper()
	o := office{&desk{make(chan sending, 100), make(chan string, 100)}, js, make(chan sms.TenantID, 100), nil, nil, nil}
	if history == nil {
		history = func(context.Context, sms.TenantID, sms.RequestID, sms.Key) (Known, error) {
			t.Error("asked what became of a request that is new")
			return Known{}, nil
		}
	}
	in, err := Open(t.Context(), Config{JS: o.js, Replicas: 1, Capacity: 100,
		Tenants: []router.Tenant{{ID: "acme", Weight: 1}, {ID: "zipkart", Weight: 1}},
		Room:    func(sms.TenantID, sms.Class) (int, int) { return 100, 100 }, Dispatch: o.desk, History: history,
		Ours: func(tenant sms.TenantID, id sms.RequestID, proof string) bool {
			return proof == string(tenant)+" "+string(id)
		},
		Log: slog.New(slog.DiscardHandler), Trace: Trace{Copied: func(t sms.TenantID) { o.copies <- t }}})
	if err != nil {
		t.Fatal(err)
	}
	o.remember = in.Remember
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { in.Run(ctx) })
	t.Cleanup(func() { cancel(); run.Wait() })
	o.stop, o.ended = cancel, &run
	return o
}

func (o *office) publish(t *testing.T, subject, body string) {
	t.Helper()
	if _, err := o.js.Publish(t.Context(), subject, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

func body(id string) string {
	return fmt.Sprintf(`{"id":%q,"to":"9812345678","template":"1107161234567890123"}`, id)
}

// left waits until the stream holds n requests.
func (o *office) left(t *testing.T, n uint64) {
	t.Helper()
	var have uint64
	for range time.Tick(5 * time.Millisecond) {
		info, err := o.js.Stream(t.Context(), Stream)
		if err != nil {
			t.Fatalf("stream holds %d, want %d: %v", have, n, err)
		}
		if have = info.CachedInfo().State.Msgs; have == n {
			return
		}
	}
}

func TestAckedOnlyWithItsOutcome(t *testing.T) {
	o := open(t, nil)
	o.publish(t, "sms.acme.send.otp", body("r1"))
	s := <-o.sent
	if s.req.Tenant != "acme" || s.req.Class != sms.OTP || s.req.ID != "r1" || s.past != (dispatch.Past{}) {
		t.Errorf("got %+v %+v", s.req, s.past)
	}
	if s.req.Key.Version() != 7 {
		t.Errorf("key %s is of version %d", s.req.Key, s.req.Key.Version())
	}
	o.left(t, 1)
	s.answer <- nil
	o.left(t, 0)
}

func TestBroughtAgainAfterAFailure(t *testing.T) {
	asked := make(chan sms.RequestID, 1)
	keys := map[sms.RequestID]sms.Key{}
	o := open(t, func(_ context.Context, _ sms.TenantID, id sms.RequestID, _ sms.Key) (Known, error) {
		asked <- id
		return Known{Found: true, Key: keys[id], Past: dispatch.Past{Attempts: 1, Doubt: true}}, nil
	})
	o.publish(t, "sms.acme.send.txn", body("r1"))
	first := <-o.sent
	keys["r1"] = first.req.Key
	first.answer <- errors.New("ledger is down")
	second := <-o.sent
	// Not from 2 on: a gateway that stood still may be about to append its second.
	if id, n := <-asked, second.past.Attempts; id != "r1" || n < 256 || n%256 != 0 || second.past != (dispatch.Past{Attempts: n, Doubt: true}) {
		t.Errorf("asked for %s, past %+v", id, second.past)
	}
	if first.req.Key != second.req.Key {
		t.Errorf("keys differ: %s, %s", first.req.Key, second.req.Key)
	}
	second.answer <- nil
	o.left(t, 0)
}

func TestBooksSilent(t *testing.T) {
	o := open(t, func(context.Context, sms.TenantID, sms.RequestID, sms.Key) (Known, error) {
		return Known{}, errors.New("PostgreSQL is down")
	})
	o.publish(t, "sms.acme.send.otp", body("r1"))
	(<-o.sent).answer <- errors.New("ledger is down")
	s := <-o.sent
	// By the tenths of a second since the request: 256 for the first, 512 for the second.
	if n := s.past.Attempts; n < 256 || n%256 != 0 || s.past != (dispatch.Past{Attempts: n, Doubt: true}) {
		t.Errorf("past %+v: what can't be told is in doubt", s.past)
	}
	s.answer <- nil
	o.left(t, 0)
}

func TestEndedAlready(t *testing.T) {
	o := open(t, func(context.Context, sms.TenantID, sms.RequestID, sms.Key) (Known, error) {
		return Known{Ended: true}, nil
	})
	o.publish(t, "sms.acme.send.otp", body("r1"))
	(<-o.sent).answer <- errors.New("the acknowledgement was lost")
	o.left(t, 0)
	if len(o.sent) > 0 {
		t.Error("sent again although it had its outcome")
	}
}

func TestCopyIsDropped(t *testing.T) {
	o := open(t, nil)
	o.publish(t, "sms.acme.send.otp", body("r1"))
	s := <-o.sent
	o.publish(t, "sms.acme.send.otp", body("r1")) // while the first is on its way
	<-o.copies
	o.left(t, 1)
	s.answer <- nil
	o.left(t, 0)
	o.publish(t, "sms.acme.send.bulk", body("r1")) // and later, by another lane
	<-o.copies
	o.publish(t, "sms.zipkart.send.otp", body("r1")) // but not another tenant's
	s = <-o.sent
	s.answer <- nil
	o.left(t, 0)
	if len(o.sent) > 0 {
		t.Error("a copy was sent")
	}
}

func TestMalformedIsRejectedOnce(t *testing.T) {
	o := open(t, nil)
	o.publish(t, "sms.acme.send.otp", `{"to":`)
	if got := <-o.rejected; got != "1 bad_request" {
		t.Errorf("rejected %q, want the stream's sequence as id", got)
	}
	o.publish(t, "sms.acme.send.otp", `{"id":"r2","to":"12345","template":"1"}`)
	if got := <-o.rejected; got != "r2 bad_number" {
		t.Errorf("rejected %q", got)
	}
	o.left(t, 0)
}

// TestFirstDeliveryFromBeforeTheStart: after a crash JetStream may bring what was on its way as if for the first time.
func TestFirstDeliveryFromBeforeTheStart(t *testing.T) {
	js := connect(t, startServer(t))
	for _, r := range []struct {
		id   string
		know func(sms.Key) (Known, error)
		past dispatch.Past
		sent bool
	}{
		{"planned", func(k sms.Key) (Known, error) {
			return Known{Found: true, Key: k, Past: dispatch.Past{Attempts: 1, Doubt: true}}, nil
		}, dispatch.Past{Attempts: 1, Doubt: true}, true},
		{"ended", func(k sms.Key) (Known, error) { return Known{Found: true, Key: k, Ended: true}, nil }, dispatch.Past{}, false},
		{"unknown", func(sms.Key) (Known, error) { return Known{}, nil }, dispatch.Past{}, true},
		{"books-silent", func(sms.Key) (Known, error) { return Known{}, errors.New("PostgreSQL is down") },
			dispatch.Past{Doubt: true}, true},
		{"copy", func(sms.Key) (Known, error) { return Known{Found: true, Key: sms.Key{1}}, nil }, dispatch.Past{}, false},
	} {
		t.Run(r.id, func(t *testing.T) {
			if _, err := js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{Name: Stream,
				Subjects: []string{"sms.*.send.*"}, Retention: jetstream.WorkQueuePolicy}); err != nil {
				t.Fatal(err)
			}
			ack, err := js.Publish(t.Context(), "sms.acme.send.otp", []byte(body(r.id)))
			if err != nil {
				t.Fatal(err)
			}
			stream, err := js.Stream(t.Context(), Stream)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := stream.GetMsg(t.Context(), ack.Sequence)
			if err != nil {
				t.Fatal(err)
			}
			key := keyOf(&jetstream.MsgMetadata{Sequence: jetstream.SequencePair{Stream: ack.Sequence}, Timestamp: raw.Time})
			o := reopen(t, js, func(context.Context, sms.TenantID, sms.RequestID, sms.Key) (Known, error) { return r.know(key) })
			if r.sent {
				s := <-o.sent
				if s.past != r.past || s.req.Key != key {
					t.Errorf("past %+v key %s, want %+v %s", s.past, s.req.Key, r.past, key)
				}
				s.answer <- nil
			}
			o.left(t, 0)
			if len(o.sent) > 0 {
				t.Error("sent, although the books say that it must not be")
			}
		})
	}
}

func TestRememberedFromBeforeTheStart(t *testing.T) {
	asked := make(chan struct{}, 1)
	o := open(t, func(context.Context, sms.TenantID, sms.RequestID, sms.Key) (Known, error) {
		asked <- struct{}{}
		return Known{}, nil
	})
	var k sms.Key
	k[15] = 99 // taken from the stream as number 99
	o.remember("acme", "old", k)
	k[15] = 1
	o.remember("acme", "r1", k)
	o.publish(t, "sms.acme.send.otp", body("r1")) // number 1: the very request, brought again after a crash
	s := <-o.sent
	<-asked
	s.answer <- nil
	o.publish(t, "sms.acme.send.otp", body("old")) // number 2: a copy
	<-o.copies
	o.left(t, 0)
}

// TestStopFinishesWhatWasTaken: a stopping gateway sees through what it has, and takes nothing more.
func TestStopFinishesWhatWasTaken(t *testing.T) {
	o := open(t, nil)
	o.publish(t, "sms.acme.send.otp", body("r1"))
	s := <-o.sent
	o.stop()
	o.publish(t, "sms.zipkart.send.otp", body("r2"))
	s.answer <- nil
	o.ended.Wait()
	o.left(t, 1)
	if len(o.sent) > 0 {
		t.Error("taken after the stop")
	}
}

// TestBooksSilentForWhatCanWait: a request that is no code stays in the stream until the books can tell.
func TestBooksSilentForWhatCanWait(t *testing.T) {
	tries := 0
	o := open(t, func(context.Context, sms.TenantID, sms.RequestID, sms.Key) (Known, error) {
		if tries++; tries == 1 {
			return Known{}, errors.New("PostgreSQL is down")
		}
		return Known{Ended: true}, nil
	})
	o.publish(t, "sms.acme.send.txn", body("r1"))
	(<-o.sent).answer <- errors.New("the acknowledgement was lost")
	o.left(t, 0)
	if tries != 2 || len(o.sent) > 0 {
		t.Errorf("asked %d times, sent %d times more", tries, len(o.sent))
	}
}

// TestMadeUpIDIsNobodys: the sequence that stands for an unreadable id is not taken for a tenant's own id.
// TestTheOTPServicesIDs: who has not its proof can't publish under them.
func TestTheOTPServicesIDs(t *testing.T) {
	o := open(t, nil)
	o.publish(t, "sms.acme.send.otp", body("otp.abc.1"))
	if got := <-o.rejected; got != "1 bad_request" {
		t.Errorf("without a proof: %s", got)
	}
	for _, proof := range []string{"zipkart otp.abc.1", "acme otp.abc.1"} {
		msg := &nats.Msg{Subject: "sms.acme.send.otp", Data: []byte(body("otp.abc.1")), Header: nats.Header{OursHeader: {proof}}}
		if _, err := o.js.PublishMsg(t.Context(), msg); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-o.rejected; got != "2 bad_request" {
		t.Errorf("with another's proof: %s", got)
	}
	sent := <-o.sent
	sent.answer <- nil
	if sent.req.ID != "otp.abc.1" {
		t.Errorf("sent %q", sent.req.ID)
	}
}

func TestMadeUpIDIsNobodys(t *testing.T) {
	o := open(t, nil)
	o.publish(t, "sms.acme.send.otp", `{"id":`)
	if got := <-o.rejected; got != "1 bad_request" {
		t.Errorf("rejected %q", got)
	}
	o.publish(t, "sms.acme.send.otp", body("1"))
	(<-o.sent).answer <- nil
	o.left(t, 0)
	o.publish(t, "sms.acme.send.otp", body("4"))
	(<-o.sent).answer <- nil
	o.publish(t, "sms.acme.send.otp", `{"id":`)
	if got := <-o.rejected; got != "4 bad_request" {
		t.Errorf("rejected %q", got)
	}
}

// TestSlowTenantHoldsLittle: one whose rate is low pulls no more than it may send at once.
func TestSlowTenantHoldsLittle(t *testing.T) {
	in := &Intake{cfg: Config{Room: func(sms.TenantID, sms.Class) (int, int) { return 50, 80 }},
		limits: map[sms.TenantID]*rate.Limiter{"slow": rate.NewLimiter(1, 1)},
		shares: map[share]int{{"busy", sms.OTP}: 70, {"full", sms.OTP}: 80}}
	for tenant, want := range map[sms.TenantID]int{"slow": 1, "busy": 10, "full": 0, "idle": 50} {
		if got := in.can(tenant, sms.OTP); got != want {
			t.Errorf("%s may ask for %d, want %d", tenant, got, want)
		}
	}
}
