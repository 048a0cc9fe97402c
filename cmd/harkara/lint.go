package main

import (
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
)

func dltLintCommand() *cobra.Command {
	var file, template string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lint --config FILE [--template ID]",
		Short: "What registered templates cost at worst, and what is wrong with them",
		Long: `Say for each registered template, and for each coding that the configured SMSCs take, how many short messages its texts
come to: at least, at most (every variable as long as it may be), and at most where a variable holds a character that
forces UCS-2, such as ₹. Where the SMSC has a price, so have they.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
				reg, err := storage.LoadRegister(cmd.Context(), db)
				if err != nil {
					return err
				}
				codings, err := cfg.Codings()
				if err != nil {
					return err
				}
				lint, err := app.LintTemplates(reg, codings, dlt.TemplateID(template))
				if err != nil {
					return err
				}
				return printLint(cmd, lint, asJSON)
			})
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&template, "template", "", "this template only")
	jsonFlag(cmd, &asJSON)
	need(cmd, "config")
	return cmd
}

func printLint(cmd *cobra.Command, lint app.Lint, asJSON bool) error {
	if asJSON {
		return printJSON(cmd, lint)
	}
	out := cmd.OutOrStdout()
	t := table{head: []string{"TEMPLATE", "SMSCS", "ENCODING", "LEAST", "MOST", "WITH UCS-2", ""},
		right: map[int]bool{3: true, 4: true, 5: true}}
	for _, c := range lint.Costs {
		if c.Error != "" {
			t.add(string(c.Template), names(c.SMSCs), "", "", "", "", "can't go there: "+c.Error)
			continue
		}
		t.add(string(c.Template), names(c.SMSCs), c.Most.Encoding, paid(c.Least), paid(c.Most), paid(c.Unicode))
	}
	t.print(out)
	for _, f := range lint.Findings {
		fmt.Fprintf(out, "%s: %s\n", f.Template, f.Detail)
	}
	return nil
}

// paid is how many short messages a text is, and what they cost where that is known: "2 = 0.2800".
func paid(c app.Cost) string {
	if c.Segments == 0 {
		return "can't go"
	}
	if c.Price == 0 {
		return fmt.Sprint(c.Segments)
	}
	return fmt.Sprintf("%d = %.4f", c.Segments, c.Price)
}

func names(ids []sms.SMSCID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	return strings.Join(texts, ", ")
}
