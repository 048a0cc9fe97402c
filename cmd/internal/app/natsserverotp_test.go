package app

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"harkara/smpp/sms"
)

// microService serves sms.*.otp.verify as the gateway does; it answers with the subject it was called on, when answer
// lets it.
func microService(t *testing.T, b *broker, answer <-chan struct{}) micro.Service {
	t.Helper()
	svc, err := micro.AddService(b.conn, micro.Config{Name: "otp", Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = svc.Stop() }) // the connection may be closed by then
	err = svc.AddEndpoint("verify", micro.HandlerFunc(func(r micro.Request) {
		go func() {
			<-answer
			if err := r.Respond([]byte(r.Subject())); err != nil {
				t.Errorf("answer: %v", err)
			}
		}()
	}), micro.WithEndpointSubject("sms.*.otp.verify"))
	if err != nil || b.conn.Flush() != nil {
		t.Fatal(err)
	}
	return svc
}

// atOnce lets every answer out.
func atOnce() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// answers asks on a subject and returns the ids of the services that answer; it waits for so many.
func answers(t *testing.T, conn *nats.Conn, subject string, count int) []string {
	t.Helper()
	inbox := conn.NewInbox()
	sub, err := conn.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.PublishRequest(subject, inbox, nil); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for range count {
		m, err := sub.NextMsg(patience)
		if err != nil {
			t.Fatalf("%s: %d answers, then %v", subject, len(ids), err)
		}
		var a micro.Ping
		if err := json.Unmarshal(m.Data, &a); err != nil || a.Name != "otp" {
			t.Fatalf("%s: %s, %v", subject, m.Data, err)
		}
		ids = append(ids, a.ID)
	}
	slices.Sort(ids)
	return ids
}

// TestTenantFindsServices: as `nats micro ls`, info and ping ask. Each process of a service answers.
func TestTenantFindsServices(t *testing.T) {
	b, _ := startBroker(t, brokerConfig(t.TempDir()))
	one, two := microService(t, b, atOnce()).Info().ID, microService(t, b, atOnce()).Info().ID
	both := []string{one, two}
	slices.Sort(both)
	for _, id := range []string{"acme", "zipkart"} {
		conn, faults := tenant(t, b, id)
		for _, tt := range []struct {
			subject string
			want    []string
		}{
			{"$SRV.PING", both}, {"$SRV.PING.otp", both}, {"$SRV.PING.otp." + one, []string{one}},
			{"$SRV.INFO", both}, {"$SRV.INFO.otp", both}, {"$SRV.INFO.otp." + two, []string{two}},
		} {
			if got := answers(t, conn, tt.subject, len(tt.want)); !slices.Equal(got, tt.want) {
				t.Errorf("%s: %s was answered by %v, want %v", id, tt.subject, got, tt.want)
			}
		}
		if len(faults) > 0 {
			t.Errorf("%s: refused: %v", id, <-faults)
		}
	}
}

// TestOTPCallsAreApart: a tenant calls the service under its own name and no other, also by way of a reply subject.
func TestOTPCallsAreApart(t *testing.T) {
	b, _ := startBroker(t, brokerConfig(t.TempDir()))
	microService(t, b, atOnce())
	called, err := b.conn.SubscribeSync("sms.*.otp.*")
	if err != nil || b.conn.Flush() != nil {
		t.Fatal(err)
	}
	conn, _ := tenant(t, b, "acme")
	for subject, reply := range map[string]string{"sms.zipkart.otp.verify": "", "$SRV.PING": "sms.zipkart.otp.verify",
		"$SRV.INFO": "sms.zipkart.otp.event.verified", "sms.acme.send.otp": "sms.zipkart.otp.verify"} {
		if err := conn.PublishMsg(&nats.Msg{Subject: subject, Reply: reply, Data: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Request("sms.acme.send.otp", []byte("{}"), patience); err != nil { // the stream answers in order
		t.Fatal(err)
	}
	m, err := conn.Request("sms.acme.otp.verify", []byte("last"), patience)
	if err != nil || string(m.Data) != "sms.acme.otp.verify" {
		t.Fatalf("%+v, %v", m, err)
	}
	if m, err := called.NextMsg(patience); err != nil || m.Subject != "sms.acme.otp.verify" || string(m.Data) != "last" {
		t.Errorf("the service was called by %+v, %v; want the last call alone", m, err)
	}
	if n, _, err := called.Pending(); n != 0 || err != nil {
		t.Errorf("%d more calls, %v", n, err)
	}
}

// TestOTPEventsAreApart: each tenant hears of its own challenges, on each of the two ways to subscribe.
func TestOTPEventsAreApart(t *testing.T) {
	b, _ := startBroker(t, brokerConfig(t.TempDir()))
	conn, faults := tenant(t, b, "acme")
	for _, subject := range []string{"sms.acme.otp.event.*", "sms.acme.otp.event.>", "sms.acme.otp.event.verified"} {
		sub, err := conn.SubscribeSync(subject)
		if err != nil || conn.Flush() != nil {
			t.Fatal(err)
		}
		for _, published := range []string{"sms.zipkart.otp.event.verified", "sms.acme.otp.event.verified"} {
			if err := b.conn.Publish(published, []byte(published)); err != nil || b.conn.Flush() != nil {
				t.Fatal(err)
			}
		}
		if m, err := sub.NextMsg(patience); err != nil || string(m.Data) != "sms.acme.otp.event.verified" {
			t.Errorf("%s: heard %+v, %v", subject, m, err)
		}
	}
	if len(faults) > 0 {
		t.Errorf("refused: %v", <-faults)
	}
}

// TestOTPAnswersMayBeLate: the server forgets where a call's answer belongs after a time; a call to the OTP service takes
// up to ten seconds.
func TestOTPAnswersMayBeLate(t *testing.T) {
	b, _ := startBroker(t, brokerConfig(t.TempDir()))
	gateway, err := b.server.LookupAccount(gatewayAccount)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []sms.TenantID{"acme", "zipkart"} {
		kept, err := gateway.ServiceExportResponseThreshold("sms." + string(id) + ".otp.*")
		if err != nil || kept < time.Minute {
			t.Errorf("of tenant %s it is kept for %s, %v", id, kept, err)
		}
	}
	answer := make(chan struct{})
	microService(t, b, answer)
	conn, _ := tenant(t, b, "acme")
	if m, err := conn.Request("sms.acme.otp.verify", nil, 50*time.Millisecond); !errors.Is(err, nats.ErrTimeout) {
		t.Errorf("%+v, %v; want %v while it is at work", m, err, nats.ErrTimeout)
	}
	inbox, err := conn.SubscribeSync(conn.NewInbox())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.PublishRequest("sms.acme.otp.verify", inbox.Subject, nil); err != nil || conn.Flush() != nil {
		t.Fatal(err)
	}
	close(answer)
	if m, err := inbox.NextMsg(patience); err != nil || string(m.Data) != "sms.acme.otp.verify" {
		t.Errorf("late answer %+v, %v", m, err)
	}
}
