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
	var exit, asJSON bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Send OTPs end to end on embedded parts, and show what became of each",
		Long: `Runs everything on this machine's loopback: NATS, a private PostgreSQL, two simulated SMSCs and a sample register.
Publishes requests as two tenants, shows progress, and counts in the simulators' own books and in the database what
became of them. Without --exit it stays up to be looked at. All names, numbers and codes are made up.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if load.Messages < 1 || load.Rate < 0 {
				return usageError{fmt.Errorf("--messages must be at least 1 and --rate at least 0")}
			}
			return runDemo(cmd, load, exit, asJSON)
		},
	}
	f := cmd.Flags()
	f.IntVar(&load.Messages, "messages", 2000, "requests to send")
	f.IntVar(&load.Rate, "rate", 1000, "requests a second; 0: as fast as they go")
	f.Uint64Var(&load.Seed, "seed", 1, "of numbers and codes")
	f.BoolVar(&exit, "exit", false, "end when every request is accounted for")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func runDemo(cmd *cobra.Command, load demo.Load, exit, asJSON bool) error {
	progress := cmd.ErrOrStderr()
	app.TuneMemory()
	fmt.Fprintln(progress, "starting NATS, PostgreSQL, two simulated SMSCs and the gateway ...")
	world, err := demo.Start(cmd.Context(), demo.Setting{Log: newLog(progress, slog.LevelWarn)})
	if err != nil {
		return err
	}
	defer world.Remove()
	out, err := world.Run(cmd.Context(), load, progress)
	if err != nil {
		world.Stop()
		return err
	}
	if asJSON {
		err = printJSON(cmd, out)
	} else {
		outcomeTable(cmd.OutOrStdout(), out)
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
`, world.Config.HTTP, world.File, dsn)
}
