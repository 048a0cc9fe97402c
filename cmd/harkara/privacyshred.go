package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
	"harkara/storage/ledger"
)

func privacyShredCommand() *cobra.Command {
	var file, tenant, month, number, numberFile string
	var ask asking
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "shred --config FILE --why TEXT (--tenant T --month 2026-11 | (--number-file F | --number N) [--tenant T])",
		Short: "Destroy the keys of a tenant's month, or what reveals one number; it cannot be undone",
		Long: `Make numbers unreadable for ever; it cannot be undone. Messages stay, and reports count them as before.

With --month the keys of a tenant's month are destroyed: none of its numbers can be revealed or searched for, none of its
texts proven. The running month may be shredded too; what comes after gets a new key.

With --number-file (- for standard input) or --number, which others of the machine can see, one number is made unreadable, in one tenant's messages or in all: its rows lose it, the other numbers of
these months are sealed under new keys, and the old ones are destroyed. Texts stay provable. That takes a while where a
month has many messages; interrupted, run it again. A database that is rebuilt from the ledger afterwards has these months'
messages, but not their numbers.

Copies of keys/ring.json and of PostgreSQL that were made before are out of reach: run harkara keys rotate afterwards, and
they are of no use without the old master key. Other gateways on the same PostgreSQL follow within seconds.

  harkara privacy shred --config harkara.yaml --tenant acme --month 2026-11 --why "contract ended"`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			given := 0
			for _, what := range []string{month, number, numberFile} {
				if what != "" {
					given++
				}
			}
			if given != 1 || month != "" && tenant == "" {
				return usageError{errors.New("say what: --tenant T --month 2026-11, --number-file F or --number N")}
			}
			var at time.Time
			var to sms.MSISDN
			var err error
			if month != "" {
				if at, err = time.ParseInLocation("2006-01", month, dlt.IST); err != nil {
					return usageError{fmt.Errorf("--month: %q is no month such as 2026-11", month)}
				}
			} else if to, err = numberOf(cmd, number, numberFile); err != nil {
				return err
			}
			by, err := ask.asker()
			if err != nil {
				return err
			}
			return withShredder(cmd, file, by, func(s *storage.Shredder) (err error) {
				var done storage.ShredResult
				if month != "" {
					done, err = s.Month(cmd.Context(), sms.TenantID(tenant), at)
				} else {
					done, err = s.Number(cmd.Context(), sms.TenantID(tenant), to)
				}
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd, done)
				}
				_, err = fmt.Fprintln(cmd.OutOrStdout(), done)
				return err
			})
		},
	}
	configFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "of this tenant")
	f.StringVar(&month, "month", "", "messages that were requested in this month, in India")
	f.StringVar(&number, "number", "", "this number; others of the machine can see it here")
	f.StringVar(&numberFile, "number-file", "", "the number in this file; - for standard input")
	ask.flags(cmd)
	need(cmd, "config", "why")
	return cmd
}

// withShredder runs with all that a shredding needs: keys, PostgreSQL, the ledger, and a projector for when no gateway has one.
func withShredder(cmd *cobra.Command, file string, by storage.Asker, do func(*storage.Shredder) error) error {
	return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
		vault, err := app.OpenVault(cfg)
		if err != nil {
			return err
		}
		ctx, log := cmd.Context(), newLog(cmd.ErrOrStderr(), slog.LevelWarn)
		l, js, closeLedger, err := app.OpenLedger(ctx, cfg, log)
		if err != nil {
			return err
		}
		defer closeLedger()
		if err := storage.OpenStatuses(ctx, js, cfg.NATS.Replicas); err != nil {
			return err
		}
		if _, err := storage.MendLedger(ctx, db.DB, js, l); err != nil {
			return err
		}
		projector := storage.NewProjector(storage.ProjectorConfig{DB: db.DB, JS: js, Ledger: l, Replicas: cfg.NATS.Replicas,
			SyncAlways: cfg.NATS.Sync == "always", Log: log})
		lookup := storage.NewLookup(db.DB)
		project := func(ctx context.Context, upto ledger.Position) error {
			ctx, stop := context.WithTimeout(ctx, projectPatience)
			defer stop()
			ended := make(chan struct{})
			go func() { defer close(ended); _ = projector.Run(ctx) }() // ends with ctx; why it stands still is in the log
			err := lookup.Await(ctx, upto)
			stop()
			<-ended
			return err
		}
		return do(&storage.Shredder{Vault: vault, DB: db, Ledger: l, Project: project, By: by})
	})
}

// projectPatience is how long a shredding waits for PostgreSQL to have what the ledger has.
const projectPatience = 10 * time.Minute
