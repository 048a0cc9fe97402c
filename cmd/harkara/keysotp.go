package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/dlt"
	"harkara/storage"
)

func otpKeySource(cfg *app.Config) storage.OTPKeySource {
	return storage.OTPKeySource{Credential: cfg.OTP.KeysCredential}
}

// printOTPKeys prints the keys that codes are made with, where there are any, below the others.
func printOTPKeys(cmd *cobra.Command, keys []storage.OTPKeyInfo) {
	if len(keys) == 0 {
		return
	}
	t := table{head: []string{"otp key", "made_at", "used_from", "state", "retired_at"}}
	for _, k := range keys {
		retired := ""
		if k.Retired != nil {
			retired = k.Retired.In(dlt.IST).Format(time.RFC3339)
		}
		t.add(k.ID, k.Made.In(dlt.IST).Format(time.RFC3339), k.From.In(dlt.IST).Format(time.RFC3339), k.State, retired)
	}
	fmt.Fprintln(cmd.OutOrStdout())
	t.print(cmd.OutOrStdout())
}

// rotateOTPKeys is keys rotate --otp.
func rotateOTPKeys(cmd *cobra.Command, file string, after time.Duration, by storage.Asker) error {
	return withVault(cmd, file, func(cfg *app.Config, db *sqlx.DB, vault *storage.Vault) error {
		id, err := vault.RotateOTPKeys(cmd.Context(), db, otpKeySource(cfg), after, by)
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "OTP key %s is made; codes are made with it after %v, and those of the keys before go on being verified\n",
			id, after)
		return nil
	})
}

func keysExportCommand() *cobra.Command {
	var file string
	var otp bool
	cmd := &cobra.Command{
		Use:   "export --otp --config FILE",
		Short: "Print the OTP keys in the clear, for a systemd credential",
		Long: `Print the OTP keys in the clear, as JSON, for other gateways to share: whoever has them can compute every code.

Each gateway's unit gets them as a credential, which its configuration names:

  harkara keys export --otp --config harkara.yaml | systemd-creds encrypt --name=otp-keys - otp-keys.cred

  [Service]
  LoadCredentialEncrypted=otp-keys:/etc/harkara/otp-keys.cred

  otp:
    keys_credential: otp-keys

After a rotation export them again and restart the units; rotate with an --after that leaves the time for it.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !otp {
				return usageError{errors.New("no other keys leave the data folder: say --otp")}
			}
			if isTerminal(cmd.OutOrStdout()) {
				return usageError{errors.New("the OTP keys would stay on the screen: pipe them into systemd-creds encrypt; see --help")}
			}
			cfg, err := app.Load(file)
			if err != nil {
				return err
			}
			vault, err := app.OpenVault(cfg)
			if err != nil {
				return err
			}
			text, err := vault.ExportOTPKeys(otpKeySource(cfg))
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "harkara: what follows on standard output is secret: whoever has it can compute every code")
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().BoolVar(&otp, "otp", false, "the OTP keys")
	need(cmd, "config")
	return cmd
}
