package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/smpp/bind"
)

func bindsCommand() *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "binds --config FILE",
		Short: "Show the state of every bind of the running gateway",
		Args:  exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := app.Load(file)
			if err != nil {
				return err
			}
			list, err := fetchBinds(cmd, cfg.HTTP)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd, list)
			}
			t := table{head: []string{"SMSC", "BIND", "AS", "STATE", "FOR", "WINDOW", "SUBMITS", "ACCEPTED", "REFUSED",
				"UNANSWERED", "RECEIPTS", "LAST ERROR"}, right: map[int]bool{1: true, 6: true, 7: true, 8: true, 9: true, 10: true}}
			for _, s := range list {
				last := s.LastError
				if s.Alarm != "" {
					last = "ALARM: " + s.Alarm
				}
				c := s.Counters
				t.add(string(s.SMSC), fmt.Sprint(s.Bind), s.As, s.State, time.Since(s.Since).Round(time.Second).String(),
					fmt.Sprintf("%d/%d", s.WindowUsed, s.WindowSize), fmt.Sprint(c.Submits), fmt.Sprint(c.Accepted),
					fmt.Sprint(c.Refused), fmt.Sprint(c.Timeouts), fmt.Sprint(c.Receipts), last)
			}
			t.print(cmd.OutOrStdout())
			return nil
		},
	}
	configFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	need(cmd, "config")
	return cmd
}

// fetchBinds asks the running gateway.
func fetchBinds(cmd *cobra.Command, addr string) ([]bind.Status, error) {
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, "http://"+addr+"/binds", nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("no gateway answers at http: %s: %w; is 'harkara serve' running with this configuration?", addr, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s; is that a gateway?", addr, resp.Status)
	}
	var list []bind.Status
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", addr, err)
	}
	return list, nil
}
