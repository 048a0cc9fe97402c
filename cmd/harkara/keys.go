package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/dlt"
	"harkara/storage"
)

func keysCommand() *cobra.Command {
	return group("keys", "The keys that seal numbers and prove texts, and those that OTP codes are made with",
		keysListCommand(), keysRotateCommand(), keysExportCommand())
}

// withVault runs with the data folder's keys, in step with PostgreSQL: those of other gateways are at hand too.
func withVault(cmd *cobra.Command, file string, do func(*app.Config, *sqlx.DB, *storage.Vault) error) error {
	return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
		vault, err := app.OpenVault(cfg)
		if err != nil {
			return err
		}
		switch err := vault.Sync(cmd.Context(), db); {
		case errors.Is(err, storage.ErrOtherMaster):
			fmt.Fprintln(cmd.ErrOrStderr(), "harkara:", err)
		case err != nil:
			return err
		}
		return do(cfg, db, vault)
	})
}

func keysListCommand() *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list --config FILE",
		Short: "List the data keys, one for each tenant and month, and the OTP keys; never a key itself",
		Args:  exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withVault(cmd, file, func(cfg *app.Config, _ *sqlx.DB, vault *storage.Vault) error {
				otp, unread := vault.OTPKeyList(otpKeySource(cfg))
				if unread != nil { // a credential is there for the gateway's unit alone: the others can be listed
					fmt.Fprintln(cmd.ErrOrStderr(), "harkara: the OTP keys are not listed:", unread)
				}
				if asJSON {
					return printKeysJSON(cmd, vault.Keys(), otp)
				}
				printKeys(cmd, vault.Keys())
				printOTPKeys(cmd, otp)
				return nil
			})
		},
	}
	configFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	need(cmd, "config")
	return cmd
}

func printKeysJSON(cmd *cobra.Command, keys []storage.KeyInfo, otp []storage.OTPKeyInfo) error {
	enc := json.NewEncoder(cmd.OutOrStdout())
	for i := range keys {
		if err := enc.Encode(&keys[i]); err != nil {
			return err
		}
	}
	for _, k := range otp {
		err := enc.Encode(struct {
			Use string `json:"use"` // data keys have none
			storage.OTPKeyInfo
		}{"otp", k})
		if err != nil {
			return err
		}
	}
	return nil
}

func printKeys(cmd *cobra.Command, keys []storage.KeyInfo) {
	t := table{head: []string{"month", "tenant", "id", "made_at", "left", "shredded_at", "kept"}}
	for _, k := range keys {
		kept, shredded, month, tenant := "here", "", k.Month, string(k.Tenant)
		if !k.Here {
			kept = "by another gateway"
		}
		if k.Shredded != nil {
			shredded = k.Shredded.In(dlt.IST).Format(time.RFC3339)
		}
		if month == "" {
			month, tenant = "all before", "all"
		}
		t.add(month, tenant, k.ID, k.Made.In(dlt.IST).Format(time.RFC3339), k.Left, shredded, kept)
	}
	t.print(cmd.OutOrStdout())
}
