package service

import (
	"context"
	"time"

	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
)

// Resend sends a live challenge's code once more, after its cool-down.
func (s *Service) Resend(ctx context.Context, tenant sms.TenantID, call otp.ChallengeCall) (otp.RequestAnswer, *otp.Error) {
	k, key, refused := s.find(tenant, call.Challenge)
	if refused != nil {
		return otp.RequestAnswer{}, refused
	}
	return s.limited(ctx, tenant, key, call.Challenge, nil, func(sub *otp.Subject, now time.Time) (otp.Outcome, *otp.Error) {
		return sub.Resend(k, s.cfg.Policy(tenant, sub.Purpose), call.Challenge, call.Code, now)
	}, nil)
}

// Verify compares a code with a challenge's.
func (s *Service) Verify(ctx context.Context, tenant sms.TenantID, call otp.VerifyCall) (otp.VerifyAnswer, *otp.Error) {
	if otp.IsEnrolment(call.Challenge) {
		return s.verifyApp(ctx, tenant, call)
	}
	k, key, refused := s.find(tenant, call.Challenge)
	if refused != nil {
		return otp.VerifyAnswer{}, refused
	}
	var answer otp.VerifyAnswer
	_, refused = s.change(ctx, tenant, key, call.Challenge, func(sub *otp.Subject, now time.Time) (out otp.Outcome, refused *otp.Error) {
		answer, out, refused = sub.Verify(k, s.cfg.Policy(tenant, sub.Purpose), call.Challenge, call.Code, now)
		return out, refused
	})
	if refused != nil {
		return otp.VerifyAnswer{}, refused
	}
	return answer, nil
}

// Cancel ends a live challenge: no code verifies it any more. Of an authenticator app it ends the enrolment.
func (s *Service) Cancel(ctx context.Context, tenant sms.TenantID, call otp.ChallengeCall) (otp.Standing, *otp.Error) {
	if otp.IsEnrolment(call.Challenge) {
		return s.cancelApp(ctx, tenant, call)
	}
	_, key, refused := s.find(tenant, call.Challenge)
	if refused != nil {
		return otp.Standing{}, refused
	}
	var standing otp.Standing
	_, refused = s.change(ctx, tenant, key, call.Challenge, func(sub *otp.Subject, now time.Time) (out otp.Outcome, refused *otp.Error) {
		standing, out, refused = sub.Cancel(s.cfg.Policy(tenant, sub.Purpose), call.Challenge, now)
		return out, refused
	})
	return standing, refused
}

// Status says where a challenge stands.
func (s *Service) Status(ctx context.Context, tenant sms.TenantID, call otp.ChallengeCall) (otp.Standing, *otp.Error) {
	_, key, refused := s.find(tenant, call.Challenge)
	if refused != nil {
		return otp.Standing{}, refused
	}
	var standing otp.Standing
	_, refused = s.change(ctx, tenant, key, call.Challenge, func(sub *otp.Subject, now time.Time) (out otp.Outcome, refused *otp.Error) {
		standing, refused = sub.Status(s.cfg.Policy(tenant, sub.Purpose), call.Challenge, now)
		return otp.Outcome{}, refused
	})
	return standing, refused
}

// find returns the keys, and the key of the subject that a challenge is of.
func (s *Service) find(tenant sms.TenantID, id otp.ChallengeID) (*otp.Keyring, otp.SubjectKey, *otp.Error) {
	k, refused := s.keys(tenant)
	if refused != nil {
		return nil, "", refused
	}
	key, ok := k.SubjectOf(id)
	if !ok {
		return nil, "", unknown
	}
	return k, key, nil
}

func (s *Service) keys(tenant sms.TenantID) (*otp.Keyring, *otp.Error) {
	if !s.cfg.Known(tenant) {
		return nil, &otp.Error{Code: otp.BadRequest, Detail: "there is no such tenant"}
	}
	k, err := s.cfg.Keys()
	if err != nil {
		return nil, s.unavailable("the keys of codes can't be read", err)
	}
	return k, nil
}

// told notes what became of a send of a challenge.
func (s *Service) told(ctx context.Context, tenant sms.TenantID, id otp.ChallengeID, send int, fate otp.Fate, smsc sms.SMSCID) error {
	_, err := s.happened(ctx, tenant, id, func(sub *otp.Subject, k *otp.Keyring, p *otp.Policy, now time.Time) otp.Outcome {
		return sub.Told(k, p, id, send, fate, smsc, now)
	})
	return err
}

// happened lets what happened change a challenge's subject. nil: it holds, or the challenge is not known any more.
func (s *Service) happened(ctx context.Context, tenant sms.TenantID, id otp.ChallengeID,
	what func(*otp.Subject, *otp.Keyring, *otp.Policy, time.Time) otp.Outcome) (otp.Outcome, error) {
	k, err := s.cfg.Keys()
	if err != nil {
		return otp.Outcome{}, err
	}
	key, ok := k.SubjectOf(id)
	if !ok {
		return otp.Outcome{}, nil // of keys that are gone: nobody can verify it
	}
	out, refused := s.change(ctx, tenant, key, id, func(sub *otp.Subject, now time.Time) (otp.Outcome, *otp.Error) {
		if sub.Tenant == "" {
			return otp.Outcome{}, nil
		}
		return what(sub, k, s.cfg.Policy(sub.Tenant, sub.Purpose), now), nil
	})
	if refused != nil && refused.Code == otp.Unavailable {
		return otp.Outcome{}, refused
	}
	return out, nil
}
