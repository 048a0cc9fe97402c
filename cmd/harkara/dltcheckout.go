package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/smpp/sms"
)

func printVerdict(cmd *cobra.Command, asJSON bool, v app.ScrubVerdict) error {
	out := cmd.OutOrStdout()
	switch {
	case asJSON:
		if err := printJSON(cmd, v); err != nil {
			return err
		}
	case v.OK:
		fmt.Fprintf(out, "passes: %s, %d segment(s)\n%s\n", v.Encoding, v.Segments, v.Text)
		printCosts(out, v.Costs)
		printBeside(out, v)
	default:
		fmt.Fprintf(out, "fails: %s%s: %s\n", v.Reason, foundAt(v), v.Detail)
		printBeside(out, v)
	}
	if !v.OK {
		return errSaid
	}
	return nil
}

// foundAt names the SMSCs that find what a message fails for, such as " at sim-a"; nothing where it is asked of one, or the
// register forbids it at all.
func foundAt(v app.ScrubVerdict) string {
	if len(v.SMSCs) < 2 {
		return ""
	}
	var at []sms.SMSCID
	for _, s := range v.SMSCs {
		if s.Verdict == v.Verdict {
			at = append(at, s.SMSC)
		}
	}
	return " at " + names(at)
}

// printBeside says where an SMSC's own rules or a lenient operator find something else, and what some operators refuse.
func printBeside(out io.Writer, v app.ScrubVerdict) {
	for _, s := range v.SMSCs {
		if s.Verdict != v.Verdict {
			fmt.Fprintf(out, "%s: fails: %s: %s\n", s.SMSC, s.Reason, s.Detail)
		}
	}
	switch {
	case !v.OK && v.Lenient.OK:
		fmt.Fprintln(out, "lenient: passes at an operator that ignores spaces and punctuation")
	case v.Lenient != v.Verdict:
		fmt.Fprintf(out, "lenient: fails too: %s: %s\n", v.Lenient.Reason, v.Lenient.Detail)
	}
	for _, w := range v.Warnings {
		fmt.Fprintf(out, "warning: %s: %s\n", w.Reason, w.Detail)
	}
}

// printCosts says what a text comes to at each SMSC.
func printCosts(out io.Writer, costs []app.Cost) {
	for _, c := range costs {
		switch {
		case c.Error != "":
			fmt.Fprintf(out, "%s: can't go there: %s\n", names(c.SMSCs), c.Error)
		case c.Price > 0:
			fmt.Fprintf(out, "%s: %s, %d segment(s) in %d submit_sm, costs %.4f\n", names(c.SMSCs), c.Encoding, c.Segments,
				c.SubmitSM, c.Price)
		default:
			fmt.Fprintf(out, "%s: %s, %d segment(s) in %d submit_sm\n", names(c.SMSCs), c.Encoding, c.Segments, c.SubmitSM)
		}
	}
}
