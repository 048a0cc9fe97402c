package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"harkara/cmd/internal/otp"
	"harkara/cmd/internal/webhook"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// lameLedger fails so many times before it appends.
type lameLedger struct {
	Ledger
	failures atomic.Int64
	appended chan ledger.OTPEvent
}

func (l *lameLedger) Append(ctx context.Context, events ...ledger.Event) (ledger.Position, error) {
	if l.failures.Add(-1) >= 0 {
		return 0, ledger.ErrUnavailable
	}
	p, err := l.Ledger.Append(ctx, events...)
	for _, e := range events {
		l.appended <- e.OTP.Event
	}
	return p, err
}

// TestTheLedgerComesLate: what was decided is answered, and told when the ledger takes it.
func TestTheLedgerComesLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var lame *lameLedger
	s := w.serve(t, func(c *Config) {
		lame = &lameLedger{Ledger: c.Ledger, appended: make(chan ledger.OTPEvent, 10)}
		c.Ledger = lame
	})
	lame.failures.Store(2)
	c := w.requested(t, s, call("9800000010"))
	code := w.code(t, c.Challenge)
	if e := <-lame.appended; e != ledger.OTPRequested {
		t.Errorf("first came %s", e)
	}
	lame.failures.Store(2)
	if got := verdict(t, s, acme, c.Challenge, code); got != "ok 5" {
		t.Errorf("verify: %s", got)
	}
	if e := <-lame.appended; e != ledger.OTPVerified {
		t.Errorf("then came %s", e)
	}
}

// TestKilledBeforeItWasSent: a process that ends when the challenge is kept and nothing is told leaves a timer that brings
// the code.
func TestKilledBeforeItWasSent(t *testing.T) {
	t.Parallel()
	policy := testPolicy
	policy.Workflow = []otp.Step{{Kind: otp.ByBest, Wait: time.Second}, {Kind: otp.ByNext, Wait: time.Hour}}
	w := newWorld(t)
	var dies atomic.Bool
	s := w.serve(t, func(c *Config) {
		c.Policy = func(sms.TenantID, otp.Purpose) *otp.Policy { return &policy }
		c.Trace.Step = func(place string) {
			if place == "after_change" && dies.CompareAndSwap(true, false) {
				runtime.Goexit()
			}
		}
	})
	dies.Store(true)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = s.Request(t.Context(), acme, call("9800000011"))
		t.Error("it was to end before the answer")
	}()
	<-ended
	w.await(t, "sent by the timer", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.codes) == 1
	})
}

// TestARefusedCallKeepsItsID: the id of a call that a limit refused is free for the next try.
func TestARefusedCallKeepsItsID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := atomic.Int64{}
	now.Store(time.Now().UnixNano())
	s := w.serve(t, func(c *Config) {
		c.Limits = Limits{Number: []Window{{Max: 1, Per: 5 * time.Minute}}, Tenant: []Window{{Max: 2, Per: time.Hour}}}
		c.Now = func() time.Time { return time.Unix(0, now.Load()) }
	})
	one, two := call("9800000012"), call("+919800000012")
	two.Purpose, two.ID = otp.Reset, "order-6"
	w.requested(t, s, one)
	for range 3 { // each gives back to the tenant's window what it took
		if _, e := s.Request(t.Context(), acme, two); e == nil || e.Code != otp.Limited {
			t.Fatalf("the second code for the number: %v", e)
		}
	}
	now.Add(int64(11 * time.Minute))
	answer := w.requested(t, s, two)
	two.To = "9800000012" // the same number, written another way
	if again := w.requested(t, s, two); again.Challenge != answer.Challenge {
		t.Errorf("again: %v, want %v", again, answer)
	}
}

// TestOneProviderHangs: another one is asked at once.
func TestOneProviderHangs(t *testing.T) {
	t.Parallel()
	hung := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hung }))
	var asked atomic.Int64
	fast := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(func() { close(hung); slow.Close(); fast.Close() })
	w := newWorld(t)
	secret := sms.Secret("whsec_bWFkZSB1cCBmb3IgdGhlIHRlc3RzIG9ubHkgISE=")
	s := w.serve(t, func(c *Config) {
		c.Hooks = map[string]webhook.Target{"slow": {URL: slow.URL, Plain: true, Secret: secret}, "fast": {URL: fast.URL, Plain: true, Secret: secret}}
		c.Poster = webhook.NewPoster([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
		c.Policy = func(_ sms.TenantID, p otp.Purpose) *otp.Policy {
			policy := testPolicy
			policy.Workflow = []otp.Step{{Kind: otp.ByBest, Wait: time.Hour}, {Kind: otp.ByWebhook, Webhook: string(p)}}
			return &policy
		}
	})
	ask := func(provider, number string) {
		c := call(number)
		c.Purpose = otp.Purpose(provider)
		answer := w.requested(t, s, c)
		w.code(t, answer.Challenge)
		w.tell(t, "undelivered", answer.Challenge, 1, "sim-a")
	}
	for i := range 2 * postsMax {
		ask("slow", fmt.Sprintf("98001%05d", i))
	}
	ask("fast", "9800000013")
	w.await(t, "asked", func() bool { return asked.Load() == 1 })
}

// TestTheConsumerIsGone: what becomes of sends is followed again.
func TestTheConsumerIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.serve(t, nil)
	c := w.requested(t, s, call("9800000014"))
	w.code(t, c.Challenge)
	if err := w.js.DeleteConsumer(t.Context(), "SMS_STATUS", followName); err != nil {
		t.Fatal(err)
	}
	w.await(t, "made anew", func() bool {
		_, err := w.js.Consumer(t.Context(), "SMS_STATUS", followName)
		return err == nil
	})
	w.tell(t, "delivered", c.Challenge, 1, "sim-a")
	w.await(t, "delivered", func() bool {
		st, e := s.Status(t.Context(), acme, otp.ChallengeCall{Challenge: c.Challenge})
		return e == nil && st.Delivered
	})
}

// TestTooManyCalls: a tenant's own calls are what it waits for, and a service that ends takes none.
func TestTooManyCalls(t *testing.T) {
	s := New(Config{})
	for range callsOfATenant {
		if !s.Enter(acme) {
			t.Fatal("refused below the bound")
		}
	}
	if s.Enter(acme) || !s.Enter("zip") || s.Calls() != callsOfATenant+1 {
		t.Errorf("%d calls under way", s.Calls())
	}
	closed := make(chan struct{})
	go func() { s.gate.close(); close(closed) }()
	for range callsOfATenant {
		s.Leave(acme)
	}
	select {
	case <-closed:
		t.Error("closed with a call under way")
	default:
	}
	s.Leave("zip")
	<-closed
	if s.Enter("zip") {
		t.Error("a call begins after the end")
	}
	s.end()
}

// TestQuiet: the same is said once in a while, and what is too much is dropped and counted.
func TestQuiet(t *testing.T) {
	q := quiet{said: map[string]time.Time{}}
	now := time.Unix(1_800_000_000, 0)
	said := func(now time.Time, what string) bool { return q.news(now, what) }
	if !said(now, "a") || said(now, "a") || !said(now, "b") || said(now.Add(quietTime-1), "a") || !said(now.Add(quietTime), "a") {
		t.Error("not once in a while")
	}
	for i := range quietMax {
		said(now.Add(quietTime), fmt.Sprint(i))
	}
	if said(now.Add(quietTime), "one more") || q.dropped.Load() < 3 {
		t.Errorf("no bound: %d remembered, %d dropped", len(q.said), q.dropped.Load())
	}
	if !said(now.Add(3*quietTime), "later") || len(q.said) > 1 {
		t.Errorf("%d remembered when all is old", len(q.said))
	}
}

// TestOtherKeys: a gateway with other OTP keys than those that challenges are of does not start.
func TestOtherKeys(t *testing.T) {
	w := newWorld(t)
	s := w.serve(t, nil)
	if err := s.cfg.State.Fits(t.Context(), "mine"); err != nil {
		t.Fatal(err)
	}
	again := errors.Join(s.cfg.State.Fits(t.Context(), "mine"))
	if other := s.cfg.State.Fits(t.Context(), "other"); again != nil || other == nil {
		t.Errorf("the same keys: %v, others: %v", again, other)
	}
}
