package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"harkara/dlt"
	"harkara/storage"
)

// print tells what came of an import; rows that were refused make the command fail after the others are in.
func (im *importing) print(cmd *cobra.Command, path string, rows *dlt.Import, r storage.ImportResult) error {
	if im.asJSON {
		err := printJSON(cmd, map[string]any{"new": r.New, "changed": r.Changed, "unchanged": r.Unchanged,
			"refused": append([]dlt.RefusedRow{}, r.Refused...), "dry_run": im.dryRun, "shape": rows.Shape,
			"unmapped": append([]string{}, rows.Unmapped...), "changes": append([]storage.Change{}, r.Changes...),
			"findings": append([]dlt.RowFinding{}, rows.Findings...), "version": r.Version})
		if err != nil {
			return err
		}
	} else {
		im.printResult(cmd, rows, r)
	}
	printFindings(cmd.ErrOrStderr(), path, rows.Findings, r.Refused)
	printRefused(cmd.ErrOrStderr(), path, r.Refused)
	if len(r.Refused) > 0 {
		return errSaid
	}
	return nil
}

func (im *importing) printResult(cmd *cobra.Command, rows *dlt.Import, r storage.ImportResult) {
	out, note := cmd.OutOrStdout(), ""
	if im.dryRun {
		note = " (dry run: nothing was written)"
	}
	fmt.Fprintf(out, "%s: %d new%s, %d changed, %d unchanged, %d refused%s\n", im.kind, r.New, notActive(rows, r.Changes),
		r.Changed, r.Unchanged, len(r.Refused), note)
	if rows.Shape != "harkara" && rows.Shape != "other" { // ours, or nobody's
		fmt.Fprintf(out, "read as an export of %s\n", rows.Shape)
	}
	if len(rows.Unmapped) > 0 {
		fmt.Fprintf(out, "nothing was read from: %s\n", strings.Join(rows.Unmapped, ", "))
	}
	if im.dryRun {
		printChanges(out, rows, r.Changes)
	}
}
