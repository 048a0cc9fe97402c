package main

import (
	"iter"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
)

// messageSearch are the flags that choose messages, as they came.
type messageSearch struct{ tenant, id, ref, template, header, smsc, class, state, number string }

func (s *messageSearch) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.tenant, "tenant", "", "of this tenant")
	f.StringVar(&s.id, "id", "", "with this request id")
	f.StringVar(&s.ref, "ref", "", "with this reference")
	f.StringVar(&s.template, "template", "", "of this template")
	f.StringVar(&s.header, "header", "", "under this header")
	f.StringVar(&s.smsc, "smsc", "", "that went to this SMSC last")
	f.StringVar(&s.class, "class", "", "of this class: otp, txn or bulk")
	f.StringVar(&s.state, "state", "", "in this state: "+strings.Join(states, ", "))
	f.StringVar(&s.number, "number", "", "to this number")
}

func (s *messageSearch) filter(w *window) (f storage.MessageFilter, err error) {
	if err := checkState(s.state); err != nil {
		return f, err
	}
	if err := checkClass(s.class); err != nil {
		return f, err
	}
	f = storage.MessageFilter{Tenant: sms.TenantID(s.tenant), ID: sms.RequestID(s.id), Ref: s.ref, Template: dlt.TemplateID(s.template),
		Header: dlt.Header(s.header), SMSC: sms.SMSCID(s.smsc), Class: s.class, State: sms.State(s.state)}
	f.From, f.To, err = w.times()
	return f, err
}

func reportMessagesCommand() *cobra.Command {
	var file string
	var search messageSearch
	var w window
	var form reportFlags
	cmd := &cobra.Command{
		Use:   "messages --config FILE",
		Short: "List messages; by tenant, id, ref, template, header, SMSC, class, state, number, time",
		Long: `List messages, oldest first, one a row. Times are India's. A number is known by its last four digits; --number finds
the messages to a number without showing it, but those of a month whose keys were shredded. --id, --ref and --number use
an index; --from and --to let them look through fewer days. The report is of one moment, however long it takes, and ten
million rows need no more memory than ten.

  harkara report messages --config harkara.yaml --template 1107161234567890123 --from 2026-11-22 --format xlsx --out otp.xlsx`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := search.filter(&w)
			if err != nil {
				return err
			}
			number, err := search.msisdn()
			if err != nil {
				return err
			}
			return form.write(cmd, func(out *report) error {
				return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
					if f.Number, err = digestsOf(cfg, number, &f); err != nil {
						return err
					}
					if err := search.notes(cmd, cfg, db); err != nil {
						return err
					}
					return writeMessages(out, storage.Messages(cmd.Context(), db, f))
				})
			})
		},
	}
	configFlag(cmd, &file)
	w.flags(cmd)
	form.addTyped(cmd)
	search.flags(cmd)
	need(cmd, "config")
	return cmd
}

// messageColumns are what a message has.
var messageColumns = slices.Concat(columnsOf(moment, "requested_at"),
	columnsOf(text, "tenant", "id", "state", "class", "template", "header", "smsc"), columnsOf(whole, "segments"),
	columnsOf(text, "to_last4"), columnsOf(moment, "submitted_at", "final_at"),
	columnsOf(text, "error_stage", "error_code", "error_reason"), columnsOf(truth, "possible_duplicate"),
	columnsOf(text, "ref", "entity", "category"), columnsOf(whole, "register"), columnsOf(text, "error_detail"))

func writeMessages(out *report, messages iter.Seq2[storage.MessageRow, error]) error {
	out.hideEmpty([]string{"submitted_at", "final_at", "error_stage", "error_code", "error_reason", "possible_duplicate", "ref",
		"register", "error_detail"})
	if err := out.columns(messageColumns); err != nil {
		return err
	}
	for m, err := range messages {
		if err != nil {
			return err
		}
		err = out.values(m, &m.RequestedAt, string(m.Tenant), string(m.ID), string(m.State), m.Class, string(m.Template),
			string(m.Header), string(m.SMSC), int64(m.Segments), m.ToLast4, m.SubmittedAt, m.FinalAt, string(m.ErrorStage),
			m.ErrorCode, m.ErrorReason, m.PossibleDuplicate, m.Ref, string(m.Entity), string(m.Category), m.Register, m.ErrorDetail)
		if err != nil {
			return err
		}
	}
	return nil
}
