package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/otp"
)

func otpVerifyCommand() *cobra.Command {
	var o otpCaller
	cmd := &cobra.Command{
		Use:   "verify --config FILE --tenant T CHALLENGE CODE",
		Short: "Check a code that somebody typed",
		Long: `Check a code that somebody typed. CODE "-" reads it from the first line of stdin, so that it stays out of the
shell's history and of the list of processes.

Ends with 0 when the code is right, which it is once; with 1 when it is wrong, expired, used or locked.`,
		Args: exactly(2, "a CHALLENGE and a CODE, or - to read it from stdin"),
		RunE: func(cmd *cobra.Command, args []string) error {
			code, err := givenCode(cmd, args[1])
			if err != nil {
				return err
			}
			var a otp.VerifyAnswer
			if err := o.ask(cmd, "verify", map[string]any{"challenge": args[0], "code": code}, &a); err != nil {
				return err
			}
			if !o.asJSON {
				fmt.Fprintln(cmd.OutOrStdout(), verifyWords(&a))
			}
			if a.Result != otp.OK {
				return errSaid
			}
			return nil
		},
	}
	o.flags(cmd)
	return cmd
}

func verifyWords(a *otp.VerifyAnswer) string {
	switch a.Result {
	case otp.Wrong:
		return fmt.Sprintf("wrong: %d more tries", a.AttemptsLeft)
	case otp.Expired:
		return "expired: the code is too old, was cancelled, or a newer one was asked for"
	case otp.Used:
		return "used: the code was right once, and counts no second time"
	case otp.Locked:
		if a.RetryAfter > 0 {
			return fmt.Sprintf("locked: too many wrong codes; try again in %d s", a.RetryAfter)
		}
		return "locked: too many wrong codes; ask for a new one"
	}
	return string(a.Result)
}

func otpResendCommand() *cobra.Command {
	var o otpCaller
	var own string
	cmd := &cobra.Command{
		Use:   "resend --config FILE --tenant T CHALLENGE",
		Short: "Send a live challenge's code once more",
		Args:  exactly(1, "one CHALLENGE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body := map[string]any{"challenge": args[0]}
			if err := putOwnCode(cmd, body, own); err != nil {
				return err
			}
			var a otp.RequestAnswer
			if err := o.ask(cmd, "resend", body, &a); err != nil {
				return err
			}
			sentWords(cmd, &a)
			return nil
		},
	}
	ownCodeFlag(cmd, &own, "the tenant's own code, which is not kept, again")
	o.flags(cmd)
	return cmd
}

func otpCancelCommand() *cobra.Command {
	var o otpCaller
	cmd := &cobra.Command{
		Use:   "cancel --config FILE --tenant T CHALLENGE",
		Short: "End a live challenge, or the enrolment of an authenticator app",
		Long: `End a live challenge, so that no code verifies it any more, or the enrolment of an authenticator app.
Says on stdout that it is cancelled, or how it had ended before, and ends with 1 then.`,
		Args: exactly(1, "one CHALLENGE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var s otp.Standing
			if err := o.ask(cmd, "cancel", map[string]any{"challenge": args[0]}, &s); err != nil {
				return err
			}
			ended := s.State != otp.Cancelled
			if !o.asJSON {
				fmt.Fprintln(cmd.OutOrStdout(), string(s.State)+map[bool]string{true: ": it had ended before"}[ended])
			}
			if ended {
				return errSaid
			}
			return nil
		},
	}
	o.flags(cmd)
	return cmd
}

func otpStatusCommand() *cobra.Command {
	var o otpCaller
	cmd := &cobra.Command{
		Use:   "status --config FILE --tenant T CHALLENGE",
		Short: "Show where a challenge stands",
		Args:  exactly(1, "one CHALLENGE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var s otp.Standing
			if err := o.ask(cmd, "status", map[string]any{"challenge": args[0]}, &s); err != nil || o.asJSON {
				return err
			}
			printStanding(cmd.OutOrStdout(), &s)
			return nil
		},
	}
	o.flags(cmd)
	return cmd
}

func printStanding(w io.Writer, s *otp.Standing) {
	sends := fmt.Sprint(s.Sends)
	if s.Delivered {
		sends += ", delivered"
	}
	for i, id := range s.SMSCs {
		sends += map[bool]string{true: " by ", false: ", "}[i == 0] + string(id)
	}
	fmt.Fprintf(w, `challenge  %s
state      %s
purpose    %s
to         …%s
requested  %s
expires    %s
sends      %s
`, s.Challenge, s.State, s.Purpose, s.ToLast4, s.RequestedAt.Local().Format(time.RFC3339),
		s.ExpiresAt.Local().Format(time.RFC3339), sends)
	if s.State == otp.Live {
		fmt.Fprintf(w, "tries left %d\nnext       %s\n", s.AttemptsLeft, resendWords(s.ResendAfter))
	}
}
