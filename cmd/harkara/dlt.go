package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/dlt"
)

func dltCommand() *cobra.Command {
	return group("dlt", "The DLT register: import, look up, check, lint, what is held back", dltImportCommand(),
		dltImportsCommand(), dltShowCommand(), dltCheckCommand(), dltLintCommand(), dltQuarantineCommand(),
		dltReleaseCommand(), dltChainCommand())
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

// rowFlags adds --config, and the flags that name a template and a header of the register, with what they are for.
func rowFlags(cmd *cobra.Command, file, template *string, templates string, header *string, headers string) {
	configFlag(cmd, file)
	cmd.Flags().StringVar(template, "template", "", templates)
	cmd.Flags().StringVar(header, "header", "", headers)
}

func dltChainCommand() *cobra.Command {
	var operator string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "chain [--operator O] ID ID...",
		Short: "The PE-TM chain in each form: the entity's id first, the telemarketer that submits last",
		Long: `Print the PE-TM chain in each form that an SMSC may want it in (dlt.chain in the configuration): tm_id, list and hash.
The entity's id stands first, the telemarketer that submits last.

  harkara dlt chain --operator vi 1101481029384756102 1102592013746580291`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, ids []string) error {
			op, err := dlt.ParseOperator(operator)
			if err != nil {
				return usageError{fmt.Errorf("--operator: %w", err)}
			}
			if len(ids) < 2 {
				return usageError{fmt.Errorf("a chain has at least two ids: the entity's and a telemarketer's")}
			}
			if faults := dlt.CheckChain(op, ids); len(faults) > 0 {
				return errors.New(strings.Join(faults, "; "))
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
	cmd.Flags().StringVar(&operator, "operator", "", "by the limits of airtel, vi, jio, bsnl or smartping")
	jsonFlag(cmd, &asJSON)
	return cmd
}
