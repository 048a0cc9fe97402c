package main

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
)

// What must not be found of one-time passwords, made up as well; the codes that the gateway makes come to these.
const (
	canaryOwn     = "W3RK8YQ5"                                 // a tenant's own code
	canaryWrong   = "Z8XK2MW4"                                 // a code that is typed and is none
	canaryAccount = "Canaryaccount"                            // that has an authenticator app
	canaryKey     = "hk_acme_CANARY2KEY3CANARY4KEY5CANARY6KEY" // to /v1
	canaryHook    = "canary-webhook-secret-of-32-octs"         // that webhooks are signed with
)

// canaryHooks is a server that takes webhooks: a tenant's events, and codes that a provider is to read out.
type canaryHooks struct {
	url    string
	mu     sync.Mutex
	events strings.Builder // headers and bodies
	voice  []string        // codes
}

func newCanaryHooks(t *testing.T) *canaryHooks {
	t.Helper()
	h := &canaryHooks{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what was cut off is found missing
		h.mu.Lock()
		defer h.mu.Unlock()
		if r.URL.Path == "/events" {
			fmt.Fprintf(&h.events, "%v %s\n", r.Header, body)
			return
		}
		var call struct{ Code string }
		if json.Unmarshal(body, &call) == nil && call.Code != "" {
			h.voice = append(h.voice, call.Code)
		}
	}))
	t.Cleanup(server.Close)
	h.url = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	return h
}

// signed is a webhook's part of the configuration.
func (h *canaryHooks) signed(path string) string {
	return fmt.Sprintf(`url: "%s%s", plain: true, secret: whsec_%s`, h.url, path, base64.StdEncoding.EncodeToString([]byte(canaryHook)))
}

// tenant is what acme has more in the configuration.
func (h *canaryHooks) tenant() string {
	return fmt.Sprintf(`, api_keys: [{id: web, sha256: "%x"}], events: {%s}`, sha256.Sum256([]byte(canaryKey)), h.signed("/events"))
}

// service is the OTP service's part of it: long codes, that occur nowhere by chance, and no bounds that this test would meet.
func (h *canaryHooks) service() string {
	return fmt.Sprintf(`otp:
  policies:
    - {length: 10, cooldown: [0s], tries: 4}
    - {purpose: letters, alphabet: letters}
    - {tenant: zipkart, workflow: [{sms: best, wait: 30s}, {webhook: voice, wait: 30s}]}
  limits: {number: [{max: 100000, per: 1h}], keys: [{name: ip, max: 3, per: 1h}]}
  webhooks: [{id: voice, %s}]
  webhook_networks: ["127.0.0.0/8", "::1/128"]
`, h.signed("/voice"))
}

// otpTenant makes calls as a tenant and keeps what it is told.
type otpTenant struct {
	t    *testing.T
	site *canarySite
	conn *nats.Conn
	name string
	mu   sync.Mutex
	told strings.Builder
}

func (s *canarySite) otpTenant(t *testing.T, name string) *otpTenant {
	t.Helper()
	_, conn := s.client(t, name)
	c := &otpTenant{t: t, site: s, conn: conn, name: name}
	if _, err := conn.Subscribe("sms."+name+".otp.event.*", func(m *nats.Msg) { c.hear(m.Subject, m.Header, m.Data) }); err != nil {
		t.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *otpTenant) hear(from string, header any, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(&c.told, "%s %v %s\n", from, header, data)
}

func (c *otpTenant) heard() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.told.String()
}

// canaryAnswer is what any call answers.
type canaryAnswer struct {
	Challenge, Result, State, URI string
	Error                         struct{ Code string }
}

// ask makes a call over NATS, whose body may be no call at all.
func (c *otpTenant) ask(call, body string) (a canaryAnswer) {
	c.t.Helper()
	m, err := c.conn.Request("sms."+c.name+".otp."+call, []byte(body), patience)
	if err != nil {
		c.t.Fatalf("%s: %v", call, err)
	}
	return c.read(call, m.Header, m.Data)
}

// post makes a call over HTTP.
func (c *otpTenant) post(path, key, body string) (a canaryAnswer) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, "http://"+c.site.http+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.read("/v1", resp.Header, data)
}

// read keeps an answer; that of an enrolment has its secret, and is for the caller alone.
func (c *otpTenant) read(from string, header any, data []byte) (a canaryAnswer) {
	c.t.Helper()
	if err := json.Unmarshal(data, &a); err != nil {
		c.t.Fatalf("%s answers %.200q: %v", from, data, err)
	}
	if a.URI == "" {
		c.hear(from, header, data)
	}
	return a
}

// want fails the test where a call says something else.
func (c *otpTenant) want(got, want string) {
	c.t.Helper()
	if got != want {
		c.t.Errorf("a call says %q, want %q", got, want)
	}
}

func (c *otpTenant) request(purpose, more string) string {
	return fmt.Sprintf(`{"to": "+91%s", "template": "%s", "purpose": "%s"%s}`, canaryNumber,
		map[string]string{"acme": loginOTP, "zipkart": zipLogin}[c.name], purpose, more)
}

// madeCode is a code of the gateway's, as an SMS of acme's login template has it.
var madeCode = regexp.MustCompile(`^([0-9A-Z]{10}) is your OTP to log in`)

// made waits until so many codes went over the wire and returns them.
func (s *canarySite) made(t *testing.T, n int) (codes []string) {
	t.Helper()
	eventually(t, "the codes went over the wire", func() bool {
		codes = nil
		for _, m := range s.good.Books().Messages {
			if found := madeCode.FindStringSubmatch(m.Text.Reveal()); found != nil {
				codes = append(codes, found[1])
			}
		}
		return len(codes) >= n
	})
	return codes
}

// challenges asks for codes and has them typed in every way, enrols apps, and makes calls that are none. It returns what must
// not be found of it; what tenants and receivers of webhooks are told is a place to look.
func (s *canarySite) challenges(t *testing.T, places map[string]string) []canary {
	t.Helper()
	acme, zip := s.otpTenant(t, "acme"), s.otpTenant(t, "zipkart")
	canaries := []canary{secretCanary("own code", canaryOwn), secretCanary("wrong code", canaryWrong), secretCanary("account", canaryAccount),
		secretCanary("API key", canaryKey), secretCanary("webhook secret", canaryHook),
		secretCanary("webhook secret as written", strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(canaryHook)), "="))}

	verify := func(challenge, code string) string {
		return fmt.Sprintf(`{"challenge": "%s", "code": "%s"}`, challenge, code)
	}
	first := acme.ask("request", acme.request("login", `, "keys": {"ip": "`+canaryToken+`"}, "id": "canary-otp"`)).Challenge
	second := acme.post("/v1/otp", canaryKey, acme.request("letters", "")).Challenge
	codes := s.made(t, 2)
	for i, code := range codes {
		canaries = append(canaries, secretCanary(fmt.Sprint("made code ", i), code))
	}
	acme.want(acme.ask("verify", verify(first, canaryWrong)).Result, "wrong")
	acme.want(acme.ask("verify", verify(first, codes[0])).Result, "ok")
	acme.want(acme.ask("verify", verify(first, codes[0])).Result, "used")
	for range 4 {
		acme.want(acme.post("/v1/otp/"+second+"/verify", canaryKey, `{"code": "`+canaryWrong+`"}`).Result, "wrong")
	}
	acme.want(acme.post("/v1/otp/"+second+"/verify", canaryKey, `{"code": "`+codes[1]+`"}`).Result, "locked")

	s.ownCodes(acme, verify)
	canaries = append(canaries, s.apps(acme, verify)...)
	s.nonsense(acme)
	canaries = append(canaries, s.voices(zip)...)
	eventually(t, "the events are told", func() bool {
		s.hooks.mu.Lock()
		defer s.hooks.mu.Unlock()
		return strings.Count(s.hooks.events.String(), `"event":"verified"`) >= 2 && strings.Count(acme.heard(), `"event":"verified"`) >= 2
	})
	for _, command := range []string{"status " + first, "resend " + first, "verify " + first + " " + canaryWrong, "cancel " + first} {
		fields := strings.Fields(command)
		_, stdout, stderr := harkara(t, append([]string{"otp", fields[0], "--config", s.file, "--tenant", "acme"}, fields[1:]...)...)
		places["harkara otp "+fields[0]] = stdout + stderr
	}
	places["what acme was told of challenges"], places["what zipkart was told of challenges"] = acme.heard(), zip.heard()
	s.hooks.mu.Lock()
	places["acme's webhook"] = s.hooks.events.String()
	s.hooks.mu.Unlock()
	return append(canaries, s.codeKeys(t)...)
}

// ownCodes has a tenant's own code sent, sent again, and typed; also one that no template takes, and one over a limit.
func (s *canarySite) ownCodes(acme *otpTenant, verify func(challenge, code string) string) {
	acme.t.Helper()
	own := `, "code": "` + canaryOwn + `"`
	challenge := acme.ask("request", acme.request("own", own)).Challenge
	if acme.ask("resend", fmt.Sprintf(`{"challenge": "%s"%s}`, challenge, own)).Challenge != challenge {
		acme.t.Error("an own code could not be sent again")
	}
	acme.want(acme.ask("resend", fmt.Sprintf(`{"challenge": "%s", "code": "%s"}`, challenge, canaryWrong)).Error.Code, "bad_request")
	acme.want(acme.ask("resend", fmt.Sprintf(`{"challenge": "%s"}`, challenge)).Error.Code, "code_required")
	acme.want(acme.ask("verify", verify(challenge, canaryWrong)).Result, "wrong")
	acme.want(acme.ask("verify", verify(challenge, canaryOwn)).Result, "ok")
	acme.want(acme.post("/v1/otp", canaryKey, acme.request("own", own+`, "vars": ["{code}", "`+strings.Repeat(canaryOwn, 9)+`"]`)).Error.Code, "rejected")
	for i := range 4 {
		a := acme.ask("request", acme.request(fmt.Sprint("limited-", i), own+`, "keys": {"ip": "`+canaryToken+canaryToken+`"}`))
		acme.want(a.Error.Code, map[bool]string{true: "limited"}[i == 3])
	}
	sent := false
	eventually(acme.t, "an own code went over the wire", func() bool {
		for _, m := range s.good.Books().Messages {
			sent = sent || strings.Contains(m.Text.Reveal(), canaryOwn)
		}
		return sent
	})
}

// apps enrols authenticator apps, one by each way, and returns their secrets.
func (s *canarySite) apps(acme *otpTenant, verify func(challenge, code string) string) (canaries []canary) {
	acme.t.Helper()
	body := `{"account": "` + canaryAccount + `", "issuer": "` + canaryAccount + ` Bank"}`
	for i, a := range []canaryAnswer{acme.ask("enrol", body), acme.post("/v1/totp", canaryKey, body)} {
		uri, err := url.Parse(a.URI)
		if err != nil {
			acme.t.Fatal("an enrolment's URI can't be read")
		}
		text := uri.Query().Get("secret")
		octets, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(text, "="))
		if err != nil || len(octets) < 16 {
			acme.t.Fatalf("an enrolment's secret has %d octets: %v", len(octets), err)
		}
		name := fmt.Sprint("secret of app ", i)
		canaries = append(canaries, secretCanary(name, strings.TrimRight(text, "=")), octetsCanary(name, octets))
		acme.want(acme.ask("verify", verify(a.Challenge, canaryWrong)).Result, "wrong")
	}
	return canaries
}

// nonsense are calls that can't be read, and keys that are none.
func (s *canarySite) nonsense(acme *otpTenant) {
	acme.t.Helper()
	for _, body := range []string{canaryOwn + " to +91" + canaryNumber, `{"code": "` + canaryOwn, `["` + canaryOwn + `"]`, `{"` + canaryOwn + `": "` + canaryNumber + `"}`,
		`{"challenge": "` + canaryOwn + `", "code": "` + canaryOwn + `"}`, `{"challenge": "` + canaryNumber + `"}`, `{"code": 9876501234}`,
		`{"to": "` + canaryNumber + `", "purpose": "` + canaryOwn + `"}`, `{"to": "+91` + canaryNumber + `", "template": "` + canaryOwn + `", "purpose": "login"}`,
		acme.request("login", `, "id": "+91`+canaryNumber+`"`), acme.request("login", `, "ttl_s": 9876501234`), acme.request("login", `, "length": "`+canaryOwn+`"`),
		acme.request("login", `, "code": "`+strings.Repeat(canaryOwn, 2)+`"`), acme.request("login", `, "vars": ["`+canaryOwn+`"]`),
		acme.request("login", `, "vars": ["{code}", "`+canaryOwn+`", "`+canaryOwn+`"]`), acme.request("login", `, "header": "`+canaryOwn+` `+canaryNumber+`"`),
		acme.request("login", `, "keys": {"`+strings.Repeat(canaryOwn, 5)+`": "`+canaryNumber+`"}`)} {
		for _, call := range []string{"request", "verify", "resend", "cancel", "status", "enrol"} {
			if a := acme.ask(call, body); a.Error.Code == "" {
				acme.t.Errorf("%s of nonsense says %+v", call, a)
			}
		}
		acme.post("/v1/otp", canaryKey, body)
		acme.post("/v1/otp/"+url.PathEscape(canaryOwn)+"/verify", canaryKey, body)
		acme.post("/v1/totp", canaryKey, body)
	}
	acme.want(acme.post("/v1/otp", canaryOwn+canaryWrong, acme.request("login", "")).Error.Code, "unauthorized")
	acme.want(acme.post("/v1/otp", "hk_acme_"+canaryOwn, acme.request("login", "")).Error.Code, "unauthorized")
}

// voices asks past an SMSC that fails, until a provider was given codes, and returns these.
func (s *canarySite) voices(zip *otpTenant) (canaries []canary) {
	zip.t.Helper()
	for i := range 30 {
		zip.ask("request", zip.request(fmt.Sprint("voice-", i), ""))
	}
	eventually(zip.t, "a provider was given codes", func() bool {
		s.hooks.mu.Lock()
		defer s.hooks.mu.Unlock()
		return len(s.hooks.voice) >= 2
	})
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	for i, code := range s.hooks.voice[:2] {
		canaries = append(canaries, secretCanary(fmt.Sprint("code of a provider ", i), code))
	}
	return canaries
}

// codeKeys are the keys that codes are made with.
func (s *canarySite) codeKeys(t *testing.T) (canaries []canary) {
	t.Helper()
	var ring struct {
		Index []byte
		Keys  []map[string]any
	}
	if err := json.Unmarshal([]byte(must(t, "keys", "export", "--otp", "--config", s.file)), &ring); err != nil || len(ring.Index) != 32 || len(ring.Keys) == 0 {
		t.Fatalf("the keys of codes: an index of %d octets and %d keys, %v", len(ring.Index), len(ring.Keys), err)
	}
	canaries = append(canaries, octetsCanary("index key of codes", ring.Index))
	for i, k := range ring.Keys {
		for _, v := range k {
			text, _ := v.(string)
			if octets, err := base64.StdEncoding.DecodeString(text); err == nil && len(octets) == 32 {
				canaries = append(canaries, octetsCanary(fmt.Sprint("key of codes ", i), octets))
			}
		}
	}
	if len(canaries) != 1+len(ring.Keys) {
		t.Fatalf("%d of %d keys of codes could be read", len(canaries)-1, len(ring.Keys))
	}
	return canaries
}
