package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/storage"
	"harkara/storage/ledger"
)

func ledgerReplayCommand() *cobra.Command {
	var file, into, database string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "replay --config FILE --database NAME | --into DSN",
		Short: "Replay the ledger into an empty database, for proof and for reports",
		Long: `Project the ledger, up to its end as of now, into an empty database, and print how many rows of each kind came of it,
with a digest that is the same for the same rows. Nothing is sent and no status is published; the gateway may run.

--database names one of the configured server, which is made where it is not there; --into is a DSN of any other (the
password may be in PGPASSWORD). What frames do not say is not in it: the register, its imports, checkpoints, keys.

A replayed database is for proof and reports, and gateways refuse it. To rebuild a lost database start the gateway on an
empty one: it projects everything again, and tells tenants what it had not told.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (into == "") == (database == "") {
				return usageError{errors.New("name the empty database: --database NAME or --into DSN")}
			}
			return withLedger(cmd, file, func(cfg *app.Config, l *ledger.Ledger, _ jetstream.JetStream) error {
				db, closeDB, err := openEmpty(cmd, cfg, into, database)
				if err != nil {
					return err
				}
				defer closeDB()
				return replay(cmd, l, db, asJSON)
			})
		},
	}
	configFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	cmd.Flags().StringVar(&into, "into", "", "DSN of the empty database")
	cmd.Flags().StringVar(&database, "database", "", "name of the empty database on the configured server")
	need(cmd, "config")
	return cmd
}

func openEmpty(cmd *cobra.Command, cfg *app.Config, into, database string) (*sqlx.DB, func(), error) {
	if database != "" {
		return app.OpenOtherDatabase(cmd.Context(), cfg, database, newLog(cmd.ErrOrStderr(), slog.LevelWarn))
	}
	db, err := sqlx.Open("postgres", into)
	if err != nil {
		return nil, nil, usageError{errors.New("--into is not a DSN of PostgreSQL")} // the cause may quote a password
	}
	return db, func() { db.Close() }, nil
}

func replay(cmd *cobra.Command, l *ledger.Ledger, db *sqlx.DB, asJSON bool) error {
	end, err := storage.Replay(cmd.Context(), l, db)
	if err != nil {
		return err
	}
	digests, err := storage.Digests(cmd.Context(), db)
	if err != nil {
		return err
	}
	var parked int
	if err := db.GetContext(cmd.Context(), &parked, `SELECT count(*) FROM harkara.parked`); err != nil {
		return fmt.Errorf("count what could not be projected: %w", err)
	}
	if asJSON {
		return printJSON(cmd, map[string]any{"position": end, "parked": parked, "tables": digests})
	}
	t := table{head: []string{"TABLE", "ROWS", "SHA-256"}, right: map[int]bool{1: true}}
	for _, d := range digests {
		t.add(d.Name, fmt.Sprint(d.Rows), d.SHA256)
	}
	t.print(cmd.OutOrStdout())
	fmt.Fprintf(cmd.OutOrStdout(), "replayed up to position %d; %s could not be projected, see harkara.parked\n", end, counted(parked, "event"))
	fmt.Fprintln(cmd.OutOrStdout(), "it is for proof and reports: to rebuild a lost database, start the gateway on an empty one")
	return nil
}
