package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/dlt"
	"harkara/storage"
)

func dltCommand() *cobra.Command {
	return group("dlt", "The DLT register: import, check, lint", dltImportCommand(), dltCheckCommand(), dltLintCommand(),
		dltChainCommand())
}

// withDatabase opens the configured database, starting the private one where it is down, for the time of a command.
func withDatabase(cmd *cobra.Command, file string, do func(*app.Config, *sqlx.DB) error) error {
	cfg, err := app.Load(file)
	if err != nil {
		return err
	}
	db, closeDB, err := app.OpenDatabase(cmd.Context(), cfg, newLog(cmd.ErrOrStderr(), slog.LevelWarn))
	if err != nil {
		return err
	}
	defer closeDB()
	return do(cfg, db)
}

func dltImportCommand() *cobra.Command {
	var file, kind, entity, category string
	var dryRun, asJSON bool
	cmd := &cobra.Command{
		Use:   "import --config FILE --kind templates EXPORT.csv",
		Short: "Take a portal's export into the register",
		Long: `Take an export into the register. Columns, in any order: ENTITY_ID, HEADER (several separated by |), TEMPLATE_ID,
TEMPLATE_NAME, TEMPLATE_CONTENT, CATEGORY. Entities and headers that templates name are created. A running gateway
uses what was imported within two seconds.`,
		Args: exactly(1, "one EXPORT.csv"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if kind != "templates" {
				return usageError{fmt.Errorf("--kind %s can't be imported; it is templates", kind)}
			}
			defaults, err := importDefaults(entity, category)
			if err != nil {
				return usageError{err}
			}
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			rows, refused, err := dlt.ReadTemplates(f, defaults)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return withDatabase(cmd, file, func(_ *app.Config, db *sqlx.DB) error {
				result, err := storage.ImportTemplates(cmd.Context(), db, rows, dryRun)
				if err != nil {
					return err
				}
				result.Refused = append(refused, result.Refused...)
				return printImport(cmd, args[0], result, dryRun, asJSON)
			})
		},
	}
	configFlag(cmd, &file)
	f := cmd.Flags()
	f.StringVar(&kind, "kind", "", "what the export holds: templates")
	f.StringVar(&entity, "entity", "", "entity id of rows that name none")
	f.StringVar(&category, "category", "", "category of rows that name none")
	f.BoolVar(&dryRun, "dry-run", false, "only show what would change")
	jsonFlag(cmd, &asJSON)
	need(cmd, "config", "kind")
	return cmd
}

func importDefaults(entity, category string) (d dlt.Defaults, err error) {
	if entity != "" {
		if d.Entity, err = dlt.ParseEntityID(entity); err != nil {
			return d, fmt.Errorf("--entity: %w", err)
		}
	}
	if category != "" {
		if d.Category, err = dlt.ParseCategory(category); err != nil {
			return d, fmt.Errorf("--category: %w", err)
		}
	}
	return d, nil
}

// printImport tells what came of an import; rows that were refused make the command fail after the others are in.
func printImport(cmd *cobra.Command, file string, r storage.ImportResult, dryRun, asJSON bool) error {
	if asJSON {
		if err := printJSON(cmd, map[string]any{"new": r.New, "changed": r.Changed, "unchanged": r.Unchanged,
			"refused": append([]dlt.RefusedRow{}, r.Refused...), "dry_run": dryRun}); err != nil {
			return err
		}
	} else {
		note := ""
		if dryRun {
			note = " (dry run: nothing was written)"
		}
		fmt.Fprintf(cmd.OutOrStdout(), "templates: %d new, %d changed, %d unchanged, %d refused%s\n", r.New, r.Changed,
			r.Unchanged, len(r.Refused), note)
	}
	for _, row := range r.Refused {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s:%d: %s: %s\n", file, row.Line, row.Column, row.Reason)
	}
	if len(r.Refused) > 0 {
		return errSaid
	}
	return nil
}

func dltCheckCommand() *cobra.Command {
	var file, template, header, text string
	var vars []string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check --config FILE --template ID [--header H] (--text TEXT | --var V...)",
		Short: "Would this message pass the scrub? Names the first difference",
		Args:  exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			hasText := cmd.Flags().Changed("text")
			if hasText && len(vars) > 0 {
				return usageError{fmt.Errorf("--text and --var exclude each other")}
			}
			return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
				reg, err := storage.LoadRegister(cmd.Context(), db)
				if err != nil {
					return err
				}
				codings, err := cfg.Codings()
				if err != nil {
					return err
				}
				return printVerdict(cmd, asJSON, app.Scrub(reg, app.ScrubQuery{Template: dlt.TemplateID(template),
					Header: dlt.Header(header), Vars: vars, Text: text, HasText: hasText, Codings: codings}))
			})
		},
	}
	configFlag(cmd, &file)
	f := cmd.Flags()
	f.StringVar(&template, "template", "", "template id")
	f.StringVar(&header, "header", "", "header (sender ID), where the template has several")
	f.StringVar(&text, "text", "", "finished text")
	f.StringArrayVar(&vars, "var", nil, "value of the next variable; repeat in template order")
	jsonFlag(cmd, &asJSON)
	need(cmd, "config", "template")
	return cmd
}

func printVerdict(cmd *cobra.Command, asJSON bool, v app.ScrubVerdict) error {
	out := cmd.OutOrStdout()
	switch {
	case asJSON:
		if err := printJSON(cmd, v); err != nil {
			return err
		}
	case v.OK:
		fmt.Fprintf(out, "passes: %s, %d segment(s)\n%s\n", v.Encoding, v.Segments, v.Text)
		printCosts(out, v.Costs)
	default:
		fmt.Fprintf(out, "fails: %s: %s\n", v.Reason, v.Detail)
	}
	if !v.OK {
		return errSaid
	}
	return nil
}

// printCosts says what a text comes to at each SMSC.
func printCosts(out io.Writer, costs []app.Cost) {
	for _, c := range costs {
		switch {
		case c.Error != "":
			fmt.Fprintf(out, "%s: can't go there: %s\n", names(c.SMSCs), c.Error)
		case c.Price > 0:
			fmt.Fprintf(out, "%s: %s, %d segment(s) in %d submit_sm, costs %.4f\n", names(c.SMSCs), c.Encoding, c.Segments,
				c.SubmitSM, c.Price)
		default:
			fmt.Fprintf(out, "%s: %s, %d segment(s) in %d submit_sm\n", names(c.SMSCs), c.Encoding, c.Segments, c.SubmitSM)
		}
	}
}

func dltChainCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "chain ID ID...",
		Short: "The PE-TM chain in each form: the entity's id first, the telemarketer that submits last",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, ids []string) error {
			if len(ids) < 2 {
				return usageError{fmt.Errorf("a chain has at least two ids: the entity's and a telemarketer's")}
			}
			for _, id := range ids {
				if _, err := dlt.ParseEntityID(id); err != nil {
					return fmt.Errorf("%s: %w", id, err)
				}
			}
			forms := map[dlt.ChainMode]string{}
			for _, mode := range []dlt.ChainMode{dlt.ChainTMID, dlt.ChainList, dlt.ChainHash} {
				forms[mode] = dlt.ChainValue(mode, ids)
				if asJSON {
					continue
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%-6s %s\n", mode, forms[mode])
			}
			if asJSON {
				return printJSON(cmd, forms)
			}
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
