package main

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"harkara/smpp/pdu"
	"harkara/smpp/receipt"
)

func pduCommand() *cobra.Command {
	var reveal, asJSON bool
	decode := &cobra.Command{
		Use:   "decode HEX",
		Short: "Say what is in a PDU; addresses and texts are masked unless --reveal",
		Args:  exactly(1, "one PDU in hexadecimal (blanks and colons may stand between octets)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			octets, err := hex.DecodeString(strings.NewReplacer(" ", "", ":", "", "\n", "").Replace(args[0]))
			if err != nil {
				return usageError{fmt.Errorf("not hexadecimal: %w", err)}
			}
			if len(octets) < pdu.HeaderLength {
				return fmt.Errorf("a PDU has at least %d octets, these are %d", pdu.HeaderLength, len(octets))
			}
			if h := pdu.ParseHeader(octets); int(h.Length) != len(octets) {
				return fmt.Errorf("command_length says %d octets, these are %d", h.Length, len(octets))
			}
			text := pdu.Describe(octets, reveal)
			if asJSON {
				return printJSON(cmd, map[string]any{"lines": strings.Split(strings.TrimRight(text, "\n"), "\n")})
			}
			fmt.Fprint(cmd.OutOrStdout(), text)
			return nil
		},
	}
	jsonFlag(decode, &asJSON)
	decode.Flags().BoolVar(&reveal, "reveal", false, "show addresses and texts in the clear")
	return group("pdu", "Read SMPP PDUs", decode)
}

func receiptCommand() *cobra.Command {
	var asJSON bool
	var dialect string
	parse := &cobra.Command{
		Use:   "parse TEXT",
		Short: "Say what a delivery receipt's text tells",
		Args:  exactly(1, "one TEXT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			form, err := receipt.ParseForm(dialect)
			if err != nil {
				return usageError{fmt.Errorf("--dialect: %w", err)}
			}
			r, ok := receipt.ParseText(args[0])
			if !ok {
				return fmt.Errorf("this is not a delivery receipt: no id, stat, err or done date is in it")
			}
			reason, _, _ := receipt.Explain("generic", r.Err)
			fields := [][2]string{
				{"id", string(r.ID)}, {"canonical id", string(receipt.Canonical(string(r.ID), form))},
				{"stat", r.Stat}, {"state", string(r.State)}, {"final", fmt.Sprint(r.Final)}, {"err", r.Err},
				{"reason", reason}, {"submit date", r.SubmitDate}, {"done date", r.DoneDate}, {"sub", r.Sub}, {"dlvrd", r.Dlvrd},
			}
			if asJSON {
				out := map[string]string{}
				for _, f := range fields {
					out[strings.ReplaceAll(f[0], " ", "_")] = f[1]
				}
				return printJSON(cmd, out)
			}
			for _, f := range fields {
				fmt.Fprintf(cmd.OutOrStdout(), "%-13s %s\n", f[0], f[1])
			}
			return nil
		},
	}
	jsonFlag(parse, &asJSON)
	parse.Flags().StringVar(&dialect, "dialect", "text", "how this SMSC writes ids in receipts: text, dec or hex")
	return group("receipt", "Read delivery receipts", parse)
}
