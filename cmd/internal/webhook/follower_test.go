package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"pgregory.net/rapid"

	"harkara/smpp/sms"
)

// startNATS runs a real server in this process on a store, with the stream of events.
func startNATS(t *testing.T, dir string) (js jetstream.JetStream, stop func()) {
	t.Helper()
	srv, err := server.NewServer(&server.Options{JetStream: true, StoreDir: dir, DontListen: true, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	conn, err := nats.Connect("", nats.InProcessServer(srv))
	if err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() { conn.Close(); srv.Shutdown(); srv.WaitForShutdown() })
	t.Cleanup(stop)
	if js, err = jetstream.New(conn); err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{Name: "SMS_STATUS",
		Subjects: []string{"sms.*.status.*", "sms.*.otp.event.*"}}); err != nil {
		t.Fatal(err)
	}
	return js, stop
}

// publish publishes events of a tenant; their bodies are {"n":from} and so on.
func publish(t *testing.T, js jetstream.JetStream, tenant string, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		if _, err := js.Publish(t.Context(), "sms."+tenant+".otp.event.sent", fmt.Appendf(nil, `{"n":%d}`, n)); err != nil {
			t.Fatal(err)
		}
	}
}

// receiver is a tenant's server. It answers as the test says, 200 if that says nothing, and keeps what came.
type receiver struct {
	*httptest.Server
	answer func(body string, try int, r *http.Request) int

	mu        sync.Mutex
	tries     map[string]int // by body
	ids       map[string]string
	taken     []string // bodies that were answered with 200
	now, most int
}

func newReceiver(t *testing.T, answer func(body string, try int, r *http.Request) int) *receiver {
	r := &receiver{answer: answer, tries: map[string]int{}, ids: map[string]string{}}
	r.Server = serve(t, "127.0.0.1", r.serve)
	return r
}

func (r *receiver) serve(w http.ResponseWriter, req *http.Request) {
	raw, err := io.ReadAll(req.Body)
	body, id := string(raw), req.Header.Get("webhook-id")
	if err == nil {
		err = Verify(secret, req.Header, raw, time.Now())
	}
	r.mu.Lock()
	if was, known := r.ids[body]; err != nil || known && was != id {
		body = fmt.Sprintf("%s came as %s, before as %s: %v", body, id, was, err)
	}
	r.ids[body] = id
	r.tries[body]++
	try := r.tries[body]
	r.now++
	r.most = max(r.most, r.now)
	r.mu.Unlock()
	status := http.StatusOK
	if r.answer != nil {
		status = r.answer(body, try, req)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now--
	if status == http.StatusOK {
		r.taken = append(r.taken, body)
	}
	w.WriteHeader(status)
}

// has returns how many events were taken.
func (r *receiver) has() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.taken)
}

// counts are what a Follower's hooks were told.
type counts struct{ delivered, failed, givenUp atomic.Int64 }

// follow runs a Follower until stop, which waits for it. Its consumer is there when follow returns.
func follow(t *testing.T, js jetstream.JetStream, tenant string, to *receiver, log io.Writer) (c *counts, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c = &counts{}
	p := open(t, loopback...)
	p.timeout = time.Minute // longer than any test waits
	f := &Follower{JS: js, Stream: "SMS_STATUS", Tenant: sms.TenantID(tenant), Target: plainTo(to.URL), Poster: p,
		Log: slog.New(slog.NewTextHandler(log, nil)), Trace: Trace{
			Delivered: func(sms.TenantID) { c.delivered.Add(1) },
			Failed:    func(sms.TenantID) { c.failed.Add(1) },
			GivenUp:   func(sms.TenantID) { c.givenUp.Add(1) },
		}}
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("follower: %v", err)
		}
	})
	t.Cleanup(stop)
	eventually(t, "a consumer of "+tenant, func() bool {
		_, err := js.Consumer(t.Context(), "SMS_STATUS", "webhook-"+tenant)
		return err == nil
	})
	return c, stop
}

// pending is how many events a tenant's consumer has given out that are not done with.
func pending(t *testing.T, js jetstream.JetStream, tenant string) int {
	t.Helper()
	consumer, err := js.Consumer(t.Context(), "SMS_STATUS", "webhook-"+tenant)
	if err != nil {
		t.Fatal(err)
	}
	return consumer.CachedInfo().NumAckPending
}

func TestFollower(t *testing.T) {
	js, _ := startNATS(t, t.TempDir())
	var failed time.Time // handlers of one event come one after another
	to := newReceiver(t, func(body string, try int, _ *http.Request) int {
		switch {
		case body == `{"n":2}`:
			return http.StatusGone // for good
		case body == `{"n":4}` && try == 1:
			return http.StatusNotFound // until it is mended
		case body == `{"n":5}` && try == 1:
			return http.StatusPermanentRedirect
		case body == `{"n":3}` && try == 1:
			failed = time.Now()
			return http.StatusInternalServerError
		case body == `{"n":3}` && time.Since(failed) < firstDelay/2:
			t.Errorf("tried again after %v", time.Since(failed))
		}
		return http.StatusOK
	})
	publish(t, js, "acme", 100, 102) // before anybody asked for them
	var log lines
	c, _ := follow(t, js, "acme", to, &log)
	publish(t, js, "acme", 1, 5)
	publish(t, js, "other", 200, 202)
	eventually(t, "all but the unwanted one", func() bool { return to.has() == 4 && pending(t, js, "acme") == 0 })
	to.mu.Lock()
	defer to.mu.Unlock()
	for n, tries := range []int{1: 1, 2: 1, 3: 2, 4: 2, 5: 2} {
		body := fmt.Sprintf(`{"n":%d}`, n)
		if n > 0 && (to.tries[body] != tries || to.ids[body] != fmt.Sprintf("SMS_STATUS-%d", n+3)) {
			t.Errorf("%s: %d tries as %s", body, to.tries[body], to.ids[body])
		}
	}
	if len(to.tries) != 5 {
		t.Errorf("what came: %v", to.tries)
	}
	if d, f, g := c.delivered.Load(), c.failed.Load(), c.givenUp.Load(); d != 4 || f != 3 || g != 1 {
		t.Errorf("%d delivered, %d failed, %d given up", d, f, g)
	}
	told := log.String()
	for what, times := range map[string]int{"webhook_id=SMS_STATUS-5": 1, "answered 410": 1, "level=WARN": 1, `\"n\"`: 0} {
		if strings.Count(told, what) != times {
			t.Errorf("the log tells %q %d times, want %d:\n%s", what, strings.Count(told, what), times, told)
		}
	}
}

// lines is a log that many write to.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestSlowReceiver: one that hangs has sixteen requests and no more, and another tenant's events go on.
func TestSlowReceiver(t *testing.T) {
	js, _ := startNATS(t, t.TempDir())
	slow := newReceiver(t, func(_ string, _ int, r *http.Request) int {
		<-r.Context().Done()
		return http.StatusOK
	})
	quick := newReceiver(t, nil)
	_, stopSlow := follow(t, js, "slow", slow, io.Discard)
	follow(t, js, "quick", quick, io.Discard)
	publish(t, js, "slow", 1, 50)
	eventually(t, "a hanging receiver", func() bool { slow.mu.Lock(); defer slow.mu.Unlock(); return slow.most == underWay })
	publish(t, js, "quick", 1, 50)
	eventually(t, "the other's events", func() bool { return quick.has() == 50 })
	began := time.Now()
	stopSlow()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("Run took %v to end", took)
	}
	slow.mu.Lock()
	defer slow.mu.Unlock()
	if slow.most != underWay {
		t.Errorf("%d requests at once", slow.most)
	}
}

// TestRunWaits: nothing of a Follower is left when Run returns.
func TestRunWaits(t *testing.T) {
	js, _ := startNATS(t, t.TempDir())
	to := newReceiver(t, nil)
	entered, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := &Follower{JS: js, Stream: "SMS_STATUS", Tenant: "acme", Target: plainTo(to.URL), Poster: open(t, loopback...),
		Log: slog.New(slog.DiscardHandler), Trace: Trace{Delivered: func(sms.TenantID) { close(entered); <-release }}}
	go func() { done <- f.Run(ctx) }()
	eventually(t, "a consumer", func() bool {
		_, err := js.Consumer(t.Context(), "SMS_STATUS", "webhook-acme")
		return err == nil
	})
	publish(t, js, "acme", 1, 1)
	<-entered
	cancel()
	select {
	case <-done:
		t.Error("Run returned, and an event was under way")
	case <-time.After(50 * time.Millisecond): // what ends at once has ended by then
	}
	close(release)
	<-done
}

// TestIndigestible: more events than go at once that are never taken do not hold up those that are.
func TestIndigestible(t *testing.T) {
	js, _ := startNATS(t, t.TempDir())
	to := newReceiver(t, func(body string, _ int, _ *http.Request) int {
		if len(body) > len(`{"n":10}`) {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	})
	var log lines
	c, _ := follow(t, js, "acme", to, &log)
	publish(t, js, "acme", 100, 100+3*underWay)
	publish(t, js, "acme", 1, 3)
	eventually(t, "the digestible ones", func() bool { return to.has() == 3 })
	eventually(t, "a second try of a failed one", func() bool { return c.failed.Load() > 3*underWay+1 })
	if n := strings.Count(log.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings for one receiver that fails:\n%s", n, log.String())
	}
}

// TestFollowerRestart: what was under way at a stop, and what came while nobody followed, arrives after it; also over a
// restart of the server.
func TestFollowerRestart(t *testing.T) {
	dir := t.TempDir()
	js, stopNATS := startNATS(t, dir)
	var hang atomic.Bool
	to := newReceiver(t, func(_ string, _ int, r *http.Request) int {
		if hang.Load() {
			<-r.Context().Done()
			return http.StatusGatewayTimeout
		}
		return http.StatusOK
	})
	_, stop := follow(t, js, "acme", to, io.Discard)
	publish(t, js, "acme", 1, 3)
	eventually(t, "the first three", func() bool { return to.has() == 3 && pending(t, js, "acme") == 0 })
	hang.Store(true)
	publish(t, js, "acme", 4, 5)
	eventually(t, "two under way", func() bool { to.mu.Lock(); defer to.mu.Unlock(); return to.now == 2 })
	stop()
	hang.Store(false)
	_, stop = follow(t, js, "acme", to, io.Discard)
	eventually(t, "the two again", func() bool { return to.has() == 5 && pending(t, js, "acme") == 0 })
	stop()
	publish(t, js, "acme", 6, 8)
	stopNATS()
	js, _ = startNATS(t, dir)
	follow(t, js, "acme", to, io.Discard)
	eventually(t, "those of the time in between", func() bool { return to.has() == 8 && pending(t, js, "acme") == 0 })
	to.mu.Lock()
	defer to.mu.Unlock()
	for n := 1; n <= 8; n++ {
		body := fmt.Sprintf(`{"n":%d}`, n)
		if want := map[bool]int{true: 2, false: 1}[n == 4 || n == 5]; to.tries[body] != want || len(to.tries) != 8 {
			t.Errorf("%s came %d times, want %d", body, to.tries[body], want)
		}
	}
}

// TestFollowerLosesItsConsumer: an administrator took it away.
func TestFollowerLosesItsConsumer(t *testing.T) {
	js, _ := startNATS(t, t.TempDir())
	to := newReceiver(t, nil)
	follow(t, js, "acme", to, io.Discard)
	if err := js.DeleteConsumer(t.Context(), "SMS_STATUS", "webhook-acme"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a new consumer", func() bool {
		_, err := js.Consumer(t.Context(), "SMS_STATUS", "webhook-acme")
		return err == nil
	})
	publish(t, js, "acme", 1, 1)
	eventually(t, "an event", func() bool { return to.has() == 1 })
}

func TestFollowerOfNobody(t *testing.T) {
	p := open(t, loopback...)
	for _, to := range []Target{{}, {URL: "https://example.com/"}, {URL: "http://127.0.0.1/", Secret: secret},
		{URL: "https://10.0.0.1/", Secret: secret}} {
		f := &Follower{Tenant: "acme", Target: to, Poster: p}
		if err := f.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "acme") {
			t.Errorf("%+v: %v", to, err)
		}
	}
}

func TestNext(t *testing.T) {
	again, final, wrong := &failure{}, &failure{gone: true}, errors.New("settings") // whether soon or late is the same here
	for _, tt := range []struct {
		err   error
		age   time.Duration
		tries uint64
		delay time.Duration // without jitter; 0: given up
	}{
		{again, 0, 1, time.Second}, {again, 0, 2, 2 * time.Second}, {again, 0, 3, 4 * time.Second}, {again, 0, 9, 256 * time.Second},
		{again, 0, 10, 512 * time.Second}, {again, 0, 11, 10 * time.Minute}, {again, 0, 12, 10 * time.Minute},
		{again, 0, 64, 10 * time.Minute}, {again, 0, 65, 10 * time.Minute}, {again, 0, 1 << 63, 10 * time.Minute},
		{again, giveUp, 200, 10 * time.Minute}, {again, giveUp + 1, 1, time.Second}, {again, giveUp + 1, triesLeast - 1, 10 * time.Minute},
		{again, giveUp + 1, triesLeast, 0}, {again, 7 * giveUp, 200, 0}, {final, 0, 1, 0}, {final, giveUp + 1, 1, 0}, {wrong, 0, 1, 0}, {nil, 0, 1, 0},
	} {
		delay, more := next(tt.err, tt.age, tt.tries, 0)
		if delay != tt.delay || more != (tt.delay > 0) {
			t.Errorf("%v after %v, try %d: %v %v, want %v", tt.err, tt.age, tt.tries, delay, more, tt.delay)
		}
	}
	var least time.Duration // that an old event is tried for, with the shortest delays
	for tries := range uint64(triesLeast - 1) {
		full, _ := next(again, 2*giveUp, tries+1, 0)
		least += full / 2
	}
	if least < 10*time.Minute {
		t.Errorf("an old event is tried for %v", least)
	}
	rapid.Check(t, func(t *rapid.T) {
		tries := rapid.Uint64().Draw(t, "tries")
		full, _ := next(again, 0, tries, 0)
		delay, more := next(again, 0, tries, rapid.Float64Range(0, 0.999999).Draw(t, "random"))
		if !more || delay > full || delay < full/2 || full < firstDelay || full > lastDelay {
			t.Fatalf("try %d: %v of %v", tries, delay, full)
		}
	})
}
