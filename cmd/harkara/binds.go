package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/cmd/internal/console"
	"harkara/smpp/sms"
)

func bindsCommand() *cobra.Command {
	var file, smsc string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "binds --config FILE [--trace SMSC]",
		Short: "Show the state of every bind of the running gateway, or the last PDUs of an SMSC's",
		Long: `Show the state of every bind of the running gateway.

RATE is submit_sm a second, as learnt from the SMSC's throttling, out of the configured tps ("-": no limit); MATCHED the
share of the SMSC's receipts of the last 15 minutes that found their message (a receipt is judged a minute after it came,
as it may come before the answer to its submit_sm).

With --trace, show the last PDUs of an SMSC's binds instead, one a line, numbers and texts masked; pdu decode reads them:

  harkara binds --config harkara.yaml --trace operator-a | harkara pdu decode -

What a bind had last sent and received when it died is in a file under data/traces.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := app.Load(file)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("trace") {
				return printTrace(cmd, cfg.HTTP, sms.SMSCID(smsc), asJSON)
			}
			var list []console.Bind
			if err := fetch(cmd, cfg.HTTP, "/binds", &list); err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, list)
			}
			printBinds(cmd, list)
			return nil
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&smsc, "trace", "", "show the last PDUs of this SMSC's binds")
	jsonFlag(cmd, &asJSON)
	need(cmd, "config")
	return cmd
}

func printBinds(cmd *cobra.Command, list []console.Bind) {
	t := table{head: []string{"SMSC", "BIND", "AS", "STATE", "FOR", "WINDOW", "RATE", "SUBMITS", "ACCEPTED", "REFUSED",
		"UNANSWERED", "RECEIPTS", "MATCHED", "LAST ERROR"},
		right: map[int]bool{1: true, 6: true, 7: true, 8: true, 9: true, 10: true, 11: true, 12: true}}
	for _, s := range list {
		last := s.LastError
		for _, alarm := range []string{s.MatchAlarm, s.Alarm} {
			if alarm != "" {
				last = "ALARM: " + alarm
			}
		}
		matched := "-"
		if s.MatchRate != nil {
			matched = fmt.Sprintf("%.1f %%", 100**s.MatchRate)
		}
		c := s.Counters
		t.add(string(s.SMSC), fmt.Sprint(s.Bind), s.As, s.State, time.Since(s.Since).Round(time.Second).String(),
			fmt.Sprintf("%d/%d", s.WindowUsed, s.WindowSize), rate(&s), fmt.Sprint(c.Submits), fmt.Sprint(c.Accepted),
			fmt.Sprint(c.Refused), fmt.Sprint(c.Timeouts), fmt.Sprint(c.Receipts), matched, last)
	}
	t.print(cmd.OutOrStdout())
}

// rate tells what an SMSC is sent at most: "87/100", "87" where no tps is configured, "-" without any limit.
func rate(s *console.Bind) string {
	switch {
	case s.Paused:
		return "paused"
	case s.Rate == 0:
		return "-"
	case s.TPS == 0:
		return fmt.Sprintf("%.0f", s.Rate)
	}
	return fmt.Sprintf("%.0f/%d", s.Rate, s.TPS)
}

func printTrace(cmd *cobra.Command, addr string, smsc sms.SMSCID, asJSON bool) error {
	var lines []console.TraceLine
	if err := fetch(cmd, addr, "/trace?smsc="+url.QueryEscape(string(smsc)), &lines); err != nil {
		return err
	}
	if asJSON {
		return printJSON(cmd, lines)
	}
	for _, line := range lines {
		fmt.Fprintln(cmd.OutOrStdout(), line)
	}
	return nil
}

// fetch asks the running gateway.
func fetch(cmd *cobra.Command, addr, path string, into any) error {
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		return err
	}
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no gateway answers at http: %s: %w; is 'harkara serve' running with this configuration?", addr, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotFound { // the gateway says which SMSC it does not have
		why, err := io.ReadAll(io.LimitReader(resp.Body, 256))
		if err == nil && strings.HasPrefix(string(why), "no SMSC") {
			return errors.New(strings.TrimSpace(string(why)))
		}
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s; is that a gateway?", addr, resp.Status)
	}
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		return fmt.Errorf("read the answer of %s: %w", addr, err)
	}
	return nil
}
