package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

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
P50_S, P95_S and P99_S are seconds from the request to the receipt of delivery.

  harkara report dlr --config harkara.yaml --from 2026-11-22 --by template,error --format csv --bom --out errors.csv`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, d := range by {
				if !slices.Contains(storage.DLRDimensions(), d) {
					return usageError{fmt.Errorf("--by %q is not one of %s", d, strings.Join(storage.DLRDimensions(), ", "))}
				}
			}
			return form.write(cmd, func(out *report) error {
				f := storage.DLRFilter{By: by, Tenant: sms.TenantID(tenant)}
				var err error
				if f.From, f.To, err = w.times(); err != nil {
					return err
				}
				return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
					tenantOf(cmd.ErrOrStderr(), cfg, tenant)
					rows, err := storage.DLR(cmd.Context(), db, f)
					if err != nil {
						return err
					}
					return writeDLR(out, by, rows)
				})
			})
		},
	}
	configFlag(cmd, &file)
	w.flags(cmd)
	form.add(cmd)
	cmd.Flags().StringVar(&tenant, "tenant", "", "of this tenant")
	cmd.Flags().StringSliceVar(&by, "by", []string{"tenant", "smsc"}, "group by: "+strings.Join(storage.DLRDimensions(), ", "))
	need(cmd, "config")
	return cmd
}

func writeDLR(out *report, by []string, rows []storage.DLRRow) error {
	counts := []string{"requested", "submitted", "pending", "delivered", "undelivered", "expired", "unreported", "refused",
		"rejected", "lapsed", "in_doubt", "delivered_%", "p50_s", "p95_s", "p99_s"}
	if err := out.head(slices.Concat(by, counts), columnSet(len(by), len(counts))); err != nil {
		return err
	}
	for _, d := range rows {
		cells := slices.Clone(d.Group)
		for _, n := range d.Counts.Each() {
			cells = append(cells, strconv.FormatInt(n, 10))
		}
		for _, f := range []*float64{d.DeliveredPercent, d.P50, d.P95, d.P99} {
			cells = append(cells, decimal(f))
		}
		if err := out.row(named(by, d), cells...); err != nil {
			return err
		}
	}
	return nil
}

// columnSet is the set of n columns from the first on.
func columnSet(first, n int) map[int]bool {
	set := make(map[int]bool, n)
	for i := range n {
		set[first+i] = true
	}
	return set
}

func decimal(f *float64) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', 2, 64)
}

// named gives a row of JSON its groups by name.
func named(by []string, d storage.DLRRow) map[string]any {
	raw, err := json.Marshal(d)
	fields := map[string]any{}
	if err == nil {
		err = json.Unmarshal(raw, &fields)
	}
	if err != nil {
		panic(err) // a struct of numbers
	}
	delete(fields, "group")
	for i, name := range by {
		fields[name] = d.Group[i]
	}
	return fields
}
