package main

import (
	"fmt"
	"slices"
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
	return group("report", "Compliance reports from PostgreSQL", reportMessagesCommand(), reportDLRCommand())
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
	var file, format, tenant, id, ref, template, state, to string
	var w window
	cmd := &cobra.Command{
		Use:   "messages --config FILE",
		Short: "List messages; by tenant, id, ref, template, state, number, time",
		Args:  exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			out, err := newReport(cmd, format)
			if err != nil {
				return err
			}
			f := storage.MessageFilter{Tenant: sms.TenantID(tenant), ID: sms.RequestID(id), Ref: ref,
				Template: dlt.TemplateID(template), State: sms.State(state)}
			if f.From, f.To, err = w.times(); err != nil {
				return err
			}
			return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
				if to != "" {
					number, err := sms.ParseMSISDN(to)
					if err != nil {
						return usageError{fmt.Errorf("--number: %w", err)}
					}
					vault, err := storage.OpenVault(cfg.Data)
					if err != nil {
						return err
					}
					f.ToDigest = vault.Digest(number)
				}
				out.head("requested_at", "tenant", "id", "state", "class", "template", "header", "smsc", "segments",
					"to_last4", "submitted_at", "final_at", "error_stage", "error_code", "error_reason",
					"possible_duplicate", "ref", "entity", "category")
				for m, err := range storage.Messages(cmd.Context(), db, f) {
					if err != nil {
						return err
					}
					out.row(m, stamp(&m.RequestedAt), string(m.Tenant), string(m.ID), string(m.State), m.Class,
						string(m.Template), string(m.Header), string(m.SMSC), fmt.Sprint(m.Segments), m.ToLast4,
						stamp(m.SubmittedAt), stamp(m.FinalAt), string(m.ErrorStage), m.ErrorCode, m.ErrorReason,
						fmt.Sprint(m.PossibleDuplicate), m.Ref, string(m.Entity), string(m.Category))
				}
				return out.end()
			})
		},
	}
	configFlag(cmd, &file)
	w.flags(cmd)
	formatFlag(cmd, &format)
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "of this tenant")
	f.StringVar(&id, "id", "", "with this request id")
	f.StringVar(&ref, "ref", "", "with this reference")
	f.StringVar(&template, "template", "", "of this template")
	f.StringVar(&state, "state", "", "in this state")
	f.StringVar(&to, "number", "", "to this number")
	need(cmd, "config")
	return cmd
}

func reportDLRCommand() *cobra.Command {
	var file, format, tenant string
	var by []string
	var w window
	cmd := &cobra.Command{
		Use:   "dlr --config FILE [--by tenant,smsc,...]",
		Short: "Count what became of messages, with delivery % and seconds to delivery",
		Args:  exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, d := range by {
				if !slices.Contains(storage.DLRDimensions(), d) {
					return usageError{fmt.Errorf("--by %q is not one of %s", d, strings.Join(storage.DLRDimensions(), ", "))}
				}
			}
			out, err := newReport(cmd, format)
			if err != nil {
				return err
			}
			f := storage.DLRFilter{By: by, Tenant: sms.TenantID(tenant)}
			if f.From, f.To, err = w.times(); err != nil {
				return err
			}
			return withDatabase(cmd, file, func(_ *app.Config, db *sqlx.DB) error {
				rows, err := storage.DLR(cmd.Context(), db, f)
				if err != nil {
					return err
				}
				return printDLR(out, by, rows)
			})
		},
	}
	configFlag(cmd, &file)
	w.flags(cmd)
	formatFlag(cmd, &format)
	cmd.Flags().StringVar(&tenant, "tenant", "", "of this tenant")
	cmd.Flags().StringSliceVar(&by, "by", []string{"tenant", "smsc"}, "group by: "+strings.Join(storage.DLRDimensions(), ", "))
	need(cmd, "config")
	return cmd
}
