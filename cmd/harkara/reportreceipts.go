package main

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/smpp/sms"
	"harkara/storage"
)

func reportReceiptsCommand() *cobra.Command {
	var file, smsc string
	var unmatched bool
	var w window
	var form reportFlags
	cmd := &cobra.Command{
		Use:   "receipts --unmatched --config FILE",
		Short: "List the receipts that found no message",
		Long: `List the receipts that found no message, oldest first, with their AGE. They are kept, and tried again whenever an answer
names their message id: one that came before its submit_sm_resp goes to its message by itself. Many old ones of one SMSC
mean that it writes message ids in receipts otherwise than in answers: see receipts.submit_id and receipts.receipt_id in
the configuration. --from and --to are of the time that they came.

  harkara report receipts --unmatched --config harkara.yaml --smsc operator-a --from 2026-11-22`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !unmatched {
				return usageError{fmt.Errorf("report receipts wants --unmatched: of others, report messages tells what they said")}
			}
			f := storage.UnmatchedFilter{SMSC: sms.SMSCID(smsc)}
			var err error
			if f.From, f.To, err = w.times(); err != nil {
				return err
			}
			return form.write(cmd, func(out *report) error {
				return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
					noteSMSC(cmd.ErrOrStderr(), cfg, smsc)
					return writeUnmatched(out, time.Now(), storage.Unmatched(cmd.Context(), db, f))
				})
			})
		},
	}
	configFlag(cmd, &file)
	w.flags(cmd)
	form.addTyped(cmd)
	cmd.Flags().BoolVar(&unmatched, "unmatched", false, "those that found no message")
	cmd.Flags().StringVar(&smsc, "smsc", "", "of this SMSC")
	need(cmd, "config")
	return cmd
}

// unmatchedRow is a receipt with what a report adds.
type unmatchedRow struct {
	storage.UnmatchedReceipt
	AgeSeconds int64 `json:"age_s"`
}

func writeUnmatched(out *report, now time.Time, rows iter.Seq2[storage.UnmatchedReceipt, error]) error {
	err := out.columns(slices.Concat(columnsOf(moment, "received_at"), columnsOf(text, "smsc", "message_id", "stat", "err", "age")))
	if err != nil {
		return err
	}
	for r, err := range rows {
		if err != nil {
			return err
		}
		old := now.Sub(r.ReceivedAt)
		err = out.values(unmatchedRow{r, int64(old.Seconds())}, &r.ReceivedAt, string(r.SMSC), string(r.MessageID), r.Stat, r.Err, age(old))
		if err != nil {
			return err
		}
	}
	return nil
}

// age writes how old something is, to the minute, or to the second below one: 2d3h4m.
func age(d time.Duration) string {
	if d < time.Minute {
		return d.Truncate(time.Second).String()
	}
	d = d.Truncate(time.Minute)
	days := int(d / (24 * time.Hour))
	text := strings.TrimSuffix((d % (24 * time.Hour)).String(), "0s")
	if days > 0 {
		return fmt.Sprintf("%dd%s", days, text)
	}
	return text
}
