package main

import (
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sort"

	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/cmd/internal/demo"
	"harkara/smpp/sms"
)

func demoCommand() *cobra.Command {
	var load demo.Load
	var people demo.People
	var exit, asJSON bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Send OTPs end to end on embedded parts, and show what became of each",
		Long: `Runs everything on this machine's loopback: NATS, a private PostgreSQL, two simulated SMSCs and a sample register.
Publishes requests as two tenants, shows progress, and counts in the simulators' own books and in the database what
became of them. Then simulated people ask the OTP service for codes, by NATS or by HTTP, read them out of the SMS that
the simulators took, and type them back, some of them wrongly; each challenge has to end as its person's doing says.
Without --exit it stays up to be looked at. All names, numbers and codes are made up.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if load.Messages < 1 || load.Rate < 0 {
				return usageError{fmt.Errorf("--messages must be at least 1 and --rate at least 0")}
			}
			if people.N < 0 {
				return usageError{fmt.Errorf("--challenges must be at least 0")}
			}
			people.Seed = load.Seed
			return runDemo(cmd, load, people, exit, asJSON)
		},
	}
	f := cmd.Flags()
	f.IntVar(&load.Messages, "messages", 2000, "requests to send")
	f.IntVar(&load.Rate, "rate", 1000, "requests a second; 0: as fast as they go")
	f.Uint64Var(&load.Seed, "seed", 1, "of numbers and codes")
	f.IntVar(&people.N, "challenges", 200, "people who then ask for a code and type it; 0: none")
	f.BoolVar(&exit, "exit", false, "end when every request is accounted for")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func runDemo(cmd *cobra.Command, load demo.Load, people demo.People, exit, asJSON bool) error {
	progress := cmd.ErrOrStderr()
	app.TuneMemory()
	fmt.Fprintln(progress, "starting NATS, PostgreSQL, two simulated SMSCs and the gateway ...")
	world, err := demo.Start(cmd.Context(), demo.Setting{Log: newLog(progress, slog.LevelWarn)})
	if err != nil {
		return err
	}
	defer world.Remove()
	out, err := world.Run(cmd.Context(), load, progress)
	if err == nil && people.N > 0 {
		out.OTP, err = world.Challenge(cmd.Context(), people, progress)
	}
	if err != nil {
		world.Stop()
		return err
	}
	if asJSON {
		err = printJSON(cmd, out)
	} else {
		outcomeTable(cmd.OutOrStdout(), out)
		if out.OTP != nil {
			challengeTable(cmd.OutOrStdout(), out.OTP)
		}
	}
	if err == nil && !exit {
		invite(progress, world)
		<-cmd.Context().Done()
	}
	if stopped := world.Stop(); err == nil {
		err = stopped
	}
	if err == nil && !out.Accounted() {
		return fmt.Errorf("not every request is accounted for")
	}
	return err
}

func outcomeTable(w io.Writer, out *demo.Outcome) {
	fmt.Fprintln(w)
	t := table{head: []string{"TENANT", "STATE", "MESSAGES"}, right: map[int]bool{2: true}}
	for _, tenant := range out.Tenants {
		states := make([]string, 0, len(tenant.States))
		for state := range tenant.States {
			states = append(states, string(state))
		}
		sort.Strings(states)
		for _, state := range states {
			t.add(tenant.Tenant, state, fmt.Sprint(tenant.States[sms.State(state)]))
		}
	}
	t.print(w)
	fmt.Fprintf(w, `
requested           %6d
submit_sm accepted  %6d   by the simulators' own books, %d of them duplicates
in PostgreSQL       %6d   %d receipts unmatched
publish to submit_sm            p50 %7.1f ms   p99 %7.1f ms   max %7.1f ms
publish to status "delivered"   p50 %7.1f ms   p99 %7.1f ms   max %7.1f ms
%.0f messages/s over %.1f s
`, out.Requested, out.Submitted, out.DuplicateSubmits, out.InPostgres, out.Unmatched,
		out.Latency.ToSubmit.P50, out.Latency.ToSubmit.P99, out.Latency.ToSubmit.Max,
		out.Latency.ToDelivered.P50, out.Latency.ToDelivered.P99, out.Latency.ToDelivered.Max, out.PerSecond, out.WallS)
	if out.Accounted() {
		fmt.Fprintf(w, "every request is accounted for: %d requested, %d with an outcome\n", out.Requested, out.Ended())
	}
}

// challengeTable tells what the simulated people's challenges came to.
func challengeTable(w io.Writer, o *demo.OTPOutcome) {
	fmt.Fprintf(w, `
challenges          %6d   %d in PostgreSQL
texts sent          %6d   %d delivered, %d of them resent; %d resends came too soon
verified            %6d   conversion %.1f %%; each of them once
wrong codes         %6d   %d people locked out
cancelled           %6d   %d expired, %d that nobody types are still open
request to submit_sm            p50 %7.1f ms   p99 %7.1f ms   max %7.1f ms
verify                          p50 %7.1f ms   p99 %7.1f ms   max %7.1f ms
every challenge ended as its person's doing says, by the answers, by the events and by the database; %.1f s
`, o.Requested, o.InPostgres, o.Sent, o.Delivered, o.Resent, o.Blocked, o.Verified, o.Conversion, o.Failed, o.Locked, o.Cancelled,
		o.Expired, o.Open, o.Latency.ToSubmit.P50, o.Latency.ToSubmit.P99, o.Latency.ToSubmit.Max, o.Latency.Verify.P50,
		o.Latency.Verify.P99, o.Latency.Verify.Max, o.WallS)
}

// invite says what to open and try while the demo is up.
func invite(w io.Writer, world *demo.World) {
	dsn := filepath.Join(world.Config.Data, "postgres.dsn")
	fmt.Fprintf(w, `
The demo is up until Ctrl-C. Try:

  curl http://%[1]s/readyz          curl http://%[1]s/metrics
  harkara binds --config %[2]s
  harkara report messages --config %[2]s --tenant acme
  harkara report dlr --config %[2]s --by tenant,smsc
  harkara report templates --config %[2]s
  harkara dlt lint --config %[2]s --severity warning
  harkara route explain --config %[2]s --tenant zipkart --header ZIPKRT --class otp --to 9812345678
  harkara send --config %[2]s --tenant acme --template 1107161234567890123 --to 9812345678 --var 483921 --var 10
  psql "$(cat %[3]s)" -c 'SELECT * FROM harkara.v_dlr_daily'

One-time passwords; the code of the test number %[4]s is always %[5]s:

  C=$(harkara otp request --config %[2]s --tenant acme --to %[4]s --template 1107161234567890123 --purpose login)
  harkara otp verify --config %[2]s --tenant acme $C %[5]s
  harkara otp request --config %[2]s --tenant acme --to 9812345678 --template 1107161234567890123 --purpose reset --follow 5s
  harkara report otp --config %[2]s --by tenant,purpose
  curl http://%[1]s/v1/otp -H "Authorization: Bearer $(cat %[6]s)" -H 'Content-Type: application/json' \
    -d '{"to": "%[4]s", "template": "1207161345678901234", "purpose": "login"}'
  nats --server nats://acme:demo@%[7]s micro ls
  nats --server nats://acme:demo@%[7]s request sms.acme.otp.request \
    '{"to": "9812345679", "template": "1107161234567890123", "purpose": "login"}'
  nats --server nats://acme:demo@%[7]s subscribe 'sms.acme.otp.event.*'
`, world.Config.HTTP, world.File, dsn, demo.TestNumber, demo.TestCode, world.KeyFile("zipkart"), world.Config.NATS.Listen)
}
