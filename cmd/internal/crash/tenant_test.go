package crash

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/smpp/sms"
)

// name is a request as its tenant calls it.
type name struct {
	Tenant sms.TenantID
	ID     sms.RequestID
}

// tenant publishes requests, and listens to its statuses while it is connected.
type tenant struct {
	id   sms.TenantID
	conn *nats.Conn
	js   jetstream.JetStream

	mu    sync.Mutex
	heard map[name][]sms.State
}

// connect joins the tenants to a gateway's NATS, or to one outside. They come back by themselves whenever it does.
func (w *world) connect(t *testing.T, url string) {
	t.Helper()
	for _, id := range []sms.TenantID{"acme", "zipkart"} {
		who := &tenant{id: id, heard: map[name][]sms.State{}}
		var err error
		who.conn, err = nats.Connect(url, nats.UserInfo(string(id), password), nats.MaxReconnects(-1),
			nats.ReconnectWait(20*time.Millisecond), nats.ReconnectJitter(0, 0),
			nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})) // that the server is gone is no news
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(who.conn.Close)
		if who.js, err = jetstream.New(who.conn); err != nil {
			t.Fatal(err)
		}
		if _, err := who.conn.Subscribe("sms."+string(id)+".status.>", who.hear); err != nil {
			t.Fatal(err)
		}
		w.tenants[id] = who
	}
}

func (who *tenant) hear(m *nats.Msg) {
	id, state := statusOf(m.Subject, m.Data)
	who.mu.Lock()
	defer who.mu.Unlock()
	who.heard[id] = append(who.heard[id], state)
}

// hears returns the statuses of a request that came while the tenant was connected.
func (who *tenant) hears(id name) []sms.State {
	who.mu.Lock()
	defer who.mu.Unlock()
	return slices.Clone(who.heard[id])
}

// statusOf reads whose status it is, and which. Ids of these tests need no escapes.
func statusOf(subject string, data []byte) (name, sms.State) {
	words := strings.Split(subject, ".") // sms.<tenant>.status.<state>
	_, rest, _ := bytes.Cut(data, []byte(`"id":"`))
	id, _, _ := bytes.Cut(rest, []byte{'"'})
	return name{sms.TenantID(words[1]), sms.RequestID(id)}, sms.State(words[3])
}

// publishTry is how long a tenant waits for JetStream's word before it publishes again.
const publishTry = 400 * time.Millisecond

// publish sends a request like a careful tenant: again, with the same Nats-Msg-Id, until it is acknowledged. A careless
// one tries once.
func (who *tenant) publish(ctx context.Context, r *request) {
	subject := "sms." + string(who.id) + ".send." + r.class.String()
	r.first = time.Now()
	for ctx.Err() == nil {
		try, cancel := context.WithTimeout(ctx, publishTry)
		_, err := who.js.Publish(try, subject, r.body, jetstream.WithMsgID(string(r.ID)), jetstream.WithRetryAttempts(0))
		cancel()
		if err == nil {
			r.acked = time.Now()
			break
		}
		if r.careless {
			return
		}
		select {
		case <-time.After(10*time.Millisecond + rand.N(20*time.Millisecond)):
		case <-ctx.Done():
		}
	}
	if r.copied { // by some fault of the tenant's, without what JetStream knows copies by
		try, cancel := context.WithTimeout(ctx, publishTry)
		defer cancel()
		_, _ = who.js.Publish(try, subject, r.body)
	}
}

// publishAll sends the requests at a pace and returns when each was acknowledged or given up.
func (w *world) publishAll(ctx context.Context, all []*request, perSecond int) {
	var under sync.WaitGroup
	defer under.Wait()
	pace := time.NewTicker(time.Second / time.Duration(perSecond))
	defer pace.Stop()
	for _, r := range all {
		under.Go(func() { w.tenants[r.Tenant].publish(ctx, r) })
		select {
		case <-pace.C:
		case <-ctx.Done():
			return
		}
	}
}
