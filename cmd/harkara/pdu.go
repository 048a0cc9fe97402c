package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"harkara/dlt"
	"harkara/smpp/pdu"
	"harkara/smpp/receipt"
)

func pduCommand() *cobra.Command {
	var reveal, asJSON bool
	decode := &cobra.Command{
		Use:   "decode HEX | -",
		Short: "Say what is in a PDU; addresses and texts are masked unless --reveal",
		Long: `Say what is in a PDU; addresses and texts are masked unless --reveal. With - in its place, read one PDU from each line
of stdin: in hexadecimal, or as binds --trace and the files under data/traces have it (what stands last on the line). Those are masked already: --reveal shows the rest of them,
such as a receipt's fields.`,
		Args: exactly(1, "one PDU in hexadecimal (blanks and colons may stand between octets), or - for lines of stdin"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "-" {
				return describeLines(cmd, reveal, asJSON)
			}
			octets, err := octets(strings.NewReplacer(" ", "", ":", "", "\n", "").Replace(args[0]))
			if err != nil {
				return err
			}
			if h := pdu.ParseHeader(octets); int(h.Length) != len(octets) {
				return fmt.Errorf("command_length says %d octets, these are %d", h.Length, len(octets))
			}
			return describe(cmd, octets, reveal, asJSON)
		},
	}
	jsonFlag(decode, &asJSON)
	decode.Flags().BoolVar(&reveal, "reveal", false, "show addresses and texts in the clear")
	return group("pdu", "Read SMPP PDUs", decode)
}

// describeLines describes what stands last on each line of stdin; blank lines and those that begin with # are passed over.
func describeLines(cmd *cobra.Command, reveal, asJSON bool) error {
	lines := bufio.NewScanner(cmd.InOrStdin())
	lines.Buffer(nil, 4*pdu.MaxLength)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		words := strings.Fields(line)
		if !asJSON {
			fmt.Fprintln(cmd.OutOrStdout(), strings.Join(words[:len(words)-1], " "))
		}
		f, err := octets(words[len(words)-1])
		if err == nil {
			err = describe(cmd, f, reveal, asJSON)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if !asJSON {
			fmt.Fprintln(cmd.OutOrStdout())
		}
	}
	return lines.Err()
}

// octets reads hexadecimal digits that have at least a header in them. A recorder keeps no more than the beginning of a
// long PDU, so its length is not looked at.
func octets(digits string) (pdu.Frame, error) {
	b, err := hex.DecodeString(digits)
	if err != nil {
		return nil, usageError{fmt.Errorf("not hexadecimal: %w", err)}
	}
	if len(b) < pdu.HeaderLength {
		return nil, fmt.Errorf("a PDU has at least %d octets, these are %d", pdu.HeaderLength, len(b))
	}
	return b, nil
}

// describe prints one PDU.
func describe(cmd *cobra.Command, f pdu.Frame, reveal, asJSON bool) error {
	text := pdu.Describe(f, reveal) + swapped(f)
	if asJSON {
		return printJSON(cmd, map[string]any{"lines": strings.Split(strings.TrimRight(text, "\n"), "\n")})
	}
	fmt.Fprint(cmd.OutOrStdout(), text)
	return nil
}

// swapped warns where a submit_sm has a template's id in the tag that is usually the entity's, or the other way round:
// operators want either order, and a wrong one is refused on every message.
func swapped(f pdu.Frame) string {
	var m pdu.SM
	if f.Header().ID != pdu.SubmitSM || pdu.ParseSM(f, &m) != nil {
		return ""
	}
	warning := ""
	for _, tlv := range m.TLVs {
		kind, usual := dlt.KindEntity, "entity"
		switch tlv.Tag {
		case 0x1400:
		case 0x1401:
			kind, usual = dlt.KindTemplate, "template"
		default:
			continue
		}
		if what := dlt.SwappedID(kind, strings.TrimRight(string(tlv.Value), "\x00")); what != "" {
			warning += fmt.Sprintf("  warning: tag 0x%04X, usually the %s's, carries %s: is this the operator's order? see dlt.entity_tag and dlt.template_tag\n",
				uint16(tlv.Tag), usual, what)
		}
	}
	return warning
}

func receiptCommand() *cobra.Command {
	var asJSON bool
	var dialect, errors string
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
			dictionary, err := dlt.ErrorDictionary(errors)
			if err != nil {
				return usageError{fmt.Errorf("--errors: %w", err)}
			}
			meaning, _ := receipt.Meaning(dictionary, r.Err, r.Stat)
			fields := [][2]string{
				{"id", string(r.ID)}, {"canonical id", string(receipt.Canonical(string(r.ID), form))},
				{"stat", r.Stat}, {"state", string(r.State)}, {"final", fmt.Sprint(r.Final)}, {"err", r.Err},
				{"class", string(meaning.Class)}, {"reason", meaning.Reason}, {"detail", meaning.Detail},
				{"retryable", fmt.Sprint(meaning.Retryable)}, {"submit date", r.SubmitDate}, {"done date", r.DoneDate}, {"sub", r.Sub}, {"dlvrd", r.Dlvrd},
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
	parse.Flags().StringVar(&errors, "errors", "generic", "the SMSC's error dictionary: "+strings.Join(dlt.ErrorDictionaries(), ", "))
	return group("receipt", "Read delivery receipts", parse)
}
