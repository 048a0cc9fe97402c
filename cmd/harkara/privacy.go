package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/smpp/sms"
	"harkara/storage"
)

func privacyCommand() *cobra.Command {
	return group("privacy", "Reveal a number, or make sure that nobody can; every use is recorded",
		privacyRevealCommand(), privacyShredCommand())
}

// asking is who runs a command that the privacy log keeps, and why.
type asking struct{ by, why string }

func (a *asking) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.why, "why", "", "why, for the privacy log")
	cmd.Flags().StringVar(&a.by, "by", "", "who does this, for the privacy log (default the machine's user)")
}

func (a *asking) asker() (storage.Asker, error) {
	if strings.TrimSpace(a.why) == "" {
		return storage.Asker{}, usageError{errors.New("--why is empty: the privacy log keeps the reason")}
	}
	if hasNumber(a.why) || hasNumber(a.by) {
		return storage.Asker{}, usageError{errors.New("--why or --by has a number, or ten digits in a row: the privacy log is kept " +
			"for ever; name the case, or the request's id")}
	}
	who, err := whoIs(a.by)
	return storage.Asker{Who: who, Why: a.why}, err
}

func privacyRevealCommand() *cobra.Command {
	var file, tenant, id string
	var ask asking
	cmd := &cobra.Command{
		Use:   "reveal --config FILE --tenant T --id ID --why TEXT",
		Short: "Print the number of a message; who, when and why is in harkara.privacy_log before it is printed",
		Args:  exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			by, err := ask.asker()
			if err != nil {
				return err
			}
			return withVault(cmd, file, func(_ *app.Config, db *sqlx.DB, vault *storage.Vault) error {
				found, err := vault.Reveal(cmd.Context(), db, sms.TenantID(tenant), sms.RequestID(id), by)
				if err != nil {
					return err
				}
				if len(found) == 0 {
					return fmt.Errorf("tenant %s has no message %s", tenant, id)
				}
				var failed error
				for _, f := range found {
					if f.Err != nil {
						failed = fmt.Errorf("message %s: its number cannot be revealed: %w", id, f.Err)
						continue
					}
					fmt.Fprintln(cmd.OutOrStdout(), f.Number.E164())
				}
				return failed
			})
		},
	}
	configFlag(cmd, &file)
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "the message's tenant")
	f.StringVar(&id, "id", "", "the message's request id")
	ask.flags(cmd)
	need(cmd, "config", "tenant", "id", "why")
	return cmd
}
