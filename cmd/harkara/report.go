package main

import (
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
)

func reportCommand() *cobra.Command {
	return group("report", "Compliance reports from PostgreSQL", reportMessagesCommand(), reportDLRCommand(),
		reportTemplatesCommand(), reportHeadersCommand())
}

// window is the part of time that a report is about.
type window struct{ from, to string }

func (w *window) flags(cmd *cobra.Command) {
	const form = "day in India (2026-11-22) or time (RFC 3339); "
	cmd.Flags().StringVar(&w.from, "from", "", form+"from it on")
	cmd.Flags().StringVar(&w.to, "to", "", form+"before it; a day counts whole")
}

func (w *window) times() (from, to time.Time, err error) {
	if from, err = parseTime(w.from, 0); err != nil {
		return from, to, usageError{fmt.Errorf("--from: %w", err)}
	}
	if to, err = parseTime(w.to, 1); err != nil {
		return from, to, usageError{fmt.Errorf("--to: %w", err)}
	}
	return from, to, nil
}

// parseTime reads a time, or a day of India and so many days more.
func parseTime(s string, days int) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, s, dlt.IST); err == nil {
		return day.AddDate(0, 0, days), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("%q is neither a day such as 2026-11-22 nor RFC 3339", s)
	}
	return t, nil
}

func reportMessagesCommand() *cobra.Command {
	var file, tenant, id, ref, template, state, to string
	var w window
	var form reportFlags
	cmd := &cobra.Command{
		Use:   "messages --config FILE",
		Short: "List messages; by tenant, id, ref, template, state, number, time",
		Long: `List messages, oldest first, one a row. Times are India's. A number is known by its last four digits; --number finds
the messages to a number without showing it.

  harkara report messages --config harkara.yaml --template 1107161234567890123 --from 2026-11-22 --format xlsx --out otp.xlsx`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkState(state); err != nil {
				return err
			}
			return form.write(cmd, func(out *report) error {
				f := storage.MessageFilter{Tenant: sms.TenantID(tenant), ID: sms.RequestID(id), Ref: ref,
					Template: dlt.TemplateID(template), State: sms.State(state)}
				var err error
				if f.From, f.To, err = w.times(); err != nil {
					return err
				}
				return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
					if f.ToDigest, err = digestOf(cfg, to); err != nil {
						return err
					}
					tenantOf(cmd.ErrOrStderr(), cfg, tenant)
					if err := noteTemplate(cmd, db, template); err != nil {
						return err
					}
					return writeMessages(out, storage.Messages(cmd.Context(), db, f))
				})
			})
		},
	}
	configFlag(cmd, &file)
	w.flags(cmd)
	form.add(cmd)
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "of this tenant")
	f.StringVar(&id, "id", "", "with this request id")
	f.StringVar(&ref, "ref", "", "with this reference")
	f.StringVar(&template, "template", "", "of this template")
	f.StringVar(&state, "state", "", "in this state: "+strings.Join(states, ", "))
	f.StringVar(&to, "number", "", "to this number")
	need(cmd, "config")
	return cmd
}

// digestOf is by what the database knows a number; nil for none.
func digestOf(cfg *app.Config, number string) ([]byte, error) {
	if number == "" {
		return nil, nil
	}
	to, err := sms.ParseMSISDN(number)
	if err != nil {
		return nil, usageError{fmt.Errorf("--number: %w", err)}
	}
	vault, err := storage.OpenVault(cfg.Data)
	if err != nil {
		return nil, err
	}
	return vault.Digest(to), nil
}

// registerOf writes the register's version; nothing where it is not known.
func registerOf(v *int64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatInt(*v, 10)
}

func writeMessages(out *report, messages iter.Seq2[storage.MessageRow, error]) error {
	err := out.head([]string{"requested_at", "tenant", "id", "state", "class", "template", "header", "smsc", "segments",
		"to_last4", "submitted_at", "final_at", "error_stage", "error_code", "error_reason", "possible_duplicate", "ref",
		"entity", "category", "register", "error_detail"}, map[int]bool{8: true, 19: true})
	if err != nil {
		return err
	}
	for m, err := range messages {
		if err != nil {
			return err
		}
		err = out.row(m, stamp(&m.RequestedAt), string(m.Tenant), string(m.ID), string(m.State), m.Class, string(m.Template),
			string(m.Header), string(m.SMSC), strconv.Itoa(m.Segments), m.ToLast4, stamp(m.SubmittedAt), stamp(m.FinalAt),
			string(m.ErrorStage), m.ErrorCode, m.ErrorReason, strconv.FormatBool(m.PossibleDuplicate), m.Ref,
			string(m.Entity), string(m.Category), registerOf(m.Register), m.ErrorDetail)
		if err != nil {
			return err
		}
	}
	return nil
}
