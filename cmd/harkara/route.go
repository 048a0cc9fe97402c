package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/cmd/internal/console"
	"harkara/dlt"
	"harkara/router"
	"harkara/smpp/sms"
)

func routeCommand() *cobra.Command {
	return group("route", "Ask the route table", routeExplainCommand())
}

func routeExplainCommand() *cobra.Command {
	var file, tenant, header, class, to, category, at string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain --config FILE --tenant T --header H --class C --to NUMBER",
		Short: "Say which SMSC a message would go to, and why",
		Long: `Say which SMSC a message would go to, and why. Where the gateway is running, the state of its binds counts; where it
is not, every SMSC is taken to be up.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := router.Query{Tenant: sms.TenantID(tenant), Header: dlt.Header(header), At: time.Now()}
			var err error
			if q.Class, err = sms.ParseClass(class); err != nil {
				return usageError{fmt.Errorf("--class: %w", err)}
			}
			if q.To, err = sms.ParseMSISDN(to); err != nil {
				return usageError{fmt.Errorf("--to: %w", err)}
			}
			if category != "" {
				if q.Category, err = dlt.ParseCategory(category); err != nil {
					return usageError{fmt.Errorf("--category: %w", err)}
				}
			}
			if at != "" {
				if q.At, err = time.Parse(time.RFC3339, at); err != nil {
					return usageError{fmt.Errorf("--at: want RFC 3339, such as 2026-11-22T10:00:00+05:30: %w", err)}
				}
			}
			cfg, err := app.Load(file)
			if err != nil {
				return err
			}
			health, note := healthOf(cmd, cfg)
			if asJSON {
				choices, err := cfg.Choose(q, health)
				if err != nil {
					return err
				}
				return printJSON(cmd, choices)
			}
			text, err := cfg.Explain(q, health)
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), text)
			fmt.Fprintln(cmd.ErrOrStderr(), note)
			return nil
		},
	}
	configFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	f := cmd.Flags()
	f.StringVar(&tenant, "tenant", "", "tenant who sends")
	f.StringVar(&header, "header", "", "header (sender ID)")
	f.StringVar(&class, "class", "otp", "otp, txn or bulk")
	f.StringVar(&to, "to", "", "number")
	f.StringVar(&category, "category", "", "the template's category (default: each in turn)")
	f.StringVar(&at, "at", "", "when it would be sent, RFC 3339 (default: now)")
	need(cmd, "config", "tenant", "header", "to")
	return cmd
}

// healthOf asks the running gateway; without one every SMSC counts as up.
func healthOf(cmd *cobra.Command, cfg *app.Config) (router.Health, string) {
	var list []console.Bind
	if err := fetch(cmd, cfg.HTTP, "/binds", &list); err != nil {
		return allUp{}, "(the gateway is not running: every SMSC is taken to be up)"
	}
	return seenBinds(list), "(as the binds of the running gateway stand now)"
}

type allUp struct{}

func (allUp) Live(sms.SMSCID) bool           { return true }
func (allUp) Room(sms.SMSCID, sms.Class) int { return 1 }

type seenBinds []console.Bind

// Live implements router.Health.
func (list seenBinds) Live(id sms.SMSCID) bool {
	for _, s := range list {
		if s.SMSC == id && s.State == "bound" && s.As != "receiver" {
			return true
		}
	}
	return false
}

// Room implements router.Health.
func (list seenBinds) Room(id sms.SMSCID, class sms.Class) int {
	for _, s := range list {
		if s.SMSC == id && s.Paused {
			return 0
		}
		if s.SMSC == id {
			return s.Lanes[class].Size - s.Lanes[class].Used
		}
	}
	return 0
}
