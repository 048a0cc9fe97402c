package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// acmes is a live challenge of the tenant acme; globex has none.
const acmes otp.ChallengeID = "k3v2n6tq4hxw7mzbp5rcy2dgsa"

var requested = time.Date(2026, 11, 22, 10, 11, 12, 345e6, time.UTC)

// fake is an OTP service that knows one challenge, or refuses all.
type fake struct {
	mu      sync.Mutex
	refuse  *otp.Error
	answer  *otp.VerifyAnswer
	expects func(context.Context)
	asked   []string // calls, as Go writes them, with what is secret in the clear
}

func (f *fake) take(ctx context.Context, tenant sms.TenantID, id otp.ChallengeID, code sms.Secret, call any) *otp.Error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, fmt.Sprintf("%s %+v %s", tenant, call, code.Reveal()))
	if f.expects != nil {
		f.expects(ctx)
	}
	if f.refuse != nil {
		return f.refuse
	}
	if id != "" && (tenant != "acme" || id != acmes) {
		return &otp.Error{Code: otp.UnknownChallenge, Detail: "there is no such challenge, or none any more"}
	}
	return nil
}

func (f *fake) Request(ctx context.Context, t sms.TenantID, c otp.RequestCall) (otp.RequestAnswer, *otp.Error) {
	ttl := 0
	if c.TTL != nil {
		ttl, c.TTL = *c.TTL, nil
	}
	answer := otp.RequestAnswer{Challenge: acmes, ExpiresAt: requested.Add(5 * time.Minute), ResendAfter: 30}
	if c.Length == 4 {
		answer.Warnings = []string{"a made-up warning"}
	}
	return answer, f.take(ctx, t, "", c.Code, struct {
		otp.RequestCall
		ttl int
	}{c, ttl})
}

func (f *fake) Resend(ctx context.Context, t sms.TenantID, c otp.ChallengeCall) (otp.RequestAnswer, *otp.Error) {
	return otp.RequestAnswer{Challenge: c.Challenge, ExpiresAt: requested.Add(5 * time.Minute), ResendAfter: -1}, f.take(ctx, t, c.Challenge, c.Code, c)
}

func (f *fake) Verify(ctx context.Context, t sms.TenantID, c otp.VerifyCall) (otp.VerifyAnswer, *otp.Error) {
	refused := f.take(ctx, t, c.Challenge, c.Code, c)
	if f.answer != nil {
		return *f.answer, refused
	}
	return otp.VerifyAnswer{Result: otp.OK, AttemptsLeft: 5}, refused
}

func (f *fake) Cancel(ctx context.Context, t sms.TenantID, c otp.ChallengeCall) (otp.Standing, *otp.Error) {
	return otp.Standing{Challenge: c.Challenge, State: otp.Cancelled, Purpose: otp.TOTP, SMSCs: []sms.SMSCID{}}, f.take(ctx, t, c.Challenge, c.Code, c)
}

func (f *fake) Status(ctx context.Context, t sms.TenantID, c otp.ChallengeCall) (otp.Standing, *otp.Error) {
	return otp.Standing{Challenge: c.Challenge, State: otp.Live, Purpose: otp.Login, ToLast4: "5678", RequestedAt: requested,
		ExpiresAt: requested.Add(5 * time.Minute), Sends: 2, AttemptsLeft: 5, ResendAfter: 17, Delivered: true,
		SMSCs: []sms.SMSCID{"operator-a", "webhook:voice"}}, f.take(ctx, t, c.Challenge, c.Code, c)
}

func (f *fake) Enrol(ctx context.Context, t sms.TenantID, c otp.EnrolCall) (otp.EnrolAnswer, *otp.Error) {
	return otp.EnrolAnswer{Challenge: "totp_" + acmes, URI: "otpauth://totp/Acme:p?secret=MFRGG&issuer=Acme", QR: []byte("PNG")},
		f.take(ctx, t, "", "", c)
}

// world is the handler with a fake service, two tenants with a key each, and what it logged and traced.
type world struct {
	*fake
	http.Handler
	acme, globex sms.Secret
	log          bytes.Buffer
	traced       []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{fake: &fake{}}
	hashes := map[sms.TenantID][]KeyHash{}
	for tenant, key := range map[sms.TenantID]*sms.Secret{"acme": &w.acme, "globex_2-b": &w.globex} {
		var hash string
		*key, hash = NewKey(tenant)
		hashes[tenant] = []KeyHash{{ID: "web", SHA256: hash}}
	}
	keys, err := NewAPIKeys(hashes)
	if err != nil {
		t.Fatal(err)
	}
	w.Handler = Handler(Config{Service: w.fake, Keys: keys, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		Trace: func(tenant sms.TenantID, route string, status int, took time.Duration) {
			if took < 0 || took > time.Minute {
				t.Errorf("%s took %v", route, took)
			}
			w.traced = append(w.traced, fmt.Sprintf("%s|%s|%d", tenant, route, status))
		}})
	return w
}

// ask makes a request with acme's key; extra are further headers, "Name: value", in place of the usual ones; several
// values of a name stand on lines of their own.
func (w *world) ask(method, path, body string, extra ...string) *http.Response {
	return w.askWithin(context.Background(), method, path, body, extra...)
}

func (w *world) askWithin(ctx context.Context, method, path, body string, extra ...string) *http.Response {
	req := httptest.NewRequestWithContext(ctx, method, "http://127.0.0.1"+path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+w.acme.Reveal())
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, line := range extra {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Del(name)
		for one := range strings.SplitSeq(value, "\n") {
			if one != "" {
				req.Header.Add(name, one)
			}
		}
	}
	recorder := httptest.NewRecorder()
	w.ServeHTTP(recorder, req)
	return recorder.Result()
}

// read returns an answer's body; of a refusal its fault too.
func read(t *testing.T, resp *http.Response) (text string, fault otp.Error) {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 200 {
		var f otp.Fault
		if err := json.Unmarshal(body, &f); err != nil || f.Error == nil || f.Error.Detail == "" {
			t.Fatalf("%d with the body %q: %v", resp.StatusCode, body, err)
		}
		fault = *f.Error
	}
	return string(body), fault
}
