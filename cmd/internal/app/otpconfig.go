package app

import (
	"time"

	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
)

// OTP is how the OTP service works.
type OTP struct {
	Production      bool         `koanf:"production"`       // test numbers are refused
	State           string       `koanf:"state"`            // of challenges: file or memory
	KeysCredential  string       `koanf:"keys_credential"`  // systemd's; empty: data/keys/otp.json
	Policies        []OTPPolicy  `koanf:"policies"`         // of several that match the one for tenant and purpose counts most
	Limits          OTPLimits    `koanf:"limits"`           // by number, tenant and what callers name
	Webhooks        []Hook       `koanf:"webhooks"`         // steps of workflows
	WebhookNetworks []string     `koanf:"webhook_networks"` // private ones that webhooks may reach, as 10.1.0.0/16
	Templates       []OTPProfile `koanf:"templates"`
	TestNumbers     []TestNumber `koanf:"test_numbers"`
}

// OTPPolicy is the rules of a tenant's purpose; what it leaves out is as by default.
type OTPPolicy struct {
	Tenant    sms.TenantID    `koanf:"tenant"`  // empty: all
	Purpose   otp.Purpose     `koanf:"purpose"` // empty: all
	Length    int             `koanf:"length"`
	Alphabet  otp.Alphabet    `koanf:"alphabet"`
	Life      time.Duration   `koanf:"life"`
	Sends     int             `koanf:"sends"`
	Tries     int             `koanf:"tries"`
	Cooldown  []time.Duration `koanf:"cooldown"`
	LockAfter int             `koanf:"lock_after"`
	Lock      []time.Duration `koanf:"lock"`
	Workflow  []OTPStep       `koanf:"workflow"`
}

// OTPStep is one step of a workflow: by SMS or by a webhook.
type OTPStep struct {
	SMS     string        `koanf:"sms"`     // best or next
	Webhook string        `koanf:"webhook"` // the id of one under webhooks
	Wait    time.Duration `koanf:"wait"`
}

// OTPLimits are fixed windows.
type OTPLimits struct {
	DryRun bool       `koanf:"dry_run"` // nothing is refused; what would be is told
	Number []OTPLimit `koanf:"number"`  // of one number, across all tenants
	Tenant []OTPLimit `koanf:"tenant"`
	Keys   []KeyLimit `koanf:"keys"` // of what callers name, such as an IP address
}

// OTPLimit is so many sends in a window.
type OTPLimit struct {
	Max int           `koanf:"max"`
	Per time.Duration `koanf:"per"`
}

// KeyLimit is a limit for each value of a name.
type KeyLimit struct {
	Name string        `koanf:"name"`
	Max  int           `koanf:"max"`
	Per  time.Duration `koanf:"per"`
}

// Hook is a server that is told by signed requests.
type Hook struct {
	ID         string     `koanf:"id"`
	URL        string     `koanf:"url"`
	Secret     sms.Secret `koanf:"secret"` // whsec_…; for tests
	SecretEnv  string     `koanf:"secret_env"`
	SecretFile string     `koanf:"secret_file"`
	Plain      bool       `koanf:"plain"` // http is allowed
}

// OTPProfile says how handsets fill in a template's codes.
type OTPProfile struct {
	Template string `koanf:"template"`
	Profile  string `koanf:"profile"`  // android or web
	AppHash  string `koanf:"app_hash"` // android
	Domain   string `koanf:"domain"`   // web
}

// TestNumber is a number whose messages go nowhere and whose code is always the same.
type TestNumber struct {
	Number string     `koanf:"number"`
	Code   sms.Secret `koanf:"code"`
}

// APIKey is one key of a tenant for /v1, by its digest.
type APIKey struct {
	ID     string `koanf:"id"`
	SHA256 string `koanf:"sha256"`
}

// API is where /v1 is served.
type API struct {
	Listen   string `koanf:"listen"` // empty: on http, beside /metrics
	CertFile string `koanf:"cert_file"`
	KeyFile  string `koanf:"key_file"`
}

func (c *Config) otpDefaults(at *lines) {
	fill(at, "otp.production", &c.OTP.Production, true)
	fill(at, "otp.state", &c.OTP.State, "file")
	fill(at, "otp.limits.number", &c.OTP.Limits.Number, []OTPLimit{{5, 10 * time.Minute}, {20, day}})
}

// policy returns the rules of a tenant's purpose: the default, with what the configuration says of all, of the purpose, of
// the tenant, and of both, in this order.
func (c *Config) policy(tenant sms.TenantID, purpose otp.Purpose) otp.Policy {
	p := otp.DefaultPolicy(purpose)
	for _, rank := range []int{0, 1, 2, 3} {
		for i := range c.OTP.Policies {
			o := &c.OTP.Policies[i]
			matches := (o.Tenant == "" || o.Tenant == tenant) && (o.Purpose == "" || o.Purpose == purpose)
			if matches && o.rank() == rank {
				o.over(&p)
			}
		}
	}
	return p
}

func (o *OTPPolicy) rank() int {
	rank := 0
	if o.Purpose != "" {
		rank++
	}
	if o.Tenant != "" {
		rank += 2
	}
	return rank
}

// over puts what the entry has in place of what a policy has.
func (o *OTPPolicy) over(p *otp.Policy) {
	p.Length = orElse(o.Length, p.Length)
	p.Alphabet = orElse(o.Alphabet, p.Alphabet)
	p.Life = orElse(o.Life, p.Life)
	p.Sends = orElse(o.Sends, p.Sends)
	p.Tries = orElse(o.Tries, p.Tries)
	p.LockAfter = orElse(o.LockAfter, p.LockAfter)
	if o.Cooldown != nil {
		p.Cooldown = o.Cooldown
	}
	if o.Lock != nil {
		p.Lock = o.Lock
	}
	if o.Workflow == nil {
		return
	}
	p.Workflow = nil
	for _, s := range o.Workflow {
		step := otp.Step{Kind: otp.ByWebhook, Webhook: s.Webhook, Wait: s.Wait}
		switch s.SMS {
		case "best":
			step.Kind = otp.ByBest
		case "next":
			step.Kind = otp.ByNext
		}
		p.Workflow = append(p.Workflow, step)
	}
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
