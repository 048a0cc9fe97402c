package service

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
)

const (
	callPatience = 10 * time.Second
	callMost     = 8 << 10 // bytes
)

// listen registers the micro service otp, found by `nats micro ls`; every process of it takes its share of the calls. The
// function ends it.
func (s *Service) listen() (stop func(), err error) {
	svc, err := micro.AddService(s.cfg.Conn, micro.Config{Name: "otp", Version: "1.0.0",
		Description: "one-time passwords: request, verify, resend, cancel, status, enrol"})
	if err != nil {
		return nil, fmt.Errorf("the micro service otp: %w", err)
	}
	for _, call := range []struct {
		name string
		do   func(context.Context, sms.TenantID, []byte) (any, *otp.Error)
	}{
		{"request", with(s.Request)}, {"verify", with(s.Verify)}, {"resend", with(s.Resend)}, {"cancel", with(s.Cancel)},
		{"status", with(s.Status)}, {"enrol", with(s.Enrol)},
	} {
		err := svc.AddEndpoint(call.name, micro.HandlerFunc(func(r micro.Request) { s.answer(r, call.name, call.do) }),
			micro.WithEndpointSubject("sms.*.otp."+call.name))
		if err != nil {
			_ = svc.Stop() // the connection is going, and with it the service
			return nil, fmt.Errorf("the micro service otp: %w", err)
		}
	}
	return func() {
		if err := svc.Stop(); err != nil {
			s.cfg.Log.Warn("the micro service otp did not end in order", "error", err)
		}
	}, nil
}

// with reads a call's JSON object and makes it.
func with[Call, Answer any](do func(context.Context, sms.TenantID, Call) (Answer, *otp.Error)) func(context.Context, sms.TenantID, []byte) (any, *otp.Error) {
	return func(ctx context.Context, tenant sms.TenantID, data []byte) (any, *otp.Error) {
		var call Call
		if len(data) > callMost {
			return nil, bad("a call has at most %d bytes", callMost)
		}
		if refused := otp.Decode(data, &call); refused != nil {
			return nil, refused
		}
		return do(ctx, tenant, call)
	}
}

var busy = &otp.Error{Code: otp.Unavailable, Detail: "too many calls are under way, or the gateway stops; try again", RetryAfter: 1}

// answer sees one call through in the background. What nobody waits for is not done.
func (s *Service) answer(r micro.Request, name string, do func(context.Context, sms.TenantID, []byte) (any, *otp.Error)) {
	began := time.Now()
	tenant := sms.TenantID(strings.Split(r.Subject(), ".")[1]) // the server lets each tenant publish under its own name alone
	switch {
	case r.Reply() == "":
		return
	case !s.Enter(tenant):
		s.respond(r, tenant, name, began, nil, busy)
		return
	}
	go func() { // the gate waits for it
		defer s.Leave(tenant)
		ctx, cancel := context.WithTimeout(s.running, callPatience)
		defer cancel()
		answer, refused := do(ctx, tenant, r.Data())
		s.respond(r, tenant, name, began, answer, refused)
	}()
}

func (s *Service) respond(r micro.Request, tenant sms.TenantID, name string, began time.Time, answer any, refused *otp.Error) {
	if err := s.reply(r.Reply(), answer, refused); err != nil && s.quiet.news(began, "respond", string(tenant)) {
		s.cfg.Log.Warn("an answer of the OTP service could not be sent", "tenant", tenant, "error", err)
	}
	if s.cfg.Trace.Called != nil {
		s.cfg.Trace.Called(tenant, name, resultOf(answer, refused), time.Since(began))
	}
}

// reply answers as micro.Request would, whose own methods are for handlers that answer before they return: it looks at
// what they noted down right then.
func (s *Service) reply(to string, answer any, refused *otp.Error) (err error) {
	msg := nats.NewMsg(to)
	if refused != nil {
		msg.Header.Set(micro.ErrorHeader, refused.Detail)
		msg.Header.Set(micro.ErrorCodeHeader, string(refused.Code))
		answer = otp.Fault{Error: refused}
	}
	if msg.Data, err = json.Marshal(answer); err != nil {
		return err
	}
	return s.cfg.Conn.PublishMsg(msg)
}

// resultOf is a word for metrics.
func resultOf(answer any, refused *otp.Error) string {
	if refused != nil {
		return string(refused.Code)
	}
	if v, ok := answer.(otp.VerifyAnswer); ok {
		return string(v.Result)
	}
	return "ok"
}
