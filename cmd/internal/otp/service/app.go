package service

import (
	"context"
	"fmt"
	"time"

	"harkara/cmd/internal/otp"
	"harkara/cmd/internal/otp/state"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// enrolsMax is how many enrolments a tenant may make in a minute: each is kept for a day at least.
const enrolsMax = 600

// Enrol makes an authenticator app's enrolment. It is kept for a day, and for good once a code of the app was verified.
func (s *Service) Enrol(ctx context.Context, tenant sms.TenantID, call otp.EnrolCall) (otp.EnrolAnswer, *otp.Error) {
	now := s.cfg.Now()
	k, refused := s.keys(tenant)
	if refused != nil {
		return otp.EnrolAnswer{}, refused
	}
	if full, wait, err := s.cfg.State.Take(ctx, []state.Window{{Key: k.CounterKey("enrol", string(tenant)), Per: time.Minute, Max: enrolsMax}}, now); err != nil {
		return otp.EnrolAnswer{}, s.unavailable("the limits can't be counted", err)
	} else if full >= 0 {
		return otp.EnrolAnswer{}, &otp.Error{Code: otp.Limited, RetryAfter: int(wait/time.Second) + 1,
			Detail: fmt.Sprintf("this tenant has made %d enrolments in a minute", enrolsMax)}
	}
	enrolment, answer, refused := otp.Enrol(k, tenant, call, now)
	if refused != nil {
		return otp.EnrolAnswer{}, refused
	}
	key, _ := k.EnrolmentOf(answer.Challenge) // Enrol made it
	err := s.cfg.State.ChangeEnrolment(ctx, key, func(e *otp.Enrolment) (bool, time.Duration) {
		*e = enrolment
		return true, e.TTL(now)
	})
	if err != nil {
		return otp.EnrolAnswer{}, s.unavailable("the state of challenges can't be reached", err)
	}
	return answer, nil
}

// verifyApp compares a code of an authenticator app.
func (s *Service) verifyApp(ctx context.Context, tenant sms.TenantID, call otp.VerifyCall) (otp.VerifyAnswer, *otp.Error) {
	now := s.cfg.Now()
	k, refused := s.keys(tenant)
	if refused != nil {
		return otp.VerifyAnswer{}, refused
	}
	key, ok := k.EnrolmentOf(call.Challenge)
	if !ok {
		return otp.VerifyAnswer{}, unknown
	}
	var answer otp.VerifyAnswer
	var out otp.Outcome
	err := s.cfg.State.ChangeEnrolment(ctx, key, func(e *otp.Enrolment) (bool, time.Duration) {
		now = s.cfg.Now()
		if answer, out, refused = (otp.VerifyAnswer{}), (otp.Outcome{}), unknown; e.Tenant == tenant {
			answer, out, refused = e.Verify(k, s.cfg.Policy(tenant, otp.TOTP), call.Challenge, call.Code, now)
		}
		return out.Changed, e.TTL(now)
	})
	if err != nil {
		return otp.VerifyAnswer{}, s.unavailable("the state of challenges can't be reached", err)
	}
	if refused != nil {
		return otp.VerifyAnswer{}, refused
	}
	s.record(ctx, out.Events, now)
	return answer, nil
}

// cancelApp ends an enrolment: it is kept a little longer as one that verifies nothing.
func (s *Service) cancelApp(ctx context.Context, tenant sms.TenantID, call otp.ChallengeCall) (otp.Standing, *otp.Error) {
	k, refused := s.keys(tenant)
	if refused != nil {
		return otp.Standing{}, refused
	}
	key, ok := k.EnrolmentOf(call.Challenge)
	if !ok {
		return otp.Standing{}, unknown
	}
	found := false
	err := s.cfg.State.ChangeEnrolment(ctx, key, func(e *otp.Enrolment) (bool, time.Duration) {
		found = e.Tenant == tenant && e.ID == call.Challenge
		if found {
			*e = otp.Enrolment{}
		}
		return found, time.Second
	})
	switch {
	case err != nil:
		return otp.Standing{}, s.unavailable("the state of challenges can't be reached", err)
	case !found:
		return otp.Standing{}, unknown
	}
	now := s.cfg.Now()
	s.record(ctx, []ledger.OTP{{Event: ledger.OTPCancelled, Tenant: tenant, Challenge: string(call.Challenge), Purpose: string(otp.TOTP),
		Requested: now}}, now)
	return otp.Standing{Challenge: call.Challenge, State: otp.Cancelled, Purpose: otp.TOTP, SMSCs: []sms.SMSCID{}}, nil
}
