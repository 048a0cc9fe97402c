package main

import (
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/storage/ledger"
)

func ledgerCommand() *cobra.Command {
	return group("ledger", "The book of all facts: read it, prove it, rebuild PostgreSQL from it", ledgerTailCommand(), ledgerVerifyCommand(),
		ledgerCheckpointsCommand(), ledgerReplayCommand())
}

// withLedger opens the ledger to read it, whether the gateway runs or not, and closes it again.
func withLedger(cmd *cobra.Command, file string, do func(*app.Config, *ledger.Ledger, jetstream.JetStream) error) error {
	cfg, err := app.Load(file)
	if err != nil {
		return err
	}
	l, js, closeLedger, err := app.ReadLedger(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	defer closeLedger()
	return do(cfg, l, js)
}
