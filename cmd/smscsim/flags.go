package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"harkara/smpp/pdu"
	"harkara/smpp/smsctest"
)

// usageError is a command line that can't be meant.
type usageError struct{ error }

// Unwrap gives what is wrong with it.
func (e usageError) Unwrap() error { return e.error }

// flags is the command line as it was typed.
type flags struct {
	listen, http             string
	password                 string
	faults, scrub            []string
	templateTag              string
	refuseStatus, bindStatus string
	dialect                  string
	tls                      tlsFiles
	config                   smsctest.Config
}

// command builds the program's one command; its function list is the list of flags.
func command() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:           "smscsim [flags]",
		Short:         "An SMSC to test against: SMPP 3.4, receipts, faults by rate, books over HTTP",
		Long:          help(),
		Example:       "  smscsim --listen 127.0.0.1:2775 --http 127.0.0.1:8775 --receipt-delay 500ms --fault no_answer=0.05",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("no argument is taken, %q was given; see smscsim --help", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return usageError{err}
			}
			return serve(cmd.Context(), f, cmd.ErrOrStderr())
		},
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see smscsim --help", err)}
	})
	f.define(cmd.Flags())
	return cmd
}

// define is the list of flags.
func (f *flags) define(set *pflag.FlagSet) {
	c := &f.config
	set.SortFlags = false
	set.StringVar(&f.listen, "listen", "127.0.0.1:2775", "address for SMPP; port 0 takes a free one")
	set.StringVar(&f.http, "http", "", "address for GET /stats and GET /messages; empty: none")
	set.StringVar(&c.SystemID, "system-id", "", "system_id of the one account; empty: anyone may bind")
	set.StringVar(&f.password, "password", "", "password of the account")
	set.IntVar(&c.MaxBinds, "max-binds", 0, "binds at a time, more are refused; 0: no limit, -1: every bind is refused")
	set.StringVar(&f.bindStatus, "bind-status", "0", "command_status of refused binds, a number; 0: the one that fits")
	set.StringVar(&f.tls.cert, "tls-cert", "", "PEM file with the certificate: SMPP goes by TLS; needs --tls-key")
	set.StringVar(&f.tls.key, "tls-key", "", "PEM file with the certificate's key")
	set.StringVar(&f.tls.clientCA, "tls-client-ca", "", "PEM file with a CA: clients must show a certificate of it")
	set.DurationVar(&c.Latency, "latency", 20*time.Millisecond, "from a submit_sm to its answer")
	set.DurationVar(&c.ReceiptDelay, "receipt-delay", time.Second, "from the answer to the receipt")
	set.IntVar(&c.TPS, "tps", 0, "submit_sm in any one second over all binds, more are throttled; 0: no limit")
	set.BoolVar(&c.NoReceipts, "no-receipts", false, "no message has a receipt, whatever it asks for")
	set.StringVar(&f.dialect, "dialect", smsctest.AppendixB.String(), "how receipts and ids are written")
	set.BoolVar(&c.EchoUserRef, "echo-user-ref", false, "receipts repeat the user_message_reference of their submit_sm")
	set.BoolVar(&c.Packed, "packed", false, "text of data_coding 0 is GSM-7 in packed septets, not one septet an octet")
	set.BoolVar(&c.CountOnly, "count-only", false, "for load: nothing is kept or compared, for /messages or query_sm")
	set.Float64Var(&c.Undelivered, "undelivered", 0, "share of receipts that say UNDELIV, 0 to 1")
	set.StringArrayVar(&f.scrub, "scrub", nil,
		"TEMPLATE=ERR, a template whose receipts say UNDELIV with err:ERR; may be given several times")
	set.StringVar(&f.templateTag, "template-tag", "0x1401", "the TLV that holds a template's id, a number, for --scrub")
	set.StringArrayVar(&f.faults, "fault", nil, "NAME=RATE, a fault and its rate, 0 to 1; may be given several times")
	set.StringVar(&f.refuseStatus, "refuse-status", "0x0b", "command_status of the fault refuse, a number")
	set.DurationVar(&c.LateBy, "late-by", 15*time.Second, "from a submit_sm to its answer under the fault late_answer")
	set.DurationVar(&c.StopFor, "stop-for", 30*time.Second, "how long a connection stands still under stop_reading")
	set.Uint64Var(&c.Seed, "seed", 0, "of the faults: the same messages meet the same faults again")
}

// help is the long text, with a line for each fault.
func help() string {
	var b strings.Builder
	b.WriteString(`An SMSC to test against. It takes binds of one account, answers submit_sm, query_sm and cancel_sm, sends
delivery receipts on any receiving bind until they are acked, and misbehaves as it is told.

GET /stats on the --http address gives its counters as JSON; GET /messages gives the messages that it took, decoded.
This is a test tool: /messages shows numbers and texts in the clear. Don't send it real ones.
Texts of several segments are put together, by user data header or SAR, and message_payload is read too.

--scrub makes it fail templates as the DLT scrubber of an operator does: a submit_sm with that template's id in the TLV
--template-tag is accepted, and its receipt says UNDELIV with that err, such as --scrub 1107000000000000001=631.

Faults:
`)
	for _, f := range smsctest.AllFaults {
		fmt.Fprintf(&b, "  %-22s %s\n", f, f.Help())
	}
	b.WriteString("\nDialects:\n")
	for _, d := range smsctest.DialectList {
		fmt.Fprintf(&b, "  %-22s %s\n", d, d.Help())
	}
	b.WriteString(`
For load, --latency 0s --no-receipts --count-only makes it cheapest.`)
	return strings.TrimRight(b.String(), "\n")
}

// check holds the flags against what they can mean, and fills in the configuration.
func (f *flags) check() error {
	c := &f.config
	for _, d := range []struct {
		name     string
		at, from time.Duration
	}{{"latency", c.Latency, 0}, {"receipt-delay", c.ReceiptDelay, 0}, {"late-by", c.LateBy, 1}, {"stop-for", c.StopFor, 1}} {
		if d.at < d.from {
			return fmt.Errorf("--%s %s is too short, at least %s is needed", d.name, d.at, d.from)
		}
	}
	if c.TPS < 0 {
		return fmt.Errorf("--tps %d is below 0", c.TPS)
	}
	if !isRate(c.Undelivered) {
		return fmt.Errorf("--undelivered %v is not between 0 and 1", c.Undelivered)
	}
	if f.password != "" && c.SystemID == "" {
		return fmt.Errorf("--password needs --system-id: without an account anyone may bind")
	}
	if err := f.tls.check(); err != nil {
		return err
	}
	status, err := strconv.ParseUint(f.refuseStatus, 0, 32)
	if err != nil || status == 0 {
		return fmt.Errorf("--refuse-status %q is not a number above 0, such as 0x0b", f.refuseStatus)
	}
	c.RefuseStatus = pdu.Status(status)
	if status, err = strconv.ParseUint(f.bindStatus, 0, 32); err != nil {
		return fmt.Errorf("--bind-status %q is not a number, such as 0x0e", f.bindStatus)
	}
	c.BindStatus = pdu.Status(status)
	if c.Dialect, err = smsctest.ParseDialect(f.dialect); err != nil {
		return fmt.Errorf("--dialect: %w", err)
	}
	if err := f.readScrub(); err != nil {
		return err
	}
	c.Faults = map[smsctest.Fault]float64{}
	for _, s := range f.faults {
		fault, rate, err := parseFault(s)
		if err != nil {
			return err
		}
		c.Faults[fault] = rate
	}
	return nil
}

// parseFault reads NAME=RATE.
func parseFault(s string) (smsctest.Fault, float64, error) {
	name, number, ok := strings.Cut(s, "=")
	if !ok {
		return 0, 0, fmt.Errorf("--fault %q is not NAME=RATE, such as no_answer=0.05", s)
	}
	fault, err := smsctest.ParseFault(name)
	if err != nil {
		return 0, 0, fmt.Errorf("--fault %s: %w", s, err)
	}
	rate, err := strconv.ParseFloat(number, 64)
	if err != nil || !isRate(rate) {
		return 0, 0, fmt.Errorf("--fault %s: the rate %q is not a number between 0 and 1", s, number)
	}
	return fault, rate, nil
}

func isRate(r float64) bool { return r >= 0 && r <= 1 } // false for NaN as well
