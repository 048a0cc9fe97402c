package main

import (
	"fmt"
	"strconv"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
)

func dltQuarantineCommand() *cobra.Command {
	var file string
	var all bool
	var form reportFlags
	cmd := &cobra.Command{
		Use:   "quarantine --config FILE [--all]",
		Short: "List the templates that are held back at an SMSC, as its scrubber refused them for good",
		Long: `List what is held back: the TEMPLATE and its NAME, the SMSC, SINCE when (India's time), the CODE and REASON of the last
failure with what it means (DETAIL), and how many FAILURES in a row there were (quarantine.after in the configuration).
Messages go by the other SMSCs of their routes meanwhile, and are rejected as quarantined where there is none. With --all
also what was RELEASED, and BY whom.

  harkara dlt quarantine --config harkara.yaml`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return form.write(cmd, func(out *report) error {
				return withDatabase(cmd, file, func(cfg *app.Config, db *sqlx.DB) error {
					list, err := storage.QuarantineRows(cmd.Context(), db)
					if err != nil {
						return err
					}
					reg, err := cfg.OpenRegister(cmd.Context(), db, 0)
					if err != nil {
						return err
					}
					return writeQuarantine(out, list, reg, all)
				})
			})
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().BoolVar(&all, "all", false, "also what was released")
	form.add(cmd)
	need(cmd, "config")
	return cmd
}

func writeQuarantine(out *report, list []storage.QuarantineRow, reg *dlt.Register, all bool) error {
	err := out.head([]string{"template", "name", "smsc", "since", "code", "reason", "detail", "failures", "released", "by"},
		map[int]bool{7: true})
	if err != nil {
		return err
	}
	for _, q := range list {
		if q.ReleasedAt != nil && !all {
			continue
		}
		name := ""
		if t, ok := reg.Template(q.Template); ok {
			name = t.Name
		}
		err := out.row(q, string(q.Template), name, string(q.SMSC), stamp(&q.QuarantinedAt), q.Code, q.Reason, q.Detail,
			strconv.Itoa(q.Failures), stamp(q.ReleasedAt), q.ReleasedBy)
		if err != nil {
			return err
		}
	}
	return nil
}

func dltReleaseCommand() *cobra.Command {
	var file, template, smsc, by string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "release --config FILE --template ID [--smsc S]",
		Short: "Let a template that was mended go out again where it was held back",
		Long: `Lift a template's quarantine at one SMSC, or at all. Mend it on the operator's portal first: failures are counted anew
from now on, and as many in a row hold it back again. A running gateway knows within two seconds.

  harkara dlt release --config harkara.yaml --template 1107161234567890123 --smsc operator-a`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			who, err := whoIs(by)
			if err != nil {
				return err
			}
			return withDatabase(cmd, file, func(_ *app.Config, db *sqlx.DB) error {
				n, err := storage.Release(cmd.Context(), db, dlt.TemplateID(template), sms.SMSCID(smsc), who)
				switch {
				case err != nil:
					return err
				case n == 0:
					return fmt.Errorf("template %s is in no quarantine there; see dlt quarantine", template)
				case asJSON:
					return printJSON(cmd, map[string]any{"template": template, "released": n})
				}
				fmt.Fprintf(cmd.OutOrStdout(), "template %s: released at %d SMSC(s)\n", template, n)
				return nil
			})
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&template, "template", "", "template id")
	cmd.Flags().StringVar(&smsc, "smsc", "", "at this SMSC only")
	cmd.Flags().StringVar(&by, "by", "", "who releases it, for the history (default the user of this machine)")
	jsonFlag(cmd, &asJSON)
	need(cmd, "config", "template")
	return cmd
}
