package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/cmd/internal/otp"
	"harkara/cmd/internal/webhook"
	"harkara/dlt"
	"harkara/smpp/sms"
)

// call is a request for a code to a made-up number.
func call(number string) otp.RequestCall {
	return otp.RequestCall{To: number, Template: "1107161234567890123", Purpose: otp.Login}
}

func (w *world) requested(t *testing.T, s *Service, c otp.RequestCall) otp.RequestAnswer {
	t.Helper()
	answer, fault := s.Request(t.Context(), acme, c)
	if fault != nil {
		t.Fatal(fault)
	}
	return answer
}

func verdict(t *testing.T, s *Service, tenant sms.TenantID, id otp.ChallengeID, code string) string {
	t.Helper()
	answer, fault := s.Verify(t.Context(), tenant, otp.VerifyCall{Challenge: id, Code: sms.Secret(code)})
	if fault != nil {
		return string(fault.Code)
	}
	return fmt.Sprint(answer.Result, " ", answer.AttemptsLeft)
}

// TestAThousandAtOnce types right and wrong codes for one challenge at once, by two services.
func TestAThousandAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	two := []*Service{w.serve(t, nil), w.serve(t, nil)}
	for _, right := range []bool{true, false} {
		c := w.requested(t, two[0], call(map[bool]string{true: "9800000001", false: "9800000002"}[right]))
		code := w.code(t, c.Challenge)
		var mu sync.Mutex
		told := map[otp.Result]int{}
		parallel(1000, 1000, func(i int) {
			typed := code
			if !right {
				typed = wrongCode(code, i)
			}
			answer, fault := two[i%2].Verify(t.Context(), acme, otp.VerifyCall{Challenge: c.Challenge, Code: sms.Secret(typed)})
			if fault != nil {
				t.Error(fault)
			}
			mu.Lock()
			defer mu.Unlock()
			told[answer.Result]++
		})
		want := map[otp.Result]int{otp.OK: 1, otp.Used: 999}
		if !right {
			want = map[otp.Result]int{otp.Wrong: testPolicy.Tries, otp.Locked: 1000 - testPolicy.Tries}
		}
		if !maps.Equal(told, want) {
			t.Errorf("right codes %v: told %v, want %v", right, told, want)
		}
	}
}

// TestAnswersFromTheStart: who calls once the service has started is answered.
func TestAnswersFromTheStart(t *testing.T) {
	for range 20 { // before Start waited until the server knows, one in some eighty found nobody
		w := newWorld(t)
		s := w.serveUntil(t, nil)
		if _, _, err := ask[map[string]any](w.conn, "status", map[string]any{"challenge": "nobody's"}, 10*time.Second); err != nil {
			t.Error(err)
		}
		s.stop()
	}
}

// TestTenantsAreApart: another tenant's challenge is answered as one that is not there.
func TestTenantsAreApart(t *testing.T) {
	w := newWorld(t)
	s := w.serve(t, func(c *Config) { c.Limits.Number = []Window{{Max: 1, Per: time.Hour}} }) // full by the first
	c := w.requested(t, s, call("9800000003"))
	code := w.code(t, c.Challenge)
	_, none := s.Status(t.Context(), "zip", otp.ChallengeCall{Challenge: "aaaaaaaaaaaaaaaaaaaaaaaaaa"})
	if none == nil || none.Code != otp.UnknownChallenge {
		t.Fatalf("no such challenge: %v", none)
	}
	for name, ask := range map[string]func() *otp.Error{
		"verify": func() *otp.Error {
			_, e := s.Verify(t.Context(), "zip", otp.VerifyCall{Challenge: c.Challenge, Code: sms.Secret(code)})
			return e
		},
		"resend": func() *otp.Error {
			_, e := s.Resend(t.Context(), "zip", otp.ChallengeCall{Challenge: c.Challenge})
			return e
		},
		"cancel": func() *otp.Error {
			_, e := s.Cancel(t.Context(), "zip", otp.ChallengeCall{Challenge: c.Challenge})
			return e
		},
		"status": func() *otp.Error {
			_, e := s.Status(t.Context(), "zip", otp.ChallengeCall{Challenge: c.Challenge})
			return e
		},
	} {
		if e := ask(); e == nil || *e != *none {
			t.Errorf("%s of another tenant's: %v, want %v", name, e, none)
		}
	}
	if got := verdict(t, s, acme, c.Challenge, code); got != "ok 5" {
		t.Errorf("its own tenant: %s", got)
	}
}

// TestIdempotency: a call with an id makes one challenge and one SMS, however often it is made.
func TestIdempotency(t *testing.T) {
	w := newWorld(t)
	s := w.serve(t, nil)
	c := call("9800000004")
	c.ID = "login-1"
	first := w.requested(t, s, c)
	code := w.code(t, first.Challenge)
	for range 3 {
		if again := w.requested(t, s, c); again.Challenge != first.Challenge {
			t.Errorf("again: %v", again)
		}
	}
	other := c
	other.Purpose = otp.Reset
	if _, e := s.Request(t.Context(), acme, other); e == nil || e.Code != otp.IDReused {
		t.Errorf("the id for another purpose: %v", e)
	}
	if got := verdict(t, s, acme, first.Challenge, code); got != "ok 5" {
		t.Errorf("verify: %s", got)
	}
	if again := w.requested(t, s, c); again.Challenge != first.Challenge {
		t.Errorf("after it was used: %v", again)
	}
	info, err := w.js.Stream(t.Context(), "SMS_SEND")
	if err != nil || info.CachedInfo().State.LastSeq != 1 {
		t.Errorf("%d messages were published, want 1: %v", info.CachedInfo().State.LastSeq, err)
	}
}

// TestLimits: each kind of window refuses with a time, and a dry run does not.
func TestLimits(t *testing.T) {
	w := newWorld(t)
	many := Window{Max: 2, Per: time.Hour}
	for name, limits := range map[string]Limits{
		"number": {Number: []Window{many}}, "tenant": {Tenant: []Window{many}}, "key": {Keys: map[string][]Window{"ip": {many}}},
		"dry run": {DryRun: true, Number: []Window{many}},
	} {
		s := w.serve(t, func(c *Config) { c.Limits = limits })
		var refused *otp.Error
		for i := range 3 {
			c := call(map[bool]string{false: "9811111111", true: "9811111112"}[limits.DryRun])
			c.Purpose = otp.Purpose(fmt.Sprintf("%s-%d", strings.ReplaceAll(name, " ", "-"), i)) // a subject of its own each
			if name != "number" && name != "dry run" {
				c.To = fmt.Sprintf("98222%05d", i)
			}
			c.Keys = map[string]string{"ip": "203.0.113.7"}
			_, refused = s.Request(t.Context(), acme, c)
			if i < 2 && refused != nil {
				t.Errorf("%s: refused at %d: %v", name, i, refused)
			}
		}
		switch {
		case limits.DryRun && refused != nil:
			t.Errorf("a dry run refused: %v", refused)
		case !limits.DryRun && (refused == nil || refused.Code != otp.Limited || refused.RetryAfter < 1 || refused.RetryAfter > 3600):
			t.Errorf("%s: %+v", name, refused)
		}
	}
}

// TestCallsAreChecked: what can't be sent is refused at once, with its reason.
func TestCallsAreChecked(t *testing.T) {
	w := newWorld(t)
	s := w.serve(t, func(c *Config) {
		c.Check = func(req *sms.Request) (Checked, *sms.Failure) {
			switch req.Template {
			case "1107161234567890123":
				return Checked{Slots: 1, Text: "text"}, nil
			case "3":
				return Checked{Slots: 3}, nil
			case "inactive":
				return Checked{Slots: 1}, &sms.Failure{Reason: string(dlt.TemplateInactive), Detail: "…"}
			}
			return Checked{Slots: -1}, &sms.Failure{Reason: string(dlt.UnknownTemplate), Detail: "…"}
		}
		c.Profile = func(_ dlt.TemplateID, text, _ sms.Secret) error {
			if text == "" {
				return nil
			}
			return errors.New("not as handsets want it")
		}
	})
	ttl := 3600
	for name, tt := range map[string]struct {
		change func(*otp.RequestCall)
		want   string
	}{
		"purpose":           {func(c *otp.RequestCall) { c.Purpose = "Log in" }, "bad_request"},
		"no purpose":        {func(c *otp.RequestCall) { c.Purpose = "" }, "bad_request"},
		"id":                {func(c *otp.RequestCall) { c.ID = "a b" }, "bad_request"},
		"length":            {func(c *otp.RequestCall) { c.Length = 3 }, "bad_request"},
		"code":              {func(c *otp.RequestCall) { c.Code = "12 34" }, "bad_request"},
		"life":              {func(c *otp.RequestCall) { c.TTL = &ttl }, "bad_request"},
		"number":            {func(c *otp.RequestCall) { c.To = "+15550100" }, "rejected bad_number"},
		"no template":       {func(c *otp.RequestCall) { c.Template = "" }, "bad_request"},
		"unknown template":  {func(c *otp.RequestCall) { c.Template = "none" }, "rejected unknown_template"},
		"inactive template": {func(c *otp.RequestCall) { c.Template = "inactive" }, "rejected template_inactive"},
		"three variables":   {func(c *otp.RequestCall) { c.Template = "3" }, "bad_request"},
		"no place for it":   {func(c *otp.RequestCall) { c.Template, c.Vars = "3", []string{"a", "b", "c"} }, "bad_request"},
		"keys":              {func(c *otp.RequestCall) { c.Keys = map[string]string{"ip": ""} }, "bad_request"},
		"profile":           {func(*otp.RequestCall) {}, "rejected profile"},
	} {
		c := call("9800000005")
		tt.change(&c)
		_, e := s.Request(t.Context(), acme, c)
		if e == nil || strings.TrimSpace(string(e.Code)+" "+e.Reason) != tt.want {
			t.Errorf("%s: %v, want %s", name, e, tt.want)
		}
	}
}

// TestTestNumber: nothing goes out, the code is the configuration's, and events come as if it had been delivered.
func TestTestNumber(t *testing.T) {
	w := newWorld(t)
	s := w.serve(t, func(c *Config) { c.Tests = map[sms.MSISDN]sms.Secret{"919999900001": "000000"} })
	c := w.requested(t, s, call("9999900001"))
	w.await(t, "delivered", func() bool {
		st, e := s.Status(t.Context(), acme, otp.ChallengeCall{Challenge: c.Challenge})
		return e == nil && st.Delivered && slices.Equal(st.SMSCs, []sms.SMSCID{"test"})
	})
	if got := verdict(t, s, acme, c.Challenge, "000000"); got != "ok 5" {
		t.Errorf("verify: %s", got)
	}
	stream, err := w.js.Stream(t.Context(), "SMS_SEND")
	if err != nil || stream.CachedInfo().State.LastSeq != 0 {
		t.Errorf("something was published: %v", err)
	}
}

// TestOwnCode: a tenant's own code is compared; it has to be given again to be sent again.
func TestOwnCode(t *testing.T) {
	w := newWorld(t)
	s := w.serve(t, nil)
	c := call("9800000006")
	c.Code = "4711"
	answer := w.requested(t, s, c)
	if code := w.code(t, answer.Challenge); code != "4711" {
		t.Errorf("sent %q", code)
	}
	again := otp.ChallengeCall{Challenge: answer.Challenge}
	if _, e := s.Resend(t.Context(), acme, again); e == nil || e.Code != otp.CodeRequired {
		t.Errorf("resend without it: %v", e)
	}
	again.Code = "4712"
	if _, e := s.Resend(t.Context(), acme, again); e == nil || e.Code != otp.BadRequest {
		t.Errorf("resend with another: %v", e)
	}
	again.Code = "4711"
	if _, e := s.Resend(t.Context(), acme, again); e != nil {
		t.Errorf("resend: %v", e)
	}
	if got := verdict(t, s, acme, answer.Challenge, "4712") + ", " + verdict(t, s, acme, answer.Challenge, "4711"); got != "wrong 4, ok 4" {
		t.Errorf("verify: %s", got)
	}
}

// await waits until something is so.
func (w *world) await(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	patience := time.After(20 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-patience:
			t.Fatalf("not %s in 20 s", what)
		}
	}
}

// tell publishes what became of a send, as the projector does.
func (w *world) tell(t *testing.T, event string, id otp.ChallengeID, send int, smsc sms.SMSCID) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"event": event, "challenge": id, "send": send, "smsc": smsc})
	if err == nil {
		_, err = w.js.Publish(t.Context(), "sms.acme.otp.event."+event, body)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// avoided is what the newest send of a challenge avoids.
func (w *world) avoided(id otp.ChallengeID) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.avoid[string(id)]
}

// lane are the request ids of a challenge's sends.
func (w *world) lane(id otp.ChallengeID) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.sends[string(id)], " ")
}

// TestWorkflow: no "delivered" in time, and the code goes by another SMSC, then to a provider, then nowhere; all with one
// code. The service that begins is not the one that ends: its timers are NATS's.
func TestWorkflow(t *testing.T) {
	t.Parallel()
	var posts atomic.Int64
	var body atomic.Pointer[http.Request]
	var spoken sync.Map
	provider := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var got struct{ Challenge, Code, To string }
		_ = json.NewDecoder(r.Body).Decode(&got) // what is missing is seen below
		spoken.Store(got.Challenge, got.Code+" "+got.To)
		body.Store(r)
		if posts.Add(1) == 1 {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(provider.Close)
	policy := testPolicy
	policy.Workflow = []otp.Step{{Kind: otp.ByBest, Wait: time.Second}, {Kind: otp.ByNext, Wait: time.Second},
		{Kind: otp.ByWebhook, Webhook: "voice", Wait: time.Second}}
	set := func(c *Config) {
		c.Policy = func(sms.TenantID, otp.Purpose) *otp.Policy { return &policy }
		c.Hooks = map[string]webhook.Target{"voice": {URL: provider.URL, Plain: true, Secret: "whsec_bWFkZSB1cCBmb3IgdGhlIHRlc3RzIG9ubHkgISE="}}
		c.Poster = webhook.NewPoster([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	}
	w := newWorld(t)
	id, code := func() (otp.ChallengeID, string) {
		s := w.serveUntil(t, set)
		defer s.stop()
		c := w.requested(t, s.Service, call("9800000007"))
		return c.Challenge, w.code(t, c.Challenge)
	}()
	w.tell(t, "sent", id, 1, "sim-a")
	s := w.serve(t, set)
	w.await(t, "sent by another SMSC", func() bool { return strings.HasSuffix(w.lane(id), ".2") })
	if got := w.code(t, id); got != code {
		t.Errorf("the second SMS has another code")
	}
	if avoid := w.avoided(id); !slices.Equal(avoid, []string{"sim-a"}) {
		t.Errorf("the second SMS avoids %v", avoid)
	}
	w.tell(t, "sent", id, 2, "sim-b")
	w.tell(t, "undelivered", id, 2, "sim-b") // at once to the provider
	w.await(t, "told to the provider", func() bool {
		v, ok := spoken.Load(string(id))
		return ok && v == code+" +919800000007" && posts.Load() == 2
	})
	if h := body.Load().Header; h.Get("webhook-signature") == "" || h.Get("webhook-id") != string(sms.OTPRequestID(string(id), 3)) {
		t.Errorf("the post's header is %v", h)
	}
	w.await(t, "noted", func() bool {
		st, e := s.Status(t.Context(), acme, otp.ChallengeCall{Challenge: id})
		return e == nil && st.Sends == 3 && slices.Equal(st.SMSCs, []sms.SMSCID{"sim-a", "sim-b", "webhook:voice"})
	})
	if got := verdict(t, s, acme, id, code); got != "ok 5" {
		t.Errorf("verify: %s", got)
	}
}

// TestDeliveredEndsTheWorkflow: what arrived is not sent again.
func TestDeliveredEndsTheWorkflow(t *testing.T) {
	t.Parallel()
	policy := testPolicy
	policy.Life = 4 * time.Second
	policy.Workflow = []otp.Step{{Kind: otp.ByBest, Wait: time.Second}, {Kind: otp.ByNext, Wait: time.Second}}
	w := newWorld(t)
	s := w.serve(t, func(c *Config) { c.Policy = func(sms.TenantID, otp.Purpose) *otp.Policy { return &policy } })
	c := w.requested(t, s, call("9800000008"))
	w.code(t, c.Challenge)
	w.tell(t, "sent", c.Challenge, 1, "sim-a")
	w.tell(t, "delivered", c.Challenge, 1, "sim-a")
	events, err := w.js.OrderedConsumer(t.Context(), "SMS_LEDGER", jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for !slices.Contains(seen, "expired") {
		frame, err := events.Next(jetstream.FetchMaxWait(20 * time.Second))
		if err != nil {
			t.Fatal(err, seen)
		}
		for line := range strings.Lines(string(frame.Data())) {
			var e struct{ OTP struct{ Event string } }
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, e.OTP.Event)
		}
	}
	if got := w.lane(c.Challenge); strings.Contains(got, " ") || !slices.Equal(seen, []string{"requested", "expired"}) {
		t.Errorf("sends %s, events %v", got, seen)
	}
}

// TestNoOtherSMSC: where the route has no other SMSC, the workflow's next route is none, and no message is made for it.
func TestNoOtherSMSC(t *testing.T) {
	t.Parallel()
	policy := testPolicy
	policy.Workflow = []otp.Step{{Kind: otp.ByBest, Wait: time.Hour}, {Kind: otp.ByNext, Wait: time.Hour}}
	w := newWorld(t)
	s := w.serve(t, func(c *Config) {
		c.Policy = func(sms.TenantID, otp.Purpose) *otp.Policy { return &policy }
		c.Check = func(req *sms.Request) (Checked, *sms.Failure) {
			if len(req.Avoid) > 0 {
				return Checked{Slots: 1}, &sms.Failure{Stage: sms.StageRoute, Reason: "no_route"}
			}
			return Checked{Slots: 1, Text: "text"}, nil
		}
	})
	c := w.requested(t, s, call("9800000009"))
	code := w.code(t, c.Challenge)
	w.tell(t, "sent", c.Challenge, 1, "sim-a")
	w.tell(t, "undelivered", c.Challenge, 1, "sim-a")
	w.await(t, "given up", func() bool {
		st, e := s.Status(t.Context(), acme, otp.ChallengeCall{Challenge: c.Challenge})
		return e == nil && st.Sends == 2
	})
	if _, e := s.Resend(t.Context(), acme, otp.ChallengeCall{Challenge: c.Challenge}); e != nil { // by whatever SMSC there is
		t.Fatal(e)
	}
	w.await(t, "sent again", func() bool { return strings.HasSuffix(w.lane(c.Challenge), ".3") })
	if got := w.lane(c.Challenge); strings.Contains(got, ".2") || len(w.avoided(c.Challenge)) > 0 {
		t.Errorf("sends %s, avoiding %v", got, w.avoided(c.Challenge))
	}
	if got := verdict(t, s, acme, c.Challenge, code); got != "ok 5" {
		t.Errorf("verify: %s", got)
	}
}
