package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/cmd/internal/otp"
	"harkara/smpp/sms"
)

func otpEventsCommand() *cobra.Command {
	var o otpCaller
	cmd := &cobra.Command{
		Use:   "events --config FILE --tenant T",
		Short: "Follow what happens to a tenant's challenges, until Ctrl-C",
		Args:  exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := app.Load(o.file)
			if err != nil {
				return err
			}
			return app.FollowOTP(cmd.Context(), cfg, sms.TenantID(o.tenant), func() error {
				fmt.Fprintf(cmd.ErrOrStderr(), "following the events of %s until Ctrl-C\n", o.tenant)
				return nil
			}, func(raw []byte) bool {
				showEvent(cmd, raw, o.asJSON)
				return false
			})
		},
	}
	o.flags(cmd)
	return cmd
}

// otpEvent is an event as tenants get it.
type otpEvent struct {
	Event, At, Purpose, SMSC, Route, Reason string
	Challenge                               otp.ChallengeID
	ToLast4                                 string `json:"to_last4"`
	Send, Left                              int
	RetryAfter                              int  `json:"retry_after"`
	DryRun                                  bool `json:"dry_run"`
}

// last says whether nothing more can come of the challenge. A lock ends, and the challenge may live then.
func (e *otpEvent) last() bool {
	switch e.Event {
	case "verified", "expired", "cancelled":
		return true
	}
	return e.Event == "failed" && e.Left == 0
}

// showEvent prints an event in one line.
func showEvent(cmd *cobra.Command, raw []byte, asJSON bool) {
	var e otpEvent
	if asJSON || json.Unmarshal(raw, &e) != nil {
		fmt.Fprintln(cmd.OutOrStdout(), string(raw))
		return
	}
	fmt.Fprintln(cmd.OutOrStdout(), eventLine(&e))
}

// eventLine words an event for people.
func eventLine(e *otpEvent) string {
	line := fmt.Sprintf("%s  %-11s  %s  %s", e.At, e.Event, e.Purpose, e.Challenge)
	for _, part := range []struct {
		there bool
		text  string
	}{
		{e.ToLast4 != "", "  to …" + e.ToLast4},
		{e.Send > 0, fmt.Sprintf("  send %d", e.Send)},
		{e.SMSC != "", "  by " + e.SMSC},
		{e.Route != "", "  route " + e.Route},
		{e.Reason != "", "  " + e.Reason},
		{e.Event == "failed", fmt.Sprintf("  %d more tries", e.Left)},
		{e.RetryAfter > 0, fmt.Sprintf("  for %d s", e.RetryAfter)},
		{e.DryRun, "  let through (dry run)"},
	} {
		if part.there {
			line += part.text
		}
	}
	return line
}
