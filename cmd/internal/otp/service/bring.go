package service

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"time"

	"harkara/cmd/internal/otp"
	"harkara/cmd/internal/webhook"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

const (
	webhookSMSC  = "webhook:" // with the webhook's name, for one that a provider brings
	postsMax     = 32         // to a provider at once
	postsWaiting = 1000       // for their turn
	postTries    = 4
	postPatience = 20 * time.Second // for all tries
)

// isSMSC says whether an SMSC of events is one of the configuration's.
func isSMSC(id sms.SMSCID) bool {
	return id != otp.TestSMSC && !strings.HasPrefix(string(id), webhookSMSC)
}

// provider is a webhook of workflows: each has a queue of its own, so that one that hangs delays no other.
type provider struct {
	slots   chan struct{} // one token for each post that is under way
	waiting atomic.Int64
}

// tellProvider has a provider bring a code, in the background. A process that ends before it has is healed by the
// challenge's timer, which asks for the same send again.
func (s *Service) tellProvider(tenant sms.TenantID, m *otp.Send) {
	p, smsc := s.posts[m.Webhook], sms.SMSCID(webhookSMSC+m.Webhook)
	if p == nil || p.waiting.Add(1) > postsWaiting {
		if p != nil {
			p.waiting.Add(-1)
		}
		s.cfg.Log.Error("a provider can't be asked to bring a code: it is not under otp.webhooks, or too many codes wait for it", "webhook", m.Webhook)
		s.working.Go(func() { s.tellAll(tenant, m, smsc, otp.Failed) })
		return
	}
	s.working.Go(func() {
		fate, err := otp.Sent, s.ask(p, tenant, m)
		switch {
		case s.running.Err() != nil:
			return
		case err != nil:
			s.cfg.Log.Error("a provider does not take codes: look at its server and at otp.webhooks", "webhook", m.Webhook, "error", err)
			fate = otp.Failed
		}
		s.tellAll(tenant, m, smsc, fate)
	})
}

// ask waits for its turn, as long as the code lives, and posts.
func (s *Service) ask(p *provider, tenant sms.TenantID, m *otp.Send) error {
	alive, end := context.WithTimeout(s.running, m.Life)
	defer end()
	select {
	case p.slots <- struct{}{}:
	case <-alive.Done():
	}
	p.waiting.Add(-1)
	if alive.Err() != nil {
		return alive.Err()
	}
	defer func() { <-p.slots }()
	ctx, cancel := context.WithTimeout(alive, postPatience)
	defer cancel()
	return s.post(ctx, tenant, m)
}

// tellAll notes the fates of a send, one after the other.
func (s *Service) tellAll(tenant sms.TenantID, m *otp.Send, smsc sms.SMSCID, fates ...otp.Fate) {
	for _, fate := range fates {
		if err := s.tell(s.running, tenant, m, smsc, fate); err != nil && s.running.Err() == nil {
			s.cfg.Log.Warn("what became of a code can't be noted", "challenge", m.Challenge, "error", err)
		}
	}
}

// tell notes the fate of a send that the ledger knows from nobody else.
func (s *Service) tell(ctx context.Context, tenant sms.TenantID, m *otp.Send, smsc sms.SMSCID, fate otp.Fate) error {
	now := s.cfg.Now()
	event := ledger.OTP{Event: ledger.OTPEvent(fate), Tenant: tenant, Challenge: string(m.Challenge), Purpose: string(m.Purpose),
		Template: m.Template, ToLast4: m.To.Last4(), SMSC: smsc, Send: m.Number, Requested: m.Requested}
	s.record(ctx, []ledger.OTP{event}, now)
	return s.told(ctx, tenant, m.Challenge, m.Number, fate, smsc)
}

// post asks a provider to bring a code, a few times. Its body holds number and code: there is no other way to have them read
// out, and it goes over TLS to whom the configuration names.
func (s *Service) post(ctx context.Context, tenant sms.TenantID, m *otp.Send) error {
	body, err := json.Marshal(map[string]any{"type": "otp.deliver", "challenge": m.Challenge, "tenant": tenant, "purpose": m.Purpose,
		"to": "+" + m.To.Digits(), "code": m.Code.Reveal(), "expires_at": m.Expires.UTC().Truncate(time.Millisecond)})
	if err != nil {
		return err
	}
	id := string(sms.OTPRequestID(string(m.Challenge), m.Number))
	for try := 1; ; try++ {
		err := s.cfg.Poster.Post(ctx, s.cfg.Hooks[m.Webhook], id, body, s.cfg.Now())
		if err == nil || try == postTries || !webhook.Retry(err) || !sleep(ctx, time.Duration(try)*time.Second) {
			return err
		}
	}
}
