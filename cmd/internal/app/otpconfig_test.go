package app

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"harkara/cmd/internal/otp"
	"harkara/cmd/internal/otp/service"
	"harkara/smpp/sms"
)

const goodOTP = small + `otp:
  production: false
  policies:
    - {length: 8, sends: 3}
    - {purpose: login, tries: 4, life: 2m}
    - {tenant: acme, length: 7, cooldown: [10s]}
    - {tenant: acme, purpose: login, lock_after: 3, workflow: [{sms: best, wait: 20s}, {webhook: voice}]}
  limits:
    number: [{max: 5, per: 10m}]
    keys: [{name: ip, max: 30, per: 10m}, {name: ip, max: 100, per: 24h}]
  webhooks: [{id: voice, url: "https://voice.example.com/otp", secret: whsec_bWFkZSB1cCBmb3IgdGhlIHRlc3RzIG9ubHkgISE=}]
  webhook_networks: [10.1.0.0/16]
  templates:
    - {template: "1107161234567890123", profile: android, app_hash: FA+9qCX9VSu}
    - {template: "1107161234567890231", profile: web, domain: example.com}
  test_numbers: [{number: "+919999900001", code: "000000"}]
`

// TestOTPFaults changes one thing of a good configuration and wants a fault of that path.
func TestOTPFaults(t *testing.T) {
	parse(t, goodOTP)
	for _, tt := range []struct{ replace, by, want string }{
		{"production: false", "production: true", "otp.test_numbers: refused"},
		{"production: false", "production: false\n  state: disk", `otp.state: "disk" is not one of file, memory`},
		{"length: 8", "length: 3", "otp.policies[0].length: want 4 to 10"},
		{"length: 8", "alphabet: emoji", `otp.policies[0].alphabet: "emoji" is not one of`},
		{"life: 2m", "life: 11m", "otp.policies[1].life: want 30s to 10m"},
		{"purpose: login, tries", "purpose: Log-In, tries", "otp.policies[1].purpose: want 1-32"},
		{"tries: 4", "tries: -1", "otp.policies[1].tries: want 1 to 100"},
		{"tenant: acme, length", "tenant: nobody, length", `otp.policies[2].tenant: no tenant "nobody"`},
		{"cooldown: [10s]", "cooldown: [-10s]", "otp.policies[2].cooldown[0]: -10s is too small"},
		{"cooldown: [10s]", "lock: []", "otp.policies[2].lock: wrong codes must lock"},
		{"{sms: best, wait: 20s}, ", "", "otp.policies[3].workflow: the first step is"},
		{"wait: 20s", "wait: 1ms", "otp.policies[3].workflow[0].wait: want at least 1s"},
		{"{webhook: voice}]}", "{webhook: fax}]}", `otp.policies[3].workflow[1].webhook: no "fax"`},
		{"{webhook: voice}]}", "{webhook: voice, sms: next}]}", "otp.policies[3].workflow[1]: want either sms or webhook"},
		{"{webhook: voice}]}", "{sms: worst}]}", `otp.policies[3].workflow[1].sms: "worst" is not one of`},
		{"[{max: 5,", "[{max: 0,", "otp.limits.number[0].max: 0 is too small"},
		{"{name: ip, max: 30", "{name: IP address, max: 30", "otp.limits.keys[0].name: want 1-32"},
		{"https://voice", "http://voice", "otp.webhooks[0].url: "},
		{", secret: whsec_bWFkZSB1cCBmb3IgdGhlIHRlc3RzIG9ubHkgISE=", "", "otp.webhooks[0]: no secret to sign with"},
		{"10.1.0.0/16", "10.1.0.0", "otp.webhook_networks[0]: not a network"},
		{"10.1.0.0/16", "0.0.0.0/0", "otp.webhook_networks[0]: not a network of yours"},
		{"wait: 20s", "wait: 120s", "otp.policies[3].workflow: step 2 never comes"},
		{"{purpose: login, tries: 4, life: 2m}", "{sends: 2}", "otp.policies[1]: stands twice"},
		{"per: 10m}]\n    keys", "per: 1500ms}]\n    keys", "otp.limits.number[0].per: 1.5s is no window"},
		{"FA+9qCX9VSu", "short", "otp.templates[0].app_hash: want the 11 characters"},
		{"domain: example.com", "domain: https://example.com", "otp.templates[1].domain: want a domain"},
		{"profile: web", "profile: ios", `otp.templates[1].profile: "ios" is not one of`},
		{`"1107161234567890231", profile`, `"1107161234567890123", profile`, "otp.templates[1].template: stands twice"},
		{`code: "000000"`, `code: "00"`, "otp.test_numbers[0].code: want 4 to 10"},
		{"+919999900001", "+15550100", "otp.test_numbers[0].number: not an Indian mobile number"},
		{"headers: [ACMEBK]", "headers: [ACMEBK]\n    api_keys: [{id: a, sha256: xyz}]", "tenants[0].api_keys[0].sha256: want the 64 digits"},
		{"headers: [ACMEBK]", "headers: [ACMEBK]\n    events: {url: \"https://acme.example.com/\"}", "tenants[0].events: no secret"},
		{"otp:\n", "api: {listen: 127.0.0.1:8443, cert_file: a.pem}\notp:\n", "api: TLS wants listen, cert_file and key_file"},
	} {
		text := strings.Replace(goodOTP, tt.replace, tt.by, 1)
		if text == goodOTP {
			t.Fatalf("%q is not in the configuration", tt.replace)
		}
		if _, err := Parse("harkara.yaml", []byte(text)); err == nil || !strings.Contains(err.Error(), ": "+tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s for %s: %v, want %s", tt.by, tt.replace, err, tt.want)
		}
	}
}

// TestPolicies: what is said of tenant and purpose counts most, then of the tenant, of the purpose, of all.
func TestPolicies(t *testing.T) {
	c := parse(t, goodOTP)
	of := c.otpPolicy()
	d := otp.DefaultPolicy(otp.Login)
	for _, tt := range []struct {
		tenant        sms.TenantID
		purpose       string
		length, tries int
		life          time.Duration
		cooldown      []time.Duration
		lockAfter     int
		steps         int
	}{
		{"acme", "login", 7, 4, 2 * time.Minute, []time.Duration{10 * time.Second}, 3, 2},
		{"acme", "reset", 7, 5, 10 * time.Minute, []time.Duration{10 * time.Second}, 5, 2},
		{"acme", "their-own", 7, 5, 5 * time.Minute, []time.Duration{10 * time.Second}, 5, 2},
		{"zip", "login", 8, 4, 2 * time.Minute, d.Cooldown, 5, 2},
		{"zip", "transaction", 8, 3, 3 * time.Minute, d.Cooldown, 5, 2},
	} {
		p := of(tt.tenant, otp.Purpose(tt.purpose))
		if p.Length != tt.length || p.Tries != tt.tries || p.Life != tt.life || !reflect.DeepEqual(p.Cooldown, tt.cooldown) || p.Sends != 3 ||
			p.LockAfter != tt.lockAfter || len(p.Workflow) != tt.steps {
			t.Errorf("%s, %s: %+v", tt.tenant, tt.purpose, p)
		}
	}
	if w := of("acme", "login").Workflow; w[1] != (otp.Step{Kind: otp.ByWebhook, Webhook: "voice"}) {
		t.Errorf("workflow: %+v", w)
	}
	if of("zip", "one") != of("zip", "two") {
		t.Error("each word that a tenant makes up has a policy of its own")
	}
	want := []service.Window{{Max: 30, Per: 10 * time.Minute}, {Max: 100, Per: 24 * time.Hour}}
	if got := c.limits().Keys["ip"]; !reflect.DeepEqual(got, want) {
		t.Errorf("limits of ip: %v", got)
	}
}
