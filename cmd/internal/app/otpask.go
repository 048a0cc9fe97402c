package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
)

// otpPatience is longer than the service gives itself for a call.
const otpPatience = 12 * time.Second

// AskOTP makes one call of the OTP service as its tenant, such as "request", and returns the answer's JSON. The error is
// an *otp.Error where the service refused; the JSON is there then too.
func AskOTP(ctx context.Context, cfg *Config, tenant sms.TenantID, call string, body []byte) ([]byte, error) {
	conn, err := connectTenant(cfg, tenant)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, otpPatience)
	defer cancel()
	msg, err := conn.RequestWithContext(ctx, fmt.Sprintf("sms.%s.otp.%s", tenant, call), body)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, fmt.Errorf("no OTP service answers at %s; is 'harkara serve' running?", tenantURL(cfg))
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("the OTP service at %s did not answer within %s; the call may have been done", tenantURL(cfg), otpPatience)
	case err != nil:
		return nil, fmt.Errorf("ask the OTP service: %w", err)
	}
	var fault otp.Fault
	if err := json.Unmarshal(msg.Data, &fault); err != nil {
		return nil, errors.New("the OTP service's answer is no JSON object")
	}
	if fault.Error != nil {
		return msg.Data, fault.Error
	}
	return msg.Data, nil
}

// FollowOTP gives each event of a tenant's challenges to show, until that says that it was the last or ctx ends, which is
// no error. listening is called once, when nothing that happens from then on is missed.
func FollowOTP(ctx context.Context, cfg *Config, tenant sms.TenantID, listening func() error,
	show func(event []byte) (last bool)) error {
	conn, err := connectTenant(cfg, tenant)
	if err != nil {
		return err
	}
	defer conn.Close()
	events, err := conn.SubscribeSync(fmt.Sprintf("sms.%s.otp.event.*", tenant))
	if err == nil {
		err = conn.Flush()
	}
	if err != nil {
		return fmt.Errorf("subscribe to events: %w", err)
	}
	if err := listening(); err != nil {
		return err
	}
	for {
		msg, err := events.NextMsgWithContext(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow events: %w", err)
		}
		if show(msg.Data) {
			return nil
		}
	}
}
