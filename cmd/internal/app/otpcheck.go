package app

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"time"

	"harkara/cmd/internal/otp"
	"harkara/cmd/internal/webhook"
	"harkara/dlt"
	"harkara/smpp/sms"
)

var (
	purposePattern = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)
	codePattern    = regexp.MustCompile(`^[0-9A-Za-z]{4,10}$`)
	hashPattern    = regexp.MustCompile(`^[0-9A-Za-z+/]{11}$`)
	domainPattern  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`)
)

func (c *Config) checkOTP(at *lines) {
	oneOf(at, "otp.state", c.OTP.State, "file", "memory")
	for i := range c.OTP.Policies {
		o, path := &c.OTP.Policies[i], fmt.Sprintf("otp.policies[%d]", i)
		o.check(at, path, c)
		if slices.ContainsFunc(c.OTP.Policies[:i], func(p OTPPolicy) bool { return p.Tenant == o.Tenant && p.Purpose == o.Purpose }) {
			at.add(path, "stands twice for this tenant and purpose: put both into one")
		}
		c.checkReach(at, path+".workflow", o)
	}
	c.OTP.Limits.check(at)
	for i, text := range c.OTP.WebhookNetworks {
		if p, err := netip.ParsePrefix(text); err != nil || p.Bits() < 8 {
			at.add(fmt.Sprintf("otp.webhook_networks[%d]", i), "not a network of yours; want one such as 10.1.0.0/16, /8 at most")
		}
	}
	poster := webhook.NewPoster(c.webhookNetworks())
	defer poster.Close()
	for i := range c.OTP.Webhooks {
		path := fmt.Sprintf("otp.webhooks[%d]", i)
		if !namePattern.MatchString(c.OTP.Webhooks[i].ID) {
			at.add(path+".id", "want 1-32 letters, digits, - or _")
		}
		c.OTP.Webhooks[i].check(at, path, poster)
	}
	unique(at, "otp.webhooks", c.OTP.Webhooks, func(h Hook) string { return h.ID })
	for i := range c.Tenants {
		c.Tenants[i].checkAPI(at, fmt.Sprintf("tenants[%d]", i), poster)
	}
	seen := map[string]bool{}
	for i := range c.OTP.Templates {
		p, path := &c.OTP.Templates[i], fmt.Sprintf("otp.templates[%d]", i)
		p.check(at, path)
		if seen[p.Template] {
			at.add(path+".template", "stands twice: a text has one end, for one of them")
		}
		seen[p.Template] = true
	}
	c.checkTestNumbers(at)
	if c.API.Listen != "" {
		hostPort(at, "api.listen", c.API.Listen)
	}
	if (c.API.CertFile == "") != (c.API.KeyFile == "") || c.API.CertFile != "" && c.API.Listen == "" {
		at.add("api", "TLS wants listen, cert_file and key_file together")
	}
}

func (o *OTPPolicy) check(at *lines, path string, c *Config) {
	if o.Tenant != "" && !slices.ContainsFunc(c.Tenants, func(t Tenant) bool { return t.ID == o.Tenant }) {
		at.add(path+".tenant", fmt.Sprintf("no tenant %q under tenants:", o.Tenant))
	}
	if o.Purpose != "" && !purposePattern.MatchString(string(o.Purpose)) {
		at.add(path+".purpose", "want 1-32 small letters, digits, - or _")
	}
	if o.Length != 0 && (o.Length < 4 || o.Length > 10) {
		at.add(path+".length", "want 4 to 10; under 6 is weaker than NIST SP 800-63B allows")
	}
	if o.Alphabet != "" {
		oneOf(at, path+".alphabet", string(o.Alphabet), string(otp.Digits), string(otp.Letters))
	}
	if o.Life != 0 && (o.Life < 30*time.Second || o.Life > otp.MaxLife) {
		at.add(path+".life", "want 30s to 10m: a code may live for ten minutes at most (NIST SP 800-63B-4, 3.1.3.2)")
	}
	for key, v := range map[string]int{"sends": o.Sends, "tries": o.Tries, "lock_after": o.LockAfter} {
		if v < 0 || v > 100 {
			at.add(path+"."+key, "want 1 to 100")
		}
	}
	for i, d := range o.Cooldown {
		atLeast(at, fmt.Sprintf("%s.cooldown[%d]", path, i), d, 0)
	}
	for i, d := range o.Lock {
		atLeast(at, fmt.Sprintf("%s.lock[%d]", path, i), d, time.Second)
	}
	if o.Lock != nil && len(o.Lock) == 0 {
		at.add(path+".lock", "wrong codes must lock for some time: name at least one")
	}
	o.checkWorkflow(at, path+".workflow", c)
}

// checkReach finds steps that can never come, since the code is dead by then.
func (c *Config) checkReach(at *lines, path string, o *OTPPolicy) {
	p := c.policy(o.Tenant, o.Purpose)
	wait := time.Duration(0)
	for i, step := range p.Workflow[:max(0, len(p.Workflow)-1)] {
		if wait += step.Wait; wait >= p.Life {
			at.add(path, fmt.Sprintf("step %d never comes: the steps before it wait %s, and a code lives %s", i+2, wait, p.Life))
			return
		}
	}
}

func (o *OTPPolicy) checkWorkflow(at *lines, path string, c *Config) {
	if o.Workflow != nil && (len(o.Workflow) == 0 || o.Workflow[0].SMS != "best") {
		at.add(path, "the first step is {sms: best}")
	}
	for i, s := range o.Workflow {
		here := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case (s.SMS == "") == (s.Webhook == ""):
			at.add(here, "want either sms or webhook")
		case s.SMS != "":
			oneOf(at, here+".sms", s.SMS, "best", "next")
		case !slices.ContainsFunc(c.OTP.Webhooks, func(h Hook) bool { return h.ID == s.Webhook }):
			at.add(here+".webhook", fmt.Sprintf("no %q under otp.webhooks", s.Webhook))
		}
		if i < len(o.Workflow)-1 && s.Wait < time.Second {
			at.add(here+".wait", "want at least 1s, for \"delivered\" before the next step")
		}
	}
}

func (l *OTPLimits) check(at *lines) {
	windows := func(path string, list []OTPLimit) {
		for i, w := range list {
			atLeast(at, fmt.Sprintf("%s[%d].max", path, i), w.Max, 1)
			wholeSeconds(at, fmt.Sprintf("%s[%d].per", path, i), w.Per)
		}
	}
	windows("otp.limits.number", l.Number)
	windows("otp.limits.tenant", l.Tenant)
	for i, k := range l.Keys {
		path := fmt.Sprintf("otp.limits.keys[%d]", i)
		if !purposePattern.MatchString(k.Name) {
			at.add(path+".name", "want 1-32 small letters, digits, - or _")
		}
		atLeast(at, path+".max", k.Max, 1)
		wholeSeconds(at, path+".per", k.Per)
	}
}

func wholeSeconds(at *lines, path string, d time.Duration) {
	if d < time.Second || d%time.Second != 0 {
		at.add(path, fmt.Sprintf("%s is no window; want whole seconds", d))
	}
}

func (h *Hook) check(at *lines, path string, poster *webhook.Poster) {
	if err := poster.Check(webhook.Target{URL: h.URL, Plain: h.Plain}); err != nil {
		at.add(path+".url", err.Error())
	}
	if h.Secret == "" && h.SecretEnv == "" && h.SecretFile == "" {
		at.add(path, "no secret to sign with: set secret_env or secret_file to whsec_ and base64")
	}
}

func (t *Tenant) checkAPI(at *lines, path string, poster *webhook.Poster) {
	for i, k := range t.APIKeys {
		if digest, err := hex.DecodeString(k.SHA256); err != nil || len(digest) != 32 {
			at.add(fmt.Sprintf("%s.api_keys[%d].sha256", path, i), "want the 64 digits that harkara otp key prints")
		}
	}
	unique(at, path+".api_keys", t.APIKeys, func(k APIKey) string { return k.ID })
	if t.Events != (Hook{}) {
		t.Events.check(at, path+".events", poster)
	}
}

func (p *OTPProfile) check(at *lines, path string) {
	if _, err := dlt.ParseTemplateID(p.Template); err != nil {
		at.add(path+".template", err.Error())
	}
	oneOf(at, path+".profile", p.Profile, "android", "web")
	if p.Profile == "android" && !hashPattern.MatchString(p.AppHash) {
		at.add(path+".app_hash", "want the 11 characters of the app's hash")
	}
	if p.Profile == "web" && !domainPattern.MatchString(p.Domain) {
		at.add(path+".domain", "want a domain such as example.com")
	}
}

// checkTestNumbers: a number whose code is known to everybody who reads the file is a way in.
func (c *Config) checkTestNumbers(at *lines) {
	if c.OTP.Production && len(c.OTP.TestNumbers) > 0 {
		at.add("otp.test_numbers", "refused, as anybody who knows a test number's code gets in by it; set otp.production: false "+
			"where this is no production, or leave them out")
	}
	for i, t := range c.OTP.TestNumbers {
		path := fmt.Sprintf("otp.test_numbers[%d]", i)
		if _, err := sms.ParseMSISDN(t.Number); err != nil {
			at.add(path+".number", err.Error())
		}
		if !codePattern.MatchString(t.Code.Reveal()) {
			at.add(path+".code", "want 4 to 10 letters and digits, in quotes")
		}
	}
}
