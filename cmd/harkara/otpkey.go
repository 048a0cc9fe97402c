package main

import (
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/otp/api"
	"harkara/smpp/sms"
)

// tenantPattern is what the configuration takes for a tenant's id.
var tenantPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

func otpKeyCommand() *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use:   "key --tenant T",
		Short: "Make an API key for a tenant",
		Long: `Make an API key for a tenant, for the calls over HTTP. The key is printed on stdout, this once: it is kept nowhere,
and the configuration has only its digest, in the line that is printed on stderr. It holds once the gateway was started
with it.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !tenantPattern.MatchString(tenant) {
				return usageError{fmt.Errorf("--tenant: want 1-32 letters, digits, - or _")}
			}
			key, digest := api.NewKey(sms.TenantID(tenant))
			fmt.Fprintf(cmd.ErrOrStderr(), `put this into the configuration, under tenant %s; the id may be any word:
    api_keys: [{id: key-%s, sha256: "%s"}]
`, tenant, digest[:6], digest)
			fmt.Fprintln(cmd.OutOrStdout(), key.Reveal())
			return nil
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "tenant whose key it is")
	need(cmd, "tenant")
	return cmd
}
