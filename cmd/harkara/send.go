package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/smpp/sms"
)

func sendCommand() *cobra.Command {
	var file string
	var s app.Sending
	var class, tenant string
	var ttl time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "send --config FILE --tenant T --template ID --to NUMBER [--header H] [--var V]...",
		Short: "Publish one request as a tenant would, and follow its statuses",
		Long: `Publish one request as a tenant would, and follow its statuses until the last one or until --wait is over.
Ends with 0 when the message was delivered, or accepted by the SMSC with no receipt yet; with 1 otherwise.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := sms.ParseClass(class)
			if err != nil {
				return usageError{fmt.Errorf("--class: %w", err)}
			}
			if cmd.Flags().Changed("ttl") && (ttl < time.Second || ttl%time.Second != 0) {
				return usageError{fmt.Errorf("--ttl %s: want whole seconds, at least 1s", ttl)}
			}
			if s.Wait <= 0 {
				return usageError{fmt.Errorf("--wait %s: want more than 0s", s.Wait)}
			}
			if s.Text != "" && len(s.Vars) > 0 {
				return usageError{fmt.Errorf("--text and --var exclude each other")}
			}
			cfg, err := app.Load(file)
			if err != nil {
				return err
			}
			s.Class, s.Tenant = c, sms.TenantID(tenant)
			s.TTL = int(ttl.Seconds())
			last, err := app.Send(cmd.Context(), cfg, s, func(raw []byte) {
				if asJSON {
					fmt.Fprintln(cmd.OutOrStdout(), string(raw))
					return
				}
				fmt.Fprintln(cmd.OutOrStdout(), statusLine(raw))
			})
			if err != nil {
				return err
			}
			switch last {
			case sms.Delivered:
				return nil
			case sms.Submitted:
				fmt.Fprintln(cmd.ErrOrStderr(), "accepted by the SMSC; no receipt within --wait")
				return nil
			}
			return errSaid
		},
	}
	configFlag(cmd, &file)
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "tenant who sends")
	f.StringVar(&s.Template, "template", "", "template id")
	f.StringVar(&s.To, "to", "", "number: +91, 91, 0 or nothing before ten digits")
	f.StringVar(&s.Header, "header", "", "header (sender ID), where the template has several")
	f.StringArrayVar(&s.Vars, "var", nil, "value of the next variable; repeat in template order")
	f.StringVar(&s.Text, "text", "", "the finished text, in place of --var")
	f.StringVar(&class, "class", "otp", "otp, txn or bulk")
	f.DurationVar(&ttl, "ttl", 0, "time to live (default by class: otp 5m, txn 1h, bulk 4h)")
	f.StringVar(&s.ID, "id", "", "request id (default: made up)")
	f.StringVar(&s.Ref, "ref", "", "reference that statuses echo")
	f.DurationVar(&s.Wait, "wait", 30*time.Second, "how long to follow the statuses")
	jsonFlag(cmd, &asJSON)
	need(cmd, "config", "tenant", "template", "to")
	return cmd
}

// statusLine words a status for people.
func statusLine(raw []byte) string {
	var st struct {
		State, At, SMSC string
		ToLast4         string   `json:"to_last4"`
		MessageIDs      []string `json:"message_ids"`
		Segments        int
		Duplicate       bool         `json:"possible_duplicate"`
		Error           *sms.Failure `json:"error"`
	}
	if err := json.Unmarshal(raw, &st); err != nil {
		return string(raw)
	}
	line := fmt.Sprintf("%s  %-11s", st.At, st.State)
	if st.ToLast4 != "" {
		line += "  to …" + st.ToLast4
	}
	if st.SMSC != "" {
		line += fmt.Sprintf("  by %s  %d segment(s) %v", st.SMSC, st.Segments, st.MessageIDs)
	}
	if st.Duplicate {
		line += "  possible duplicate"
	}
	if st.Error != nil && st.Error.Reason != "" {
		line += fmt.Sprintf("  %s %s: %s", st.Error.Stage, st.Error.Reason, st.Error.Detail)
	}
	return line
}
