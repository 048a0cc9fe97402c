package main

import (
	"encoding/json"
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

func reportDLRCommand() *cobra.Command {
	var file, tenant string
	var by []string
	var w window
	var form reportFlags
	cmd := &cobra.Command{
		Use:   "dlr --config FILE [--by tenant,smsc,...]",
		Short: "Count what became of messages, with delivery % and seconds to delivery",
		Long: `Count what became of messages, group by group. DELIVERED_% is of all but the rejected, which nobody was ever to get;
P50_S, P95_S and P99_S are seconds from the request to the receipt of delivery, exact to 5 %, as deliveries are counted
by time in steps of 10 %. SMSC is the last that was tried. All is read from counts, not from messages, and so is quick
for months and stays when the messages are gone.

` + hoursHelp + `
  harkara report dlr --config harkara.yaml --from 2026-11-22 --by template,error --format csv --bom --out errors.csv`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkBy(by, storage.DLRDimensions()); err != nil {
				return err
			}
			f := storage.DLRFilter{By: by, Tenant: sms.TenantID(tenant)}
			var err error
			if f.From, f.To, err = w.hours(cmd.ErrOrStderr()); err != nil {
				return err
			}
			return form.write(cmd, func(out *report) error {
				return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
					tenantOf(cmd.ErrOrStderr(), cfg, tenant)
					return writeDLR(out, by, storage.DLR(cmd.Context(), db, f))
				})
			})
		},
	}
	configFlag(cmd, &file)
	w.flags(cmd)
	form.addTyped(cmd)
	cmd.Flags().StringVar(&tenant, "tenant", "", "of this tenant")
	cmd.Flags().StringSliceVar(&by, "by", []string{"tenant", "smsc"}, "group by: "+strings.Join(storage.DLRDimensions(), ", "))
	need(cmd, "config")
	return cmd
}

// checkBy lets through groupings that a report has, each once.
func checkBy(by, dimensions []string) error {
	for i, d := range by {
		if !slices.Contains(dimensions, d) {
			return usageError{fmt.Errorf("--by %q is not one of %s", d, strings.Join(dimensions, ", "))}
		}
		if slices.Contains(by[:i], d) {
			return usageError{fmt.Errorf("--by names %s twice", d)}
		}
	}
	return nil
}

// states of messages that reports count, in the order of storage.Counts.
var countNames = []string{"requested", "submitted", "pending", "delivered", "undelivered", "expired", "unreported", "refused",
	"rejected", "lapsed", "in_doubt"}

func writeDLR(out *report, by []string, rows iter.Seq2[storage.DLRRow, error]) error {
	err := out.columns(slices.Concat(columnsOf(text, by...), columnsOf(whole, countNames...),
		columnsOf(fraction, "delivered_%", "p50_s", "p95_s", "p99_s")))
	if err != nil {
		return err
	}
	for d, err := range rows {
		if err != nil {
			return err
		}
		each := d.Counts.Each()
		group := out.group(by, d.Group)
		cells := slices.Concat(texts(group...), counts(each[:]), []any{d.DeliveredPercent, d.P50, d.P95, d.P99})
		if err := out.values(named(by, group, d), cells...); err != nil {
			return err
		}
	}
	return nil
}

// group is the values of a group as the report shows them: hours in its zone. A day stays India's.
func (r *report) group(by, values []string) []string {
	i := slices.Index(by, "hour")
	if i < 0 || !r.utc {
		return values
	}
	hour, err := time.Parse(time.RFC3339, values[i])
	if err != nil {
		return values
	}
	values = slices.Clone(values)
	values[i] = hour.UTC().Format(time.RFC3339)
	return values
}

// named gives a row of JSON its groups by name.
func named(by, group []string, row any) map[string]any {
	raw, err := json.Marshal(row)
	fields := map[string]any{}
	if err == nil {
		err = json.Unmarshal(raw, &fields)
	}
	if err != nil {
		panic(err) // a struct of numbers
	}
	delete(fields, "group")
	for i, name := range by {
		fields[name] = group[i]
	}
	return fields
}
