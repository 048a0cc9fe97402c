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

func reportBillingCommand() *cobra.Command {
	var file, tenant string
	var by []string
	var w window
	var form reportFlags
	cmd := &cobra.Command{
		Use:   "billing --config FILE [--by tenant,smsc,category,...]",
		Short: "Count short messages as an operator bills them, with what they cost",
		Long: `Count the short messages (segments) of each attempt at an SMSC, as its operator does: ACCEPTED, and IN_DOUBT, which were
written and never answered, so that the operator may have taken them or not. Possible duplicates, second attempts that
may have brought a handset a second copy, stand apart in DUPLICATES_ACCEPTED and DUPLICATES_IN_DOUBT. AMOUNT is the price
of all that was accepted, duplicates included, at what smscs[].price is now; AMOUNT_IN_DOUBT what those in doubt add;
UNPRICED counts the segments at SMSCs without a price, which are in neither. SMSC is the attempt's. A table, and a
workbook, end with a TOTAL; the other formats, whose readers add up themselves, have none.

` + hoursHelp + `
  harkara report billing --config harkara.yaml --from 2026-11-01 --to 2026-11-30 --by smsc,category`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkBy(by, storage.BillingDimensions()); err != nil {
				return err
			}
			f := storage.BillingFilter{By: by, Tenant: sms.TenantID(tenant)}
			var err error
			if f.From, f.To, err = w.hours(cmd.ErrOrStderr()); err != nil {
				return err
			}
			return form.write(cmd, func(out *report) error {
				return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
					tenantOf(cmd.ErrOrStderr(), cfg, tenant)
					f.Prices = pricesOf(cfg)
					return writeBilling(out, by, storage.Billing(cmd.Context(), db, f), form.format == "table" || form.format == "xlsx")
				})
			})
		},
	}
	configFlag(cmd, &file)
	w.flags(cmd)
	form.addTyped(cmd)
	cmd.Flags().StringVar(&tenant, "tenant", "", "of this tenant")
	cmd.Flags().StringSliceVar(&by, "by", []string{"tenant", "smsc", "category"},
		"group by: "+strings.Join(storage.BillingDimensions(), ", "))
	need(cmd, "config")
	return cmd
}

// pricesOf are the prices of the SMSCs that have one.
func pricesOf(cfg *app.Config) map[sms.SMSCID]float64 {
	prices := map[sms.SMSCID]float64{}
	for _, s := range cfg.SMSCs {
		if s.Price > 0 {
			prices[s.ID] = s.Price
		}
	}
	return prices
}

func writeBilling(out *report, by []string, rows iter.Seq2[storage.BillingRow, error], totalled bool) error {
	out.hideEmpty([]string{"duplicates_accepted", "duplicates_in_doubt", "amount", "amount_in_doubt", "unpriced"})
	err := out.columns(slices.Concat(columnsOf(text, by...),
		columnsOf(whole, "accepted", "in_doubt", "duplicates_accepted", "duplicates_in_doubt"),
		columnsOf(fraction, "amount", "amount_in_doubt"), columnsOf(whole, "unpriced")))
	if err != nil {
		return err
	}
	total := storage.BillingRow{Group: make([]string, len(by))}
	for r, err := range rows {
		if err != nil {
			return err
		}
		group := out.group(by, r.Group)
		if err := out.values(named(by, group, r), billedCells(group, r)...); err != nil {
			return err
		}
		total.Add(r)
	}
	if !totalled || len(by) == 0 {
		return nil
	}
	total.Group[0] = "TOTAL"
	return out.put(nil, billedCells(total.Group, total)...)
}

// billedCells are a row's cells, of which JSON knows the group by name.
func billedCells(group []string, r storage.BillingRow) []any {
	return append(texts(group...), r.Accepted, r.InDoubt, r.DuplicatesAccepted, r.DuplicatesInDoubt, r.Amount, r.AmountInDoubt, r.Unpriced)
}
