package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// every lists the commands with their parents' names in front.
func every(c *cobra.Command, path []string, do func(c *cobra.Command, path []string)) {
	do(c, path)
	for _, sub := range c.Commands() {
		every(sub, append(slices.Clone(path), sub.Name()), do)
	}
}

func TestHelp(t *testing.T) {
	n := 0
	every(rootCommand(), nil, func(c *cobra.Command, path []string) {
		n++
		code, stdout, stderr := harkara(t, append(path, "--help")...)
		if code != 0 || stderr != "" {
			t.Errorf("%v --help: exit status %d, stderr %q", path, code, stderr)
		}
		if !strings.Contains(stdout, c.Short) && !strings.Contains(stdout, c.Long) {
			t.Errorf("%v --help does not say what it does:\n%s", path, stdout)
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !strings.Contains(stdout, "--"+f.Name) || f.Usage == "" || !strings.Contains(stdout, f.Usage) {
				t.Errorf("%v --help says too little of --%s:\n%s", path, f.Name, stdout)
			}
		})
		for word := range strings.FieldsSeq(strings.NewReplacer("[", " ", "]", " ", "(", " ", ")", " ").Replace(c.Use)) {
			if name, isFlag := strings.CutPrefix(word, "--"); isFlag && c.Flags().Lookup(name) == nil {
				t.Errorf("%v: the usage line names --%s, which does not exist", path, name)
			}
		}
	})
	if n < 18 {
		t.Errorf("only %d commands were asked", n)
	}
}

// TestWrongUsage: what does not fit ends with 2, says so in one line on stderr, and prints nothing on stdout.
func TestWrongUsage(t *testing.T) {
	for _, tt := range []struct{ args, stderr string }{
		{"nonsense", `unknown command "nonsense"; see harkara --help`},
		{"dlt nonsense", `unknown command "nonsense"; see harkara dlt --help`},
		{"dlt", "harkara dlt needs one of its commands; see harkara dlt --help"},
		{"config", "harkara config needs one of its commands; see harkara config --help"},
		{"--nonsense", "unknown flag: --nonsense; see harkara --help"},
		{"binds --nonsense", "unknown flag: --nonsense; see harkara binds --help"},
		{"serve", "harkara serve needs --config; see harkara serve --help"},
		{"serve here", "harkara serve wants no arguments; see harkara serve --help"},
		{"binds", "harkara binds needs --config; see harkara binds --help"},
		{"send --tenant t --template 1 --to 9", "harkara send needs --config; see harkara send --help"},
		{"send --config f --template 1 --to 9", "harkara send needs --tenant; see harkara send --help"},
		{"send --config f --tenant t --template 1", "harkara send needs --to; see harkara send --help"},
		{"send --config f --tenant t --template 1 --to 9 --class sms", `--class: class "sms" is not one of otp, txn, bulk`},
		{"send --config f --tenant t --template 1 --to 9 --ttl 10", `invalid argument "10" for "--ttl" flag: time: missing unit in duration "10"; see harkara send --help`},
		{"send --config f --tenant t --template 1 --to 9 --ttl 10ms", "--ttl 10ms: want whole seconds, at least 1s"},
		{"send --config f --tenant t --template 1 --to 9 --ttl -1s", "--ttl -1s: want whole seconds, at least 1s"},
		{"send --config f --tenant t --template 1 --to 9 --wait 0s", "--wait 0s: want more than 0s"},
		{"config check", "harkara config check wants one FILE; see harkara config check --help"},
		{"config check a b", "harkara config check wants one FILE; see harkara config check --help"},
		{"dlt import --kind templates", "harkara dlt import wants one EXPORT.csv or .xlsx; see harkara dlt import --help"},
		{"dlt import --kind templates x.csv", "harkara dlt import needs --config; see harkara dlt import --help"},
		{"dlt import --config f x.csv", "harkara dlt import needs --kind; see harkara dlt import --help"},
		{"dlt import --config f --kind phones x.csv", "--kind phones can't be imported; it is one of chains, ctas, entities, headers, links, templates"},
		{"dlt import --config f --kind templates --entity 12 x.csv", "--entity: entity id \"12\" has 2 digits: 19 are needed, or 12 in older registrations"},
		{"dlt check --template 1", "harkara dlt check needs --config; see harkara dlt check --help"},
		{"dlt check --config f", "harkara dlt check needs --template; see harkara dlt check --help"},
		{"dlt check --config f --template 1 --text x --var y", "--text and --var exclude each other"},
		{"dlt chain", "a chain has at least two ids: the entity's and a telemarketer's"},
		{"dlt chain 1101481029384756102", "a chain has at least two ids: the entity's and a telemarketer's"},
		{"route explain --tenant t --header h --to 9", "harkara route explain needs --config; see harkara route explain --help"},
		{"route explain --config f --tenant t --header h --to 123", "--to: not an Indian mobile number: want +91, 91, 0 or nothing before ten digits that begin with 6-9"},
		{"route explain --config f --tenant t --header h --to 9812345678 --at noon", `--at: want RFC 3339, such as 2026-11-22T10:00:00+05:30: parsing time "noon" as "2006-01-02T15:04:05Z07:00": cannot parse "noon" as "2006"`},
		{"report messages", "harkara report messages needs --config; see harkara report messages --help"},
		{"report messages --config f --format pdf", `--format "pdf" is not one of table, csv, json, xlsx, parquet`},
		{"report messages --config f --bom", "--bom is of --format csv"},
		{"report templates", "harkara report templates needs --config; see harkara report templates --help"},
		{"report headers --config f --to soon", `--to: "soon" is neither a day such as 2026-11-22 nor RFC 3339`},
		{"dlt import --config f --kind templates --operator moon x.csv", `--operator: operator "moon" is not one of airtel, vi, jio, bsnl, smartping`},
		{"dlt check --config f --template 1 --at noon", `--at: "noon" is neither a day such as 2026-11-22 nor RFC 3339`},
		{"dlt lint", "harkara dlt lint needs --config; see harkara dlt lint --help"},
		{"dlt lint --config f --severity grave", `--severity "grave" is not one of error, warning, note`},
		{"dlt lint --config f --template 1 --header H", "--template and --header exclude each other"},
		{"dlt show --config f", "harkara dlt show needs one of --template, --header, --entity; see harkara dlt show --help"},
		{"dlt show --config f --template 1 --header H", "harkara dlt show needs one of --template, --header, --entity; see harkara dlt show --help"},
		{"dlt show --config f --template 1 --version 1 --at 2026-11-22", "--version and --at exclude each other"},
		{"dlt release --config f", "harkara dlt release needs --template; see harkara dlt release --help"},
		{"dlt chain --operator moon 1 2", `--operator: operator "moon" is not one of airtel, vi, jio, bsnl, smartping`},
		{"report messages --config f --from yesterday", `--from: "yesterday" is neither a day such as 2026-11-22 nor RFC 3339`},
		{"report dlr --config f --by moon", `--by "moon" is not one of tenant, template, header, entity, smsc, class, category, hour, day, error`},
		{"report dlr --config f --to 2026-13-01", `--to: "2026-13-01" is neither a day such as 2026-11-22 nor RFC 3339`},
		{"pdu decode", "harkara pdu decode wants one PDU in hexadecimal (blanks and colons may stand between octets), or - for lines of stdin; see harkara pdu decode --help"},
		{"pdu decode 0g", "not hexadecimal: encoding/hex: invalid byte: U+0067 'g'"},
		{"pdu decode 000", "not hexadecimal: encoding/hex: odd length hex string"},
		{"receipt parse", "harkara receipt parse wants one TEXT; see harkara receipt parse --help"},
		{"receipt parse --dialect octal x", "--dialect: "},
		{"demo --messages 0", "--messages must be at least 1 and --rate at least 0"},
		{"demo --rate -1", "--messages must be at least 1 and --rate at least 0"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			code, stdout, stderr := harkara(t, strings.Fields(tt.args)...)
			exact := stderr == "harkara: "+tt.stderr+"\n"
			begins := strings.HasSuffix(tt.stderr, ": ") && strings.HasPrefix(stderr, "harkara: "+tt.stderr)
			if code != 2 || stdout != "" || !exact && !begins {
				t.Errorf("exit status %d, stdout %q, stderr\n got %q\nwant %q", code, stdout, stderr, "harkara: "+tt.stderr+"\n")
			}
		})
	}
}

// TestConfigurationMissing: every command that reads a configuration says which file it did not find.
func TestConfigurationMissing(t *testing.T) {
	const want = "harkara: read configuration: open none.yaml: no such file or directory\n"
	for _, args := range []string{"serve --config none.yaml", "binds --config none.yaml", "config check none.yaml",
		"send --config none.yaml --tenant t --template 1 --to 9", "report messages --config none.yaml",
		"report dlr --config none.yaml", "report templates --config none.yaml", "report headers --config none.yaml",
		"dlt lint --config none.yaml", "dlt show --config none.yaml --template 1", "dlt imports --config none.yaml",
		"dlt quarantine --config none.yaml", "dlt release --config none.yaml --template 1", "dlt check --config none.yaml --template 1 --var 1",
		"route explain --config none.yaml --tenant t --header h --to 9812345678"} {
		if code, stdout, stderr := harkara(t, strings.Fields(args)...); code != 1 || stdout != "" || stderr != want {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
}
