//go:build powercut

package powercut

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// request is one that a tenant has published, in the tenant's own book.
type request struct {
	id, tenant, class string
	number            string
	acked             time.Time       // zero: not yet
	told              map[string]bool // states that the tenant was told
	twice             []string        // those that it was told again
}

// kind is one of the sample register's templates as a tenant uses it.
type kind struct {
	tenant, template, header string
	vars                     func(*rand.Rand) []string
}

func code(r *rand.Rand) string { return fmt.Sprintf("%06d", r.IntN(1_000_000)) }

// kinds are of one segment, and one of two.
var kinds = []kind{
	{"acme", "1107161234567890123", "ACMEBK", func(r *rand.Rand) []string { return []string{code(r), "10"} }},
	{"zipkart", "1207161345678901234", "ZIPKRT", func(r *rand.Rand) []string { return []string{code(r), "5"} }},
	{"acme", "1107161234567890457", "ACMEBK", func(r *rand.Rand) []string { return []string{code(r), "10"} }},
}

var classes = []string{"otp", "txn", "otp", "bulk", "otp"}

// batchSize is how many requests go in one atomic batch.
const batchSize = 40

// tenants publish with care: what is not acknowledged is published again, with the same id.
type tenants struct {
	seed   uint64
	first  int64 // number
	conns  map[string]*nats.Conn
	js     map[string]jetstream.JetStream
	ctx    context.Context
	cancel context.CancelFunc
	under  sync.WaitGroup
	open   sync.WaitGroup // requests that are not acknowledged

	mu     sync.Mutex
	random *rand.Rand
	book   map[string]*request
}

// join connects the tenants to a NATS that may come up later.
func join(addr string, seed uint64) (*tenants, error) {
	random := rand.New(rand.NewPCG(seed, 1))
	t := &tenants{seed: seed, first: 6_000_000_000 + random.Int64N(3_000_000_000), random: random,
		conns: map[string]*nats.Conn{}, js: map[string]jetstream.JetStream{}, book: map[string]*request{}}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	for _, k := range kinds {
		if t.conns[k.tenant] != nil {
			continue
		}
		conn, err := nats.Connect("nats://"+addr, nats.UserInfo(k.tenant, password), nats.RetryOnFailedConnect(true),
			nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ReconnectBufSize(-1),
			nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})) // connections die here
		if err != nil {
			return nil, err
		}
		js, err := jetstream.New(conn)
		if err != nil {
			return nil, err
		}
		t.conns[k.tenant], t.js[k.tenant] = conn, js
		if _, err := conn.Subscribe("sms."+k.tenant+".status.>", t.hear); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// prefix is how the ids of these tenants' requests begin.
func (t *tenants) prefix() string { return fmt.Sprintf("cut-%d-", t.seed) }

func (t *tenants) leave() {
	t.cancel()
	t.under.Wait()
	for _, conn := range t.conns {
		conn.Close()
	}
}

// hear takes a status.
func (t *tenants) hear(m *nats.Msg) {
	var status struct{ ID, State string }
	if json.Unmarshal(m.Data, &status) != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if r := t.book[status.ID]; r != nil {
		if r.told[status.State] {
			r.twice = append(r.twice, status.State)
		}
		r.told[status.State] = true
	}
}

// work publishes requests at a rate, and now and then a batch, until ctx ends; what is under way goes on.
func (t *tenants) work(ctx context.Context, rate int) {
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if i%(rate/2) == rate/4 {
			t.batch()
			continue
		}
		t.one()
	}
}

// note makes a request and enters it into the book.
func (t *tenants) note(k kind, class string) (*request, []byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.book)
	r := &request{id: fmt.Sprintf("%s%06d", t.prefix(), n), tenant: k.tenant, class: class,
		number: "91" + strconv.FormatInt(t.first+int64(n), 10), told: map[string]bool{}}
	t.book[r.id] = r
	body, err := json.Marshal(map[string]any{"id": r.id, "to": r.number, "template": k.template, "header": k.header,
		"vars": k.vars(t.random), "ref": r.number[len(r.number)-4:], "ttl_s": 300})
	return r, body, err
}

// next chooses what the next request is of.
func (t *tenants) next() (kind, string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(t.book)
	return kinds[n%len(kinds)], classes[n%len(classes)]
}

func (t *tenants) one() {
	r, body, err := t.note(t.next())
	if err != nil {
		panic(err) // a map of strings
	}
	t.insist([]*request{r}, func(ctx context.Context) error {
		_, err := t.js[r.tenant].Publish(ctx, "sms."+r.tenant+".send."+r.class, body, jetstream.WithMsgID(r.id))
		return err
	})
}

// batch publishes bulk requests in one atomic batch (ADR-50 of NATS): they are acknowledged together.
func (t *tenants) batch() {
	k, subject := kinds[1], "sms."+kinds[1].tenant+".send.bulk"
	var list []*request
	var bodies [][]byte
	for range batchSize {
		r, body, err := t.note(k, "bulk")
		if err != nil {
			panic(err) // a map of strings
		}
		list, bodies = append(list, r), append(bodies, body)
	}
	try := 0
	t.insist(list, func(ctx context.Context) error {
		try++
		for i, body := range bodies {
			m := &nats.Msg{Subject: subject, Data: body, Header: nats.Header{
				"Nats-Batch-Id": {fmt.Sprintf("%s-%d", list[0].id, try)}, "Nats-Batch-Sequence": {strconv.Itoa(i + 1)}}}
			if i < len(bodies)-1 {
				if err := t.conns[k.tenant].PublishMsg(m); err != nil {
					return err
				}
				continue
			}
			m.Header.Set("Nats-Batch-Commit", "1")
			answer, err := t.conns[k.tenant].RequestMsgWithContext(ctx, m)
			if err != nil {
				return err
			}
			if !strings.Contains(string(answer.Data), fmt.Sprintf(`"count":%d`, batchSize)) {
				return fmt.Errorf("the batch was answered %s", answer.Data)
			}
		}
		return nil
	})
}

// insist publishes until it is acknowledged, and notes when.
func (t *tenants) insist(list []*request, publish func(context.Context) error) {
	t.open.Add(1)
	t.under.Go(func() {
		defer t.open.Done()
		for t.ctx.Err() == nil {
			ctx, cancel := context.WithTimeout(t.ctx, 2*time.Second)
			err := publish(ctx)
			cancel()
			if err == nil {
				now := time.Now()
				t.mu.Lock()
				defer t.mu.Unlock()
				for _, r := range list {
					r.acked = now
				}
				return
			}
			select {
			case <-time.After(20 * time.Millisecond):
			case <-t.ctx.Done():
			}
		}
	})
}

// requests is the book as it is now, in the order of publishing.
func (t *tenants) requests() []request {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []request
	for _, id := range slices.Sorted(maps.Keys(t.book)) {
		r := *t.book[id]
		r.told = maps.Clone(r.told)
		list = append(list, r)
	}
	return list
}

// acknowledged waits until all that was published is.
func (t *tenants) acknowledged(patience time.Duration) error {
	done := make(chan struct{})
	go func() { t.open.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("requests are not acknowledged after %s", patience)
	}
}
