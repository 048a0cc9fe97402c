package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
)

func otpCommand() *cobra.Command {
	return group("otp", "Send one-time passwords and check what people type, as a tenant would",
		otpRequestCommand(), otpVerifyCommand(), otpResendCommand(), otpCancelCommand(), otpStatusCommand(),
		otpEnrolCommand(), otpEventsCommand(), otpKeyCommand())
}

// otpCaller is what every call of the OTP service has from the command line.
type otpCaller struct {
	file, tenant string
	asJSON       bool
}

// flags adds what every call has, and makes more flags required beside.
func (o *otpCaller) flags(cmd *cobra.Command, more ...string) {
	configFlag(cmd, &o.file)
	cmd.Flags().StringVar(&o.tenant, "tenant", "", "tenant who asks")
	jsonFlag(cmd, &o.asJSON)
	need(cmd, append([]string{"config", "tenant"}, more...)...)
}

// ask makes a call and reads its answer. With --json the answer is printed as it came, a refusal too.
func (o *otpCaller) ask(cmd *cobra.Command, call string, body map[string]any, answer any) error {
	cfg, err := app.Load(o.file)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	raw, err = app.AskOTP(cmd.Context(), cfg, sms.TenantID(o.tenant), call, raw)
	if o.asJSON && raw != nil {
		fmt.Fprintln(cmd.OutOrStdout(), string(raw))
	}
	if err != nil {
		return inWords(err)
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return errors.New("the OTP service's answer can't be read: is the gateway of another version?")
	}
	return nil
}

// inWords adds to a refusal what its detail may leave out.
func inWords(err error) error {
	var refused *otp.Error
	if !errors.As(err, &refused) {
		return err
	}
	if refused.Reason != "" {
		err = fmt.Errorf("%w (%s)", err, refused.Reason)
	}
	if refused.RetryAfter > 0 {
		err = fmt.Errorf("%w; try again in %d s", err, refused.RetryAfter)
	}
	return err
}

// resendWords says when a further send is allowed.
func resendWords(after int) string {
	switch {
	case after < 0:
		return "no more sends"
	case after == 0:
		return "resend now"
	}
	return fmt.Sprintf("resend in %d s", after)
}
