package main

import (
	"iter"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/smpp/sms"
	"harkara/storage"
)

func reportSMSCsCommand() *cobra.Command {
	var file, tenant string
	var w window
	var form reportFlags
	cmd := &cobra.Command{
		Use:   "smscs --config FILE [--from DAY] [--to DAY]",
		Short: "What each SMSC did: messages, delivery, seconds, short messages, receipts that found no message",
		Long: `One row an SMSC. REQUESTED to P99_S count the messages that went there last, as report dlr --by smsc does.
SEGMENTS_ACCEPTED and SEGMENTS_IN_DOUBT are the short messages of all attempts there, as in report billing.
UNMATCHED_RECEIPTS wait now for the answer that names their message id, whatever the time and the tenant: see report
receipts. Configured SMSCs that nothing went to stand at the end. A table leaves out SUBMITTED to IN_DOUBT where no row
has anything there.

` + hoursHelp + `
  harkara report smscs --config harkara.yaml --from 2026-11-01 --to 2026-11-30`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := storage.SMSCFilter{Tenant: sms.TenantID(tenant)}
			var err error
			if f.From, f.To, err = w.hours(cmd.ErrOrStderr()); err != nil {
				return err
			}
			return form.write(cmd, func(out *report) error {
				return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
					tenantOf(cmd.ErrOrStderr(), cfg, tenant)
					return writeSMSCs(out, cfg, storage.SMSCs(cmd.Context(), db, f))
				})
			})
		},
	}
	configFlag(cmd, &file)
	w.flags(cmd)
	form.addTyped(cmd)
	cmd.Flags().StringVar(&tenant, "tenant", "", "of this tenant")
	need(cmd, "config")
	return cmd
}

func writeSMSCs(out *report, cfg *app.Config, rows iter.Seq2[storage.SMSCRow, error]) error {
	out.hideEmpty(countNames[1:])
	err := out.columns(slices.Concat(columnsOf(text, "smsc"), columnsOf(whole, countNames...),
		columnsOf(fraction, "delivered_%", "p50_s", "p95_s", "p99_s"),
		columnsOf(whole, "segments_accepted", "segments_in_doubt", "unmatched_receipts")))
	if err != nil {
		return err
	}
	seen := map[sms.SMSCID]bool{}
	for r, err := range rows {
		if err != nil {
			return err
		}
		seen[r.SMSC] = true
		if err := writeSMSC(out, r); err != nil {
			return err
		}
	}
	for _, s := range cfg.SMSCs {
		if seen[s.ID] {
			continue
		}
		if err := writeSMSC(out, storage.SMSCRow{SMSC: s.ID}); err != nil {
			return err
		}
	}
	return nil
}

func writeSMSC(out *report, r storage.SMSCRow) error {
	each := r.Counts.Each()
	return out.values(r, slices.Concat(texts(r.SMSC), counts(each[:]), []any{r.DeliveredPercent, r.P50, r.P95, r.P99,
		r.SegmentsAccepted, r.SegmentsInDoubt, r.UnmatchedReceipts})...)
}
