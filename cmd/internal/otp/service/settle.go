package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/cmd/internal/intake"
	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// settle tells what came of a change of a challenge: to the ledger, to the timer and to the lane, at once. Each may be told
// twice. What is decided stands, whether or not the ledger has taken it yet; a code that could not be sent is a fault.
func (s *Service) settle(ctx context.Context, tenant sms.TenantID, id otp.ChallengeID, out *otp.Outcome, now time.Time) error {
	var wg sync.WaitGroup
	var errs [2]error
	if len(out.Events) > 0 {
		wg.Go(func() { s.record(ctx, out.Events, now) })
	}
	if out.Send != nil {
		wg.Go(func() { errs[0] = s.send(ctx, tenant, out.Send) })
	}
	if out.Send != nil && !out.Due.IsZero() { // else the timer that is set comes, and is set anew
		wg.Go(func() { errs[1] = s.cfg.State.SetTimer(ctx, id, out.Due) })
	}
	wg.Wait()
	return errors.Join(errs[:]...)
}

// record appends events to the ledger. Where it does not take them now they are appended later, as long as this process
// lives: they are told of what has been decided.
func (s *Service) record(ctx context.Context, list []ledger.OTP, now time.Time) {
	if list = s.worth(list, now); len(list) == 0 {
		return
	}
	events := make([]ledger.Event, len(list))
	for i := range list {
		events[i] = ledger.Event{Kind: ledger.OneTime, At: now, OTP: &list[i]}
	}
	_, err := s.cfg.Ledger.Append(ctx, events...)
	switch {
	case err == nil:
		return
	case errors.Is(err, ledger.ErrInDoubt):
		s.cfg.Log.Warn("events of challenges may be in the ledger or not; they are not appended twice", "events", len(events), "error", err)
		return
	}
	select {
	case s.late <- struct{}{}:
	default:
		s.cfg.Log.Error("the ledger has not taken events of challenges for long, and more are not kept for it", "events", len(events), "error", err)
		return
	}
	s.cfg.Log.Warn("the ledger does not take events of challenges; they are appended when it does", "error", err)
	s.working.Go(func() {
		defer func() { <-s.late }()
		for wait := lateFirst; ; wait = min(2*wait, lateMost) {
			if !sleep(s.running, wait) {
				s.cfg.Log.Error("events of challenges are not in the ledger, as this gateway ends", "events", len(events))
				return
			}
			if _, err := s.cfg.Ledger.Append(s.running, events...); err == nil || errors.Is(err, ledger.ErrInDoubt) {
				return // in doubt: it may be there, and must not be there twice
			}
		}
	})
}

// How long to wait before the ledger is asked again.
const (
	lateFirst = 100 * time.Millisecond
	lateMost  = 5 * time.Second
)

// sleep returns false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// refTime is how a send's ref tells when its challenge was requested, behind the purpose: the projector's events are of both.
const refTime = "2006-01-02T15:04:05.000Z"

// send puts a message on its tenant's lane. What goes another way is brought in the background.
func (s *Service) send(ctx context.Context, tenant sms.TenantID, m *otp.Send) error {
	avoid := slices.DeleteFunc(slices.Clone(m.Avoid), func(id sms.SMSCID) bool { return !isSMSC(id) })
	switch {
	case m.Test:
		s.working.Go(func() { s.tellAll(tenant, m, otp.TestSMSC, otp.Sent, otp.Delivered) })
		return nil
	case m.Webhook != "":
		s.tellProvider(tenant, m)
		return nil
	case len(avoid) > 0 && s.noneLeft(tenant, m, avoid):
		s.working.Go(func() { s.tellAll(tenant, m, "", otp.Failed) })
		return nil
	}
	vars := make([]string, len(m.Vars))
	for i, v := range m.Vars {
		vars[i] = v.Reveal()
	}
	id := string(sms.OTPRequestID(string(m.Challenge), m.Number))
	body, err := json.Marshal(map[string]any{"id": id, "to": "+" + m.To.Digits(), "template": m.Template, "header": m.Header,
		"vars": vars, "ttl_s": max(1, int(m.Life/time.Second)), "ref": fmt.Sprintf("%s %s", m.Purpose, m.Requested.UTC().Format(refTime)), "avoid": avoid})
	if err != nil {
		return err
	}
	msg := &nats.Msg{Subject: fmt.Sprintf("sms.%s.send.otp", tenant), Data: body, Header: nats.Header{}}
	msg.Header.Set(intake.OursHeader, s.cfg.Proof(tenant, sms.RequestID(id)))
	if _, err := s.cfg.JS.PublishMsg(ctx, msg, jetstream.WithMsgID(id)); err != nil {
		return fmt.Errorf("publish a code: %w", err)
	}
	return nil
}

// noneLeft says that a message has no SMSC but those to avoid: its route has no other.
func (s *Service) noneLeft(tenant sms.TenantID, m *otp.Send, avoid []sms.SMSCID) bool {
	now := s.cfg.Now()
	_, failure := s.cfg.Check(&sms.Request{Tenant: tenant, ID: "otp", Class: sms.OTP, To: m.To, Template: m.Template, Header: m.Header,
		Vars: m.Vars, Avoid: avoid, Requested: now, Deadline: now.Add(m.Life)})
	return failure != nil && failure.Stage == sms.StageRoute
}
