package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/time/rate"

	"harkara/smpp/sms"
)

// Load is what tenants publish.
type Load struct {
	Messages int
	Rate     int // a second; 0: as fast as JetStream takes them
	Seed     uint64
	Class    string // of the requests; empty: otp
	Numbers  int64  // the first of the made-up numbers, ten digits; 0: one that comes from the seed
}

// idPrefix is how the ids of the load's requests begin.
func (l Load) idPrefix() string { return fmt.Sprintf("demo-%d-", l.Seed) }

func (l Load) class() string { return orElse(l.Class, "otp") }

// number is the made-up number of the load's i-th request, from 0; each has one of its own.
func (l Load) number(i int) string {
	first := l.Numbers
	if first == 0 {
		first = 6_000_000_000 + rand.New(rand.NewPCG(l.Seed, 0)).Int64N(3_000_000_000)
	}
	return fmt.Sprintf("91%d", first+int64(i))
}

// request is one of the sample register's templates as a tenant uses it. Names and codes are made up.
type request struct {
	tenant, template, header string
	vars                     func(*rand.Rand) []string
}

var mix = []request{
	{"acme", "1107161234567890123", "ACMEBK", func(r *rand.Rand) []string { return []string{code(r), "10"} }},
	{"zipkart", "1207161345678901234", "ZIPKRT", func(r *rand.Rand) []string { return []string{code(r), "5"} }},
}

func code(r *rand.Rand) string { return fmt.Sprintf("%06d", r.IntN(1_000_000)) }

// tenantClient is one tenant: it publishes its part of the load and follows its statuses.
type tenantClient struct {
	id   string
	conn *nats.Conn
	js   jetstream.JetStream

	mu        sync.Mutex
	published map[string]time.Time // by request id
	submitted int                  // statuses "submitted"
	ended     map[string]bool      // requests with any other status
	delivered []time.Duration      // from publication to the status "delivered"
}

func (w *World) tenant(id string) (*tenantClient, error) {
	conn, err := nats.Connect("nats://"+w.Config.NATS.Listen, nats.UserInfo(id, password), nats.Name("demo tenant "+id),
		nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	if err != nil {
		return nil, fmt.Errorf("tenant %s: %w", id, err)
	}
	js, err := jetstream.New(conn, jetstream.WithPublishAsyncMaxPending(1000))
	if err != nil {
		return nil, err
	}
	t := &tenantClient{id: id, conn: conn, js: js, published: map[string]time.Time{}, ended: map[string]bool{}}
	sub, err := conn.Subscribe("sms."+id+".status.>", t.status)
	if err != nil {
		return nil, fmt.Errorf("tenant %s: %w", id, err)
	}
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		return nil, err
	}
	return t, conn.Flush()
}

// status takes one status of the tenant's.
func (t *tenantClient) status(m *nats.Msg) {
	now := time.Now()
	id := idOf(m.Data)
	state := sms.State(m.Subject[strings.LastIndexByte(m.Subject, '.')+1:])
	t.mu.Lock()
	defer t.mu.Unlock()
	at, ours := t.published[id]
	if !ours {
		return
	}
	if state == sms.Submitted {
		t.submitted++
	} else {
		t.ended[id] = true
	}
	if state == sms.Delivered {
		t.delivered = append(t.delivered, now.Sub(at))
	}
}

// idOf finds the id in a status, without reading the rest: the load shares the machine with what it measures. Ids of
// a load need no escapes.
func idOf(status []byte) string {
	_, rest, _ := bytes.Cut(status, []byte(`"id":"`))
	id, _, _ := bytes.Cut(rest, []byte{'"'})
	return string(id)
}

// publish sends the load's requests, each to a number of its own, spread over the tenants in turn.
func (w *World) publish(ctx context.Context, load Load, tenants map[string]*tenantClient) error {
	r := rand.New(rand.NewPCG(load.Seed, load.Seed))
	limit := rate.NewLimiter(rate.Inf, 1)
	if load.Rate > 0 {
		limit = rate.NewLimiter(rate.Limit(load.Rate), 1)
	}
	for i := range load.Messages {
		if err := limit.Wait(ctx); err != nil {
			return err
		}
		if err := w.publishOne(load, i, r, tenants); err != nil {
			return err
		}
	}
	for _, t := range tenants {
		select {
		case <-t.js.PublishAsyncComplete():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// publishOne sends the load's i-th request, without waiting for JetStream to take it.
func (w *World) publishOne(load Load, i int, r *rand.Rand, tenants map[string]*tenantClient) error {
	q, number := mix[i%len(mix)], load.number(i)
	id := fmt.Sprintf("%s%06d", load.idPrefix(), i)
	body, err := json.Marshal(map[string]any{"id": id, "to": "+" + number, "template": q.template,
		"header": q.header, "vars": q.vars(r), "ref": fmt.Sprint(i)})
	if err != nil {
		return err
	}
	return tenants[q.tenant].send(load.class(), id, body, func(now time.Time) { w.arrivals.published(number, now) })
}

func (t *tenantClient) send(class, id string, body []byte, note func(time.Time)) error {
	now := time.Now()
	note(now)
	t.mu.Lock()
	t.published[id] = now
	t.mu.Unlock()
	_, err := t.js.PublishAsync("sms."+t.id+".send."+class, body, jetstream.WithMsgID(id),
		jetstream.WithStallWait(30*time.Second))
	if err != nil {
		return fmt.Errorf("publish as %s: %w", t.id, err)
	}
	return nil
}

// progress counts what a tenant knows.
func (t *tenantClient) progress() (published, submitted, final int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.published), t.submitted, len(t.ended)
}
