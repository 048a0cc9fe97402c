package main

import (
	"context"
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

// use is a report of what the register's rows are used for: the messages, and beside them what the register holds.
type use struct {
	*app.Linter
	filter storage.UseFilter
	tenant *app.Tenant // whose messages; nil: all
}

// useHelp says what the columns of both reports are.
const useHelp = `REQUESTED to DELIVERED_% count the messages requested in the time, as report dlr does; SEGMENTS are the short messages
that an SMSC accepted, which are paid. LAST_USED may lie before --from; it is exact where nothing newer was used, else its hour. FAILURES are the codes and reasons
by SMSC with their numbers, the most frequent first; FINDINGS are the codes of what dlt lint calls errors and warnings.
What is in the register and nobody used stands at the end, with zeros; with --tenant, what is under the tenant's headers.
A table leaves out ENTITY_NAME, OPERATOR, HELD, FAILURES and SUBMITTED to IN_DOUBT where no row has anything there; CSV,
JSON and XLSX have them all.

`

func useCommand(name, short, long string, do func(*use, context.Context, *sqlx.DB, *report) error) *cobra.Command {
	var file, tenant, template, header string
	var w window
	var form reportFlags
	cmd := &cobra.Command{
		Use:   name + " --config FILE [--from DAY] [--to DAY]",
		Short: short,
		Long:  long + "\n\n" + useHelp + "  harkara report " + name + " --config harkara.yaml --from 2026-11-01 --format xlsx --out " + name + ".xlsx",
		Args:  exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := storage.UseFilter{Tenant: sms.TenantID(tenant), Template: dlt.TemplateID(template), Header: dlt.Header(header)}
			var err error
			if f.From, f.To, err = w.hours(cmd.ErrOrStderr()); err != nil {
				return err
			}
			return form.write(cmd, func(out *report) error {
				return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
					u := &use{filter: f}
					if u.Linter, err = cfg.OpenLinter(cmd.Context(), db, time.Now()); err != nil {
						return err
					}
					u.tenant = tenantOf(cmd.ErrOrStderr(), cfg, tenant)
					u.noteFilter(cmd.ErrOrStderr())
					return do(u, cmd.Context(), db, out)
				})
			})
		},
	}
	rowFlags(cmd, &file, &template, "of this template", &header, "under this header")
	w.flags(cmd)
	form.addTyped(cmd)
	cmd.Flags().StringVar(&tenant, "tenant", "", "of this tenant")
	need(cmd, "config")
	return cmd
}

func reportTemplatesCommand() *cobra.Command {
	return useCommand("templates", "What each template is used for: messages, delivery, failures, last use, findings",
		"One row a template, with its NAME, ENTITY, CATEGORY, HEADERS, STATUS and OPERATOR as in the register, and the SMSCs\n"+
			"where it is HELD back.", (*use).templates)
}

func reportHeadersCommand() *cobra.Command {
	return useCommand("headers", "What each header is used for: messages, delivery, failures, last use, findings",
		"One row a header of an entity, with its ENTITY, STATUS and OPERATOR as in the register, and how many TEMPLATES are\n"+
			"linked to it.", (*use).headers)
}

// useColumns are the columns that both reports have, after those of the register.
var useColumns = slices.Concat(columnsOf(whole, countNames...), columnsOf(fraction, "delivered_%"), columnsOf(whole, "segments"),
	columnsOf(moment, "last_used"), columnsOf(text, "failures", "findings"))

// useHead begins a report whose own columns stand before useColumns.
func useHead(out *report, own []column) error {
	out.hideEmpty(slices.Concat(countNames[1:], []string{"entity_name", "operator", "held", "failures"}))
	return out.columns(slices.Concat(own, useColumns))
}

// useCells are the cells of useColumns.
func useCells(r *storage.UseRow, findings []string) []any {
	failures := make([]string, len(r.Failures))
	for i, f := range r.Failures {
		failures[i] = f.String()
	}
	each := r.Counts.Each()
	return append(counts(each[:]), r.DeliveredPercent, r.Segments, r.LastUsed, strings.Join(failures, "; "), strings.Join(findings, ", "))
}

// complete gives a row what JSON shows in any case, and the last use where the counts know its hour alone, or nothing, as
// it was before the report's time.
func complete(r *storage.UseRow, lastUsed time.Time) {
	if !lastUsed.IsZero() && (r.LastUsed == nil || !lastUsed.Before(*r.LastUsed) && lastUsed.Before(r.LastUsed.Add(time.Hour))) {
		r.LastUsed = &lastUsed
	}
	if r.Failures == nil {
		r.Failures = []storage.UseFailure{}
	}
}

// mayUseAny says whether a template with these links belongs into the report though nobody used it.
func (u *use) mayUseAny(links []dlt.Link) bool {
	return u.filter.Header == "" && u.filter.Tenant == "" ||
		slices.ContainsFunc(links, func(l dlt.Link) bool { return u.mayUse(l.Header) })
}

// mayUse says whether a header belongs into the report though nobody used it: it is the one that was asked for, and one
// of the tenant's.
func (u *use) mayUse(h dlt.Header) bool {
	return (u.filter.Header == "" || u.filter.Header == h) && (u.filter.Tenant == "" ||
		u.tenant != nil && slices.Contains(u.tenant.Headers, string(h)))
}

// codes are those of the findings that are no mere notes, each once.
func codes(findings []dlt.Finding) []string {
	list := []string{}
	for _, f := range findings {
		if f.Severity != dlt.Note && !slices.Contains(list, f.Code) {
			list = append(list, f.Code)
		}
	}
	return list
}
