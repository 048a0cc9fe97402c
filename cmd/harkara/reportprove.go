package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
)

func reportProveCommand() *cobra.Command {
	var file, tenant, id, text, textFile string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "prove --config FILE --tenant T --id ID (--text TEXT | --text-file FILE)",
		Short: "Say whether a text is what a message had; exit status 0 where it is, 1 where not",
		Long: `Say whether a text is the one that a message had, by the keyed digest that is kept of it: exit status 0 where it is,
1 where it is not or where nobody can tell any more. Texts themselves are not kept. Spaces and punctuation count; the form
of line breaks does not.

  harkara report prove --config harkara.yaml --tenant acme --id r-17 --text-file complaint.txt`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (text == "") == (textFile == "") {
				return usageError{errors.New("the text is in one place: --text or --text-file (- for standard input)")}
			}
			given, err := textOf(cmd, text, textFile)
			if err != nil {
				return err
			}
			return withVault(cmd, file, func(_ *app.Config, db *sqlx.DB, vault *storage.Vault) error {
				proof, err := vault.Prove(cmd.Context(), db, sms.TenantID(tenant), sms.RequestID(id), given)
				if err != nil {
					return err
				}
				if asJSON {
					err = printJSON(cmd, proof)
				} else {
					printProof(cmd.OutOrStdout(), proof)
				}
				if err == nil && !proof.Same {
					err = errSaid
				}
				return err
			})
		},
	}
	configFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "the message's tenant")
	f.StringVar(&id, "id", "", "the message's request id")
	f.StringVar(&text, "text", "", "the text")
	f.StringVar(&textFile, "text-file", "", "a file with the text, whose last line break does not count; - for standard input")
	need(cmd, "config", "tenant", "id")
	return cmd
}

// textOf returns the text that is to be proven. A command line is seen by others of the machine; a file is not.
func textOf(cmd *cobra.Command, text, file string) (sms.Secret, error) {
	if text != "" {
		return sms.Secret(text), nil
	}
	const most = 1 << 20
	var from io.Reader = cmd.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer f.Close()
		from = f
	}
	read, err := io.ReadAll(io.LimitReader(from, most))
	if err != nil {
		return "", fmt.Errorf("read the text: %w", err)
	}
	line := strings.TrimSuffix(string(read), "\n")
	return sms.Secret(strings.TrimSuffix(line, "\r")), nil
}

func printProof(w io.Writer, p storage.Proof) {
	word := "no: this is not the text that was made for the message"
	switch {
	case p.Shredded:
		word = "nobody can tell: the key of that month was shredded"
	case p.NoText:
		word = "nobody can tell: no text was made for the message, or what was kept of it was shredded"
	case p.Same && p.SubmittedAt == nil:
		word = "yes: this is the text that was made for the message; no SMSC has accepted it"
	case p.Same:
		word = "yes: this is the text that was sent"
	}
	fmt.Fprintln(w, word)
	submitted := "never"
	if p.SubmittedAt != nil {
		submitted = p.SubmittedAt.In(dlt.IST).Format(time.RFC3339)
	}
	t := table{head: []string{"requested_at", "submitted_at", "state", "template", "header", "entity", "smsc", "to_last4"}}
	t.add(p.RequestedAt.In(dlt.IST).Format(time.RFC3339), submitted, string(p.State), string(p.Template), string(p.Header),
		string(p.Entity), string(p.SMSC), p.ToLast4)
	t.print(w)
}
