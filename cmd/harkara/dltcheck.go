package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage"
)

// checking is what the flags of dlt check say.
type checking struct {
	config, template, header, text, smsc, at string
	version                                  int64
	vars                                     []string
	hasText, asJSON                          bool
}

func dltCheckCommand() *cobra.Command {
	var c checking
	cmd := &cobra.Command{
		Use:   "check --config FILE --template ID [--header H] (--text TEXT | --var V...)",
		Short: "Would this message pass the scrub? Names the first difference",
		Long: `Check a message as the gateway does before it sends one, in the operators' order: entity, header, link, template, number
of variables, their lengths, their types, whitelisted URLs and numbers, category, hours; then the PE-TM chain and the
quarantine of each SMSC. It passes where it does at one of the configured SMSCs, or at the one that --smsc names; the
exit status is 0 then, and else 1.

Beside that stand, without a say in it: what an operator finds that ignores spaces and punctuation (lenient), and what
passes here and some operators refuse (warnings). --json has them all, with the verdict at each SMSC.

--at is when the message would be sent: validity and the hours of promotional messages count then. A day alone means
noon there, since midnight is outside those hours. --version asks the register as it was at that version, such as a
message's (report messages, REGISTER), with the chains of the configuration, its rules and the quarantine as they are now.

  harkara dlt check --config harkara.yaml --template 1107161234567890123 --text "483921 is your OTP. -ACMEBK"`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.hasText = cmd.Flags().Changed("text")
			return c.run(cmd)
		},
	}
	rowFlags(cmd, &c.config, &c.template, "template id", &c.header, "header (sender ID), where the template has several")
	f := cmd.Flags()
	f.StringVar(&c.text, "text", "", "finished text")
	f.StringArrayVar(&c.vars, "var", nil, "value of the next variable; repeat in template order")
	f.StringVar(&c.smsc, "smsc", "", "by the rules of this SMSC only")
	f.StringVar(&c.at, "at", "", "day in India (2026-11-22; noon is meant) or time (RFC 3339) of sending (default now)")
	f.Int64Var(&c.version, "version", 0, "by the register as it was at this version (default as it is)")
	jsonFlag(cmd, &c.asJSON)
	need(cmd, "config", "template")
	return cmd
}

func (c *checking) run(cmd *cobra.Command) error {
	if c.hasText && len(c.vars) > 0 {
		return usageError{fmt.Errorf("--text and --var exclude each other")}
	}
	at, err := sendingTime(c.at)
	if err != nil {
		return usageError{fmt.Errorf("--at: %w", err)}
	}
	return withDatabase(cmd, c.config, func(cfg *app.Config, db *sqlx.DB) error {
		q := app.ScrubQuery{Template: dlt.TemplateID(c.template), Header: dlt.Header(c.header), Vars: c.vars, Text: c.text,
			HasText: c.hasText, At: at, Carried: cfg.Categories(), Held: map[sms.SMSCID]time.Time{}}
		if q.SMSCs, err = scrubRules(cfg, c.smsc); err != nil {
			return err
		}
		if q.Codings, err = cfg.Codings(); err != nil {
			return err
		}
		held, _, err := storage.Quarantine(cmd.Context(), db)
		if err != nil {
			return err
		}
		for pair, since := range held {
			if pair.Template == q.Template {
				q.Held[pair.SMSC] = since
			}
		}
		reg, err := cfg.OpenRegister(cmd.Context(), db, c.version)
		if err != nil {
			return err
		}
		return printVerdict(cmd, c.asJSON, app.ScrubMessage(reg, q))
	})
}

// sendingTime reads a time, or a day of India, whose noon is meant; nothing is now.
func sendingTime(s string) (time.Time, error) {
	if s == "" {
		return time.Now(), nil
	}
	at, err := parseTime(s, 0)
	if err == nil && len(s) == len(time.DateOnly) {
		at = at.Add(12 * time.Hour)
	}
	return at, err
}

// scrubRules are those of all configured SMSCs, or of the one that is named.
func scrubRules(cfg *app.Config, only string) ([]app.SMSCRules, error) {
	list, err := cfg.ScrubRules()
	if err != nil || only == "" {
		return list, err
	}
	i := slices.IndexFunc(list, func(r app.SMSCRules) bool { return string(r.SMSC) == only })
	if i < 0 {
		return nil, fmt.Errorf("no SMSC %q in the configuration: see smscs: there", only)
	}
	return list[i : i+1], nil
}
