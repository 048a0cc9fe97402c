package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

func smppCommand() *cobra.Command {
	return group("smpp", "What SMPP's codes mean to the gateway", smppStatusesCommand())
}

func smppStatusesCommand() *cobra.Command {
	var file, smsc string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "statuses [--config FILE --smsc ID]",
		Short: "What every command_status means for a submit_sm and for a bind",
		Long: `Print every command_status of SMPP 3.4 with the verdict on a submit_sm, the fault of a bind, and why. With --config and
--smsc, the table of that SMSC, its own statuses: in it.

Verdicts: accepted; throttled (the rate is lowered, the message tried again); queue_full (the SMSC is left alone for a
while); elsewhere (this SMSC can't, another may); refused (for good); bad_pdu (it did not understand us); in_doubt (it may
have the message). Faults of a bind: network (tried again, ever more slowly), occupied (after 30 s at least), credentials
(the SMSC's binds stop, and a person is needed).`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (file == "") != (smsc == "") {
				return usageError{fmt.Errorf("--config and --smsc go together")}
			}
			rules := session.Rules()
			if smsc != "" {
				cfg, err := app.Load(file)
				if err != nil {
					return err
				}
				if rules, err = cfg.StatusRules(sms.SMSCID(smsc)); err != nil {
					return err
				}
			}
			return printStatuses(cmd, rules, asJSON)
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&smsc, "smsc", "", "show this SMSC's table")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func printStatuses(cmd *cobra.Command, rules []session.Rule, asJSON bool) error {
	if asJSON {
		type row struct {
			Status uint32 `json:"status"`
			Name   string `json:"name"`
			Submit string `json:"submit"`
			Bind   string `json:"bind"`
			Why    string `json:"why"`
		}
		rows := make([]row, len(rules))
		for i, r := range rules {
			rows[i] = row{uint32(r.Status), r.Status.String(), r.Submit.String(), r.Bind.String(), r.Why}
		}
		return printJSON(cmd, rows)
	}
	t := table{head: []string{"STATUS", "NAME", "SUBMIT_SM", "BIND", "WHY"}}
	for _, r := range rules {
		fault := r.Bind.String()
		if r.Submit == session.Accepted {
			fault = "-"
		}
		t.add(fmt.Sprintf("0x%08X", uint32(r.Status)), r.Status.String(), r.Submit.String(), fault, r.Why)
	}
	t.print(cmd.OutOrStdout())
	return nil
}
