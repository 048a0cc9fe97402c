package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/storage"
)

func keysRotateCommand() *cobra.Command {
	var file string
	var ask asking
	var to storage.MasterSource
	var otp bool
	var after time.Duration
	cmd := &cobra.Command{
		Use:   "rotate --config FILE --why TEXT [--new-file F | --new-env VAR | --otp [--after 3s]]",
		Short: "Wrap all keys anew with another master key, or make a new OTP key",
		Long: `Wrap all keys anew with another master key: in keys/ring.json, keys/otp.json and PostgreSQL. Nothing that was sealed changes.

A master key that is in a file (the default) is replaced there, by a new random one or by the one that is named; a running
gateway finds it by itself. One that comes from the environment or a systemd credential is named with --new-file or
--new-env, with the gateway stopped; give it to the gateway before its next start.

Gateways that share one PostgreSQL share one master key: rotate on the first, then name its new key on each of the others.

With --otp the master key stays, and OTP codes are made with a new key. Running gateways find it by themselves and verify with
the old ones what was made with them. Where the keys go on as systemd credentials, --after gives the time to bring them there.

  harkara keys rotate --config harkara.yaml --why "yearly"
  harkara keys rotate --otp --config harkara.yaml --why "quarterly"`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to.File != "" && to.Env != "" {
				return usageError{errors.New("the new master key is in one place: --new-file or --new-env")}
			}
			switch {
			case otp && (to.File != "" || to.Env != ""):
				return usageError{errors.New("--new-file and --new-env name a master key, which --otp does not change")}
			case !otp && cmd.Flags().Changed("after"):
				return usageError{errors.New("--after is for --otp: another master key is used at once")}
			}
			by, err := ask.asker()
			if err != nil {
				return err
			}
			if otp {
				return rotateOTPKeys(cmd, file, after, by)
			}
			return withVault(cmd, file, func(cfg *app.Config, db *sqlx.DB, vault *storage.Vault) error {
				given := cfg.Keys.MasterEnv != "" || cfg.Keys.MasterCredential != ""
				if given {
					// A running gateway would go on with the old one, and could make no key of a new month.
					unlock, err := app.LockData(cmd.Context(), cfg.Data)
					if err != nil {
						return err
					}
					defer unlock()
				}
				if err := vault.Rotate(cmd.Context(), db, to, by); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), "all keys are wrapped with the new master key")
				if given {
					fmt.Fprintln(cmd.OutOrStdout(), "give the gateway the new one before its next start; then destroy the old one")
				}
				return nil
			})
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&to.File, "new-file", "", "the new master key is in this file: 64 hexadecimal digits")
	cmd.Flags().StringVar(&to.Env, "new-env", "", "the new master key is in this environment variable")
	cmd.Flags().BoolVar(&otp, "otp", false, "make a new OTP key, and leave the master key")
	cmd.Flags().DurationVar(&after, "after", storage.OTPKeyLead, "with --otp: when codes begin to be made with the new key")
	ask.flags(cmd)
	need(cmd, "config", "why")
	return cmd
}
