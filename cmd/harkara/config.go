package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
)

func configCommand() *cobra.Command {
	var asJSON bool
	check := &cobra.Command{
		Use:   "check FILE",
		Short: "Check a configuration: every fault with its file, line and mend",
		Args:  exactly(1, "one FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, err := app.Load(args[0])
			var faults app.Faults
			if err != nil && !errors.As(err, &faults) {
				return err
			}
			if asJSON {
				if err := printJSON(cmd, map[string]any{"ok": len(faults) == 0, "faults": append(app.Faults{}, faults...)}); err != nil {
					return err
				}
			}
			if len(faults) > 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), faults)
				return errSaid
			}
			fmt.Fprintln(cmd.ErrOrStderr(), args[0]+": ok")
			return nil
		},
	}
	jsonFlag(check, &asJSON)
	return group("config", "Check the configuration", check)
}
