package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/otp"
)

func otpEnrolCommand() *cobra.Command {
	var o otpCaller
	var account, issuer, qr string
	cmd := &cobra.Command{
		Use:   "enrol --config FILE --tenant T --account ACCOUNT [--issuer NAME] [--qr FILE.png]",
		Short: "Enrol an authenticator app for an account",
		Long: `Enrol an authenticator app for an account. What to verify its codes with, the challenge, is printed first, then
the otpauth:// URI that an app takes, or with --qr nothing more, but the QR code is in FILE. Both hold the secret, and
there is no second look at it: delete FILE when it was scanned. otp cancel ends the enrolment.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			body := map[string]any{"account": account}
			if cmd.Flags().Changed("issuer") {
				body["issuer"] = issuer
			}
			var a otp.EnrolAnswer
			if qr == "" {
				if err := o.ask(cmd, "enrol", body, &a); err != nil || o.asJSON {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s\n%s\n", a.Challenge, a.URI)
				return nil
			}
			// The file first: an enrolment whose secret nobody has seen is of no use.
			file, err := os.OpenFile(qr, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return fmt.Errorf("--qr: %w", err)
			}
			err = o.ask(cmd, "enrol", body, &a)
			if err == nil {
				_, err = file.Write(a.QR)
			}
			if err = errors.Join(err, file.Close()); err != nil {
				return errors.Join(err, os.Remove(qr))
			}
			if !o.asJSON {
				fmt.Fprintln(cmd.OutOrStdout(), a.Challenge)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "the QR code is in %s; delete it when it was scanned\n", qr)
			return nil
		},
	}
	cmd.Flags().StringVar(&account, "account", "", "account, as the app shows it")
	cmd.Flags().StringVar(&issuer, "issuer", "", "who asks for the codes, as the app shows it (default: the tenant)")
	cmd.Flags().StringVar(&qr, "qr", "", "write the QR code to this new file, as PNG")
	o.flags(cmd, "account")
	return cmd
}
