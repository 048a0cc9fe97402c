package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/dlt"
)

// linting is what the flags of dlt lint say.
type linting struct {
	config, template, header, severity string
	costs, codes                       bool
	form                               reportFlags
}

func dltLintCommand() *cobra.Command {
	var l linting
	cmd := &cobra.Command{
		Use:   "lint --config FILE [--template ID] [--header H] [--severity warning] [--costs]",
		Short: "What is wrong with the register's templates, headers and chains, and what templates cost at worst",
		Long: `Find what fails, will fail, or costs more than it looks, from the register and from what receipts told lately. Findings
make no command fail. SEVERITY is error (messages fail, or will), warning (some operators refuse it, or it costs more) or
note; CODE is stable, and dlt lint --codes lists all of them; KIND, SUBJECT and ENTITY name the row, DETAIL is what was
found, MEND what to do. For people each is three lines: what and where, the detail, and after → the mend.

With --costs, say for each template, and for each coding that the configured SMSCs take, how many short messages its
texts come to: at least, at most (every variable as long as it may be), and at most where a variable holds a character
that forces UCS-2, such as ₹. Where the SMSC has a price, so have they. --json has both, as costs and findings.

  harkara dlt lint --config harkara.yaml --severity error --format xlsx --out findings.xlsx`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if l.codes {
				return l.form.write(cmd, writeCodes)
			}
			return l.run(cmd)
		},
	}
	rowFlags(cmd, &l.config, &l.template, "this template only", &l.header, "this header only")
	f := cmd.Flags()
	f.StringVar(&l.severity, "severity", "note", "only what is at least so grave: error, warning or note")
	f.BoolVar(&l.costs, "costs", false, "what templates cost, in place of findings")
	f.BoolVar(&l.codes, "codes", false, "list the codes that findings may have; needs no configuration")
	l.form.add(cmd)
	need(cmd, "config")
	needs := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if l.codes {
			return nil
		}
		return needs(cmd, args)
	}
	return cmd
}

// severities, gravest first.
var severities = []dlt.Severity{dlt.Error, dlt.Warning, dlt.Note}

func (l *linting) run(cmd *cobra.Command) error {
	if !slices.Contains(severities, dlt.Severity(l.severity)) {
		return usageError{fmt.Errorf("--severity %q is not one of error, warning, note", l.severity)}
	}
	if l.template != "" && l.header != "" {
		return usageError{fmt.Errorf("--template and --header exclude each other")}
	}
	return l.form.write(cmd, func(out *report) error {
		return withDatabase(cmd, l.config, func(cfg *app.Config, db *sqlx.DB) error {
			linter, err := cfg.OpenLinter(cmd.Context(), db, time.Now())
			if err != nil {
				return err
			}
			rows, err := l.rows(linter.Register)
			switch {
			case err != nil:
				return err
			case l.form.format == "json":
				return l.writeBoth(out, linter, rows)
			case l.costs:
				return writeLintCosts(out, linter, rows.templates)
			}
			return l.writeFindings(out, linter, rows)
		})
	})
}

// lintRows are the rows that the flags name.
type lintRows struct {
	all       bool
	templates []*dlt.Template // all where all is set
	headers   []*dlt.HeaderRecord
}

func (l *linting) rows(reg *dlt.Register) (rows lintRows, err error) {
	switch {
	case l.template != "":
		t, ok := reg.Template(dlt.TemplateID(l.template))
		if !ok {
			return rows, fmt.Errorf("template %s is not in the register; dlt import brings it in", l.template)
		}
		rows.templates = []*dlt.Template{t}
	case l.header != "":
		for h := range reg.Headers() {
			if string(h.Header) == l.header {
				rows.headers = append(rows.headers, h)
			}
		}
		if rows.headers == nil {
			return rows, fmt.Errorf("header %s is not in the register (its letters count by case); dlt import brings it in",
				l.header)
		}
	default:
		rows.all, rows.templates = true, slices.Collect(reg.Templates())
	}
	return rows, nil
}

// findings calls do with each finding on the rows that is grave enough.
func (l *linting) findings(linter *app.Linter, rows lintRows, do func(dlt.Finding) error) error {
	findings := linter.All()
	if !rows.all {
		var list []dlt.Finding
		for _, t := range rows.templates {
			list = append(list, linter.Template(t)...)
		}
		for _, h := range rows.headers {
			list = append(list, linter.Header(h)...)
		}
		findings = slices.Values(list)
	}
	least := slices.Index(severities, dlt.Severity(l.severity))
	for f := range findings {
		if slices.Index(severities, f.Severity) > least {
			continue
		}
		if err := do(f); err != nil {
			return err
		}
	}
	return nil
}
