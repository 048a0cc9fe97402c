package app

import (
	"fmt"
	"slices"
	"sync"

	"harkara/cmd/internal/otp"
	"harkara/cmd/internal/otp/api"
	"harkara/cmd/internal/otp/service"
	"harkara/cmd/internal/webhook"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/templates"
)

func (c *Config) hasTenant(id sms.TenantID) bool {
	return slices.ContainsFunc(c.Tenants, func(t Tenant) bool { return t.ID == id })
}

// otpPolicy returns the rules of a tenant's purpose, made once for each purpose of the configuration; a tenant's own words
// share those of no purpose.
func (c *Config) otpPolicy() func(sms.TenantID, otp.Purpose) *otp.Policy {
	type scope struct {
		tenant  sms.TenantID
		purpose otp.Purpose
	}
	named := map[otp.Purpose]bool{"": true, otp.Login: true, otp.Registration: true, otp.Reset: true, otp.Transaction: true, otp.ReportAccess: true}
	for i := range c.OTP.Policies {
		named[c.OTP.Policies[i].Purpose] = true
	}
	var mu sync.Mutex
	made := map[scope]*otp.Policy{}
	return func(tenant sms.TenantID, purpose otp.Purpose) *otp.Policy {
		if !named[purpose] {
			purpose = ""
		}
		mu.Lock()
		defer mu.Unlock()
		p := made[scope{tenant, purpose}]
		if p == nil {
			policy := c.policy(tenant, purpose)
			p = &policy
			made[scope{tenant, purpose}] = p
		}
		return p
	}
}

func (c *Config) limits() service.Limits {
	windows := func(list []OTPLimit) (w []service.Window) {
		for _, l := range list {
			w = append(w, service.Window{Max: l.Max, Per: l.Per})
		}
		return w
	}
	l := service.Limits{DryRun: c.OTP.Limits.DryRun, Number: windows(c.OTP.Limits.Number), Tenant: windows(c.OTP.Limits.Tenant),
		Keys: map[string][]service.Window{}}
	for _, k := range c.OTP.Limits.Keys {
		l.Keys[k.Name] = append(l.Keys[k.Name], service.Window{Max: k.Max, Per: k.Per})
	}
	return l
}

// testNumbers are those of a configuration that is no production.
func (c *Config) testNumbers() map[sms.MSISDN]sms.Secret {
	all := map[sms.MSISDN]sms.Secret{}
	for _, t := range c.OTP.TestNumbers {
		if n, err := sms.ParseMSISDN(t.Number); err == nil && !c.OTP.Production { // check has looked
			all[n] = t.Code
		}
	}
	return all
}

// hooks are the webhooks of workflows.
func (c *Config) hooks() (map[string]webhook.Target, error) {
	all := map[string]webhook.Target{}
	for i := range c.OTP.Webhooks {
		h := &c.OTP.Webhooks[i]
		target, err := h.target()
		if err != nil {
			return nil, fmt.Errorf("otp.webhooks: %s: %w", h.ID, err)
		}
		all[h.ID] = target
	}
	return all, nil
}

func (h *Hook) target() (webhook.Target, error) {
	key, err := secret(h.Secret.Reveal(), h.SecretEnv, h.SecretFile)
	if err != nil {
		return webhook.Target{}, err
	}
	return webhook.Target{URL: h.URL, Secret: sms.Secret(key), Plain: h.Plain}, nil
}

func (c *Config) apiKeys() (*api.APIKeys, error) {
	all := map[sms.TenantID][]api.KeyHash{}
	for _, t := range c.Tenants {
		for _, k := range t.APIKeys {
			all[t.ID] = append(all[t.ID], api.KeyHash{ID: k.ID, SHA256: k.SHA256})
		}
	}
	return api.NewAPIKeys(all)
}

// Profiles says by template how handsets fill in its codes.
func (c *Config) Profiles() map[dlt.TemplateID]templates.Profile {
	all := map[dlt.TemplateID]templates.Profile{}
	for _, p := range c.OTP.Templates {
		kind := templates.Android
		if p.Profile == "web" {
			kind = templates.Web
		}
		all[dlt.TemplateID(p.Template)] = templates.Profile{Kind: kind, Hash: p.AppHash, Domain: p.Domain}
	}
	return all
}
