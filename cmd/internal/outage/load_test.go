package outage

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// perSecond is the load; it goes on through every outage.
const perSecond = 150

// kinds are what tenants send, in turn. Numbers, names and codes are made up.
var kinds = []struct {
	tenant, header, template, class string
	vars                            []string
}{
	{"acme", "ACMEBK", "1107161234567890123", "otp", []string{"483921", "10"}},
	{"zipkart", "ZIPKRT", "1207161345678901234", "txn", []string{"483921", "5"}},
}

// load is what careful tenants publish: each request again, with the same id, until JetStream acknowledges it.
type load struct {
	clients map[string]jetstream.JetStream // by tenant
	stop    context.CancelFunc
	ended   chan struct{}

	mu    sync.Mutex
	acked map[string]asked // by id
}

// asked is one request.
type asked struct {
	tenant, class, number string
}

func startLoad(t *testing.T, w *world) *load {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	l := &load{clients: map[string]jetstream.JetStream{}, stop: stop, ended: make(chan struct{}), acked: map[string]asked{}}
	for _, k := range kinds {
		conn, err := nats.Connect(w.broker.url(), nats.Name("tenant "+k.tenant), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Close)
		if l.clients[k.tenant], err = jetstream.New(conn); err != nil {
			t.Fatal(err)
		}
	}
	go l.publish(ctx)
	t.Cleanup(func() { stop(); <-l.ended })
	return l
}

// publish sends until ctx ends, and then still insists on what it has begun.
func (l *load) publish(ctx context.Context) {
	defer close(l.ended)
	giveUp, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Minute)
	defer cancel()
	var under sync.WaitGroup
	defer under.Wait()
	pace := time.NewTicker(time.Second / perSecond)
	defer pace.Stop()
	for i := 0; ; i++ {
		select {
		case <-pace.C:
			under.Go(func() { l.insist(giveUp, i) })
		case <-ctx.Done():
			return
		}
	}
}

// insist publishes the i-th request until it is acknowledged.
func (l *load) insist(ctx context.Context, i int) {
	k := kinds[i%len(kinds)]
	id, number := fmt.Sprintf("out-%06d", i), fmt.Sprintf("91%d", 9_300_000_000+i)
	body, err := json.Marshal(map[string]any{"id": id, "to": number, "template": k.template, "header": k.header, "vars": k.vars})
	if err != nil {
		panic(err)
	}
	for ctx.Err() == nil {
		try, cancel := context.WithTimeout(ctx, time.Second)
		_, err := l.clients[k.tenant].Publish(try, "sms."+k.tenant+".send."+k.class, body, jetstream.WithMsgID(id))
		cancel()
		if err == nil {
			l.mu.Lock()
			l.acked[id] = asked{k.tenant, k.class, number}
			l.mu.Unlock()
			return
		}
		select { // JetStream answers at once that it is not there
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// count is how many requests were acknowledged so far.
func (l *load) count() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return uint64(len(l.acked))
}

// end stops the load, waits until all that it began is acknowledged, and returns it by id.
func (l *load) end() map[string]asked {
	l.stop()
	<-l.ended
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.acked)
}
