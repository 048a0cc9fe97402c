package main

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/storage"
	"harkara/storage/ledger"
)

func ledgerCheckpointsCommand() *cobra.Command {
	var file, out string
	cmd := &cobra.Command{
		Use:   "checkpoints --config FILE",
		Short: "Export the signed checkpoints of the ledger",
		Long: `Export the signed checkpoints of the ledger, each followed by an empty line, from the data folder and PostgreSQL. Keep
them, and the key that verifies them (it is printed on stderr), where nobody who has this machine gets at them: they are
what harkara ledger verify finds a forged ledger by.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := app.Load(file)
			if err != nil {
				return err
			}
			vault, err := app.OpenVault(cfg)
			if err != nil {
				return err
			}
			db, closeDB, err := app.OpenDatabase(cmd.Context(), cfg, newLog(cmd.ErrOrStderr(), slog.LevelWarn))
			if err != nil {
				db, closeDB = &sqlx.DB{}, func() {}
				fmt.Fprintln(cmd.ErrOrStderr(), "without the checkpoints of PostgreSQL:", err)
			}
			defer closeDB()
			n, err := exportCheckpoints(cmd, cfg, db, out)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s; verify with --key %s\n", counted(n, "checkpoint"), vault.Verifier(cfg.Node))
			return nil
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&out, "out", "", "write to this file, not to stdout")
	need(cmd, "config")
	return cmd
}

func exportCheckpoints(cmd *cobra.Command, cfg *app.Config, db *sqlx.DB, out string) (n int, err error) {
	var to io.Writer = cmd.OutOrStdout()
	if out != "" {
		f, err := os.Create(out)
		if err != nil {
			return 0, fmt.Errorf("--out: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		to = f
	}
	w := bufio.NewWriter(to)
	seen := map[[sha256.Size]byte]bool{} // most are in both places
	for signed, err := range storage.Checkpoints(cmd.Context(), db.DB, cfg.Data) {
		if errors.Is(err, ledger.ErrTorn) {
			continue
		}
		if err != nil {
			return n, err
		}
		if id := sha256.Sum256([]byte(signed)); !seen[id] {
			seen[id] = true
			n++
			fmt.Fprintf(w, "%s\n", signed) // what fails shows in Flush
		}
	}
	return n, w.Flush()
}
