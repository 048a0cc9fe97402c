package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"harkara/cmd/internal/otp"
	"harkara/cmd/internal/otp/state"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// Limits are how many sends may be asked for in fixed windows.
type Limits struct {
	DryRun bool     // nothing is refused; what would be is an event
	Number []Window // of one number, across all tenants
	Tenant []Window
	Keys   map[string][]Window // of each value of a name that callers give
}

// Window is so many in a time.
type Window struct {
	Max int
	Per time.Duration
}

// limited does what may send a code, if the limits let it. What would be refused anyway, and what sends nothing new, counts
// in no window: it is tried on a copy first. before is called when nothing but the change itself is left to do.
func (s *Service) limited(ctx context.Context, tenant sms.TenantID, key otp.SubjectKey, id otp.ChallengeID, before func(*otp.Outcome) *otp.Error,
	do do, named map[string]string) (otp.RequestAnswer, *otp.Error) {
	var trial otp.Outcome
	var refused *otp.Error
	err := s.cfg.State.Change(ctx, key, func(sub *otp.Subject) (bool, time.Duration) {
		trial, refused = do.by(tenant)(sub, s.cfg.Now())
		return false, 0
	})
	if err != nil {
		return otp.RequestAnswer{}, s.unavailable("the state of challenges can't be reached", err)
	}
	giveBack := func() {}
	if refused == nil && trial.Changed && trial.Send != nil {
		if giveBack, refused = s.take(ctx, tenant, trial.Send, named); refused != nil {
			return otp.RequestAnswer{}, refused
		}
	}
	if refused == nil && before != nil {
		if refused := before(&trial); refused != nil {
			giveBack()
			return otp.RequestAnswer{}, refused
		}
	}
	out, refused := s.change(ctx, tenant, key, id, func(sub *otp.Subject, now time.Time) (otp.Outcome, *otp.Error) {
		out, refused := do(sub, now)
		if before != nil && trial.Changed {
			out.Due = time.Time{} // before has set the timer
		}
		return out, refused
	})
	if refused != nil {
		if refused.Code != otp.Unavailable { // that may have been sent
			giveBack()
		}
		return otp.RequestAnswer{}, refused
	}
	return *out.Answer, nil
}

// counted is a window with whose it is, in words.
type counted struct {
	state.Window
	whose string
}

// windows are those that a send counts in: what the caller named, the number, the tenant.
func (s *Service) windows(k *otp.Keyring, tenant sms.TenantID, m *otp.Send, named map[string]string) (list []counted) {
	add := func(whose string, windows []Window, parts ...string) {
		for _, w := range windows {
			list = append(list, counted{state.Window{Key: k.CounterKey(parts...), Per: w.Per, Max: w.Max}, whose})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		add("the given "+name, s.cfg.Limits.Keys[name], "key", string(tenant), name, named[name])
	}
	if !m.Test {
		add("this number", s.cfg.Limits.Number, "number", m.To.Digits())
	}
	add("this tenant", s.cfg.Limits.Tenant, "tenant", string(tenant))
	return list
}

// take counts a send in all of its windows; giveBack undoes that. Where one is full, those before it get back what they had
// counted; in a dry run all are counted, and what would be refused is told.
func (s *Service) take(ctx context.Context, tenant sms.TenantID, m *otp.Send, named map[string]string) (giveBack func(), refused *otp.Error) {
	k, err := s.cfg.Keys()
	if err != nil {
		return nil, s.unavailable("the keys of codes can't be read", err)
	}
	now, dry := s.cfg.Now(), s.cfg.Limits.DryRun
	var had []state.Window
	giveBack = func() { s.cfg.State.GiveBack(ctx, had, now) }
	for _, w := range s.windows(k, tenant, m, named) {
		full, wait, err := s.cfg.State.Take(ctx, []state.Window{w.Window}, now)
		switch {
		case err != nil && dry:
			continue
		case err != nil:
			giveBack()
			return nil, s.unavailable("the limits can't be counted", err)
		case full < 0:
			had = append(had, w.Window)
			continue
		}
		if refused == nil {
			// How many it had is not told: they may be another tenant's.
			refused = &otp.Error{Code: otp.Limited, RetryAfter: max(1, int((wait+time.Second-1)/time.Second)),
				Detail: w.whose + " has had too many codes lately"}
		}
		if !dry {
			break
		}
	}
	if refused == nil {
		return giveBack, nil
	}
	s.record(ctx, []ledger.OTP{{Event: ledger.OTPBlocked, Tenant: tenant, Purpose: string(m.Purpose), Template: m.Template,
		ToLast4: m.To.Last4(), Reason: string(otp.Limited), Retry: refused.RetryAfter, DryRun: dry, Requested: now}}, now)
	if dry {
		return giveBack, nil
	}
	giveBack()
	return nil, refused
}

// errNamed checks what a caller names to be counted by.
func errNamed(named map[string]string) error {
	const most, longest = 8, 256
	if len(named) > most {
		return fmt.Errorf("keys: at most %d", most)
	}
	for name, value := range named {
		if value == "" || len(value) > longest || len(name) > 32 {
			return errors.New("keys: want names of at most 32 characters, and values of 1 to 256")
		}
	}
	return nil
}
