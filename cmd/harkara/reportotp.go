package main

import (
	"iter"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/smpp/sms"
	"harkara/storage"
)

func reportOTPCommand() *cobra.Command {
	var file, tenant string
	var by []string
	var w window
	var form reportFlags
	cmd := &cobra.Command{
		Use:   "otp --config FILE [--by tenant,purpose,...]",
		Short: "Count what became of challenges of the OTP service, with conversion % and seconds to verify",
		Long: `Count what became of challenges, group by group. CONVERSION_% is VERIFIED of REQUESTED; P50_S and P95_S are seconds
from the request to the right code, exact to 5 %. SENT, DELIVERED and UNDELIVERED count messages, of which a challenge may
have several; FAILED counts wrong codes, BLOCKED calls that a limit or a lock refused, WOULD_BLOCK those that a limit with
dry_run let through. ROUTE is the SMSC: of what is requested, that of the first send; of what is verified, the one that
brought the code. So by route CONVERSION_% shows which route works, and may be above 100 where others fell back on it.

` + hoursHelp + `
  harkara report otp --config harkara.yaml --from 2026-11-22 --by purpose,route`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkBy(by, storage.OTPDimensions()); err != nil {
				return err
			}
			f := storage.OTPFilter{By: by, Tenant: sms.TenantID(tenant)}
			var err error
			if f.From, f.To, err = w.hours(cmd.ErrOrStderr()); err != nil {
				return err
			}
			return form.write(cmd, func(out *report) error {
				return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
					tenantOf(cmd.ErrOrStderr(), cfg, tenant)
					return writeOTP(out, by, storage.OTPReport(cmd.Context(), db, f))
				})
			})
		},
	}
	configFlag(cmd, &file)
	w.flags(cmd)
	form.addTyped(cmd)
	cmd.Flags().StringVar(&tenant, "tenant", "", "of this tenant")
	cmd.Flags().StringSliceVar(&by, "by", []string{"tenant", "purpose"}, "group by: "+strings.Join(storage.OTPDimensions(), ", "))
	need(cmd, "config")
	return cmd
}

// otpCountNames are the counts of challenges, in the order of storage.OTPCounts.
var otpCountNames = []string{"requested", "sent", "delivered", "undelivered", "resent", "fell_back", "verified", "failed", "locked",
	"expired", "cancelled", "blocked", "would_block"}

func writeOTP(out *report, by []string, rows iter.Seq2[storage.OTPRow, error]) error {
	out.hideEmpty([]string{"undelivered", "resent", "fell_back", "locked", "cancelled", "blocked", "would_block"})
	err := out.columns(slices.Concat(columnsOf(text, by...), columnsOf(whole, otpCountNames...),
		columnsOf(fraction, "conversion_%", "p50_s", "p95_s")))
	if err != nil {
		return err
	}
	for d, err := range rows {
		if err != nil {
			return err
		}
		each := d.Each()
		group := out.group(by, d.Group)
		cells := slices.Concat(texts(group...), counts(each[:]), []any{d.ConversionPercent, d.P50, d.P95})
		if err := out.values(named(by, group, d), cells...); err != nil {
			return err
		}
	}
	return nil
}
