package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"harkara/cmd/internal/app"
	"harkara/storage/ledger"
)

// tailFrames is how many frames tail shows where it is not told from which on.
const tailFrames = 10

func ledgerTailCommand() *cobra.Command {
	var file string
	var from uint64
	var follow, asJSON bool
	cmd := &cobra.Command{
		Use:   "tail --config FILE",
		Short: "Print the ledger's events, one a line",
		Long: `Print the ledger's events, one a line: position and index in its frame, time in India, what happened. A position
is the sequence of a frame in the stream SMS_LEDGER. Numbers, references and texts are not shown; --json prints the events
as they are kept, which hold the last four digits, and numbers in sealed form alone.

  harkara ledger tail --config harkara.yaml --from 1
  harkara ledger tail --config harkara.yaml --follow`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := followable(file, follow); err != nil {
				return err
			}
			return withLedger(cmd, file, func(_ *app.Config, l *ledger.Ledger, _ jetstream.JetStream) error {
				if !cmd.Flags().Changed("from") {
					from = uint64(max(int64(l.End())-tailFrames+1, 1))
				}
				print := printEvent
				if asJSON {
					print = printEventJSON
				}
				return tail(cmd, l, ledger.Position(from), follow, print)
			})
		},
	}
	configFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	cmd.Flags().Uint64Var(&from, "from", 0, "from this position on; the last 10 frames where it is not given")
	cmd.Flags().BoolVar(&follow, "follow", false, "wait for more, until interrupted")
	need(cmd, "config")
	return cmd
}

// followable refuses to wait where nothing can come: this command would keep the gateway from starting.
func followable(file string, follow bool) error {
	if !follow {
		return nil
	}
	cfg, err := app.Load(file)
	if err != nil {
		return err
	}
	alive, err := app.Alive(cfg)
	if err == nil && !alive {
		return errors.New("--follow: no gateway runs on the data folder, so nothing more comes, and none could start meanwhile: " +
			"start it first, or read without --follow")
	}
	return err
}

// printer prints one event of a frame, or says that the line could not be read.
type printer func(out io.Writer, f *ledger.Frame, index int, e *ledger.Event, line []byte, err error) error

// tail prints frames up to the ledger's end as of now, or for ever.
func tail(cmd *cobra.Command, l *ledger.Ledger, from ledger.Position, follow bool, print printer) error {
	ctx, source := cmd.Context(), l
	first, _, err := l.Oldest(ctx)
	if err != nil {
		return err
	}
	if !follow {
		if l.End() < max(first, from) {
			return nil
		}
		if source, err = l.Until(ctx, l.End()); err != nil {
			return err
		}
	}
	r, err := source.Read(ctx, max(from, 1)-1)
	if err != nil {
		return err
	}
	defer r.Stop()
	var d ledger.Decoder
	for at := ledger.Position(0); follow || at < source.End(); {
		f, err := r.Next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return nil // interrupted
			}
			return err
		}
		at = f.Position
		d.DecodeFrame(f.Payload, func(index int, e *ledger.Event, line []byte, bad error) {
			if err == nil {
				err = print(cmd.OutOrStdout(), &f, index, e, line, bad)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func printEvent(out io.Writer, f *ledger.Frame, index int, e *ledger.Event, _ []byte, err error) error {
	if err != nil {
		_, err = fmt.Fprintf(out, "%d/%d  cannot be read as an event\n", f.Position, index)
		return err
	}
	_, err = fmt.Fprintf(out, "%d/%d  %s  %-10s  %s\n", f.Position, index, stamp(&e.At), e.Kind, strings.Join(eventWords(e), "  "))
	return err
}

// eventWords says what an event is about, without anything that a tenant wrote but its id.
func eventWords(e *ledger.Event) (words []string) {
	say := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	if r := e.Report; r != nil {
		say("%s  id %s  %s (%s)", r.SMSC, r.MessageID, r.Stat, r.State)
		if r.Err != "" {
			say("err %s %s", r.Err, r.Reason)
		}
		return words
	}
	if s := e.Shred; s != nil {
		say("tenant %s  month %s  by %s: %s", s.Tenant, s.Month, s.Who, s.Why)
		return words
	}
	if o := e.OTP; o != nil {
		return otpWords(o)
	}
	if f := e.Facts; f != nil {
		say("%s/%s  %s  template %s  header %s", f.Tenant, f.ID, f.Class, f.Template, f.Header)
	}
	say("key %s", e.Key)
	if e.Attempt > 0 {
		say("attempt %d on %s", e.Attempt, e.SMSC)
	}
	for _, a := range e.Answers {
		switch {
		case a.MessageID != "":
			say("segment %d %s id %s", a.Segment, a.Verdict, a.MessageID)
		case a.Verdict != "":
			say("segment %d %s 0x%08X", a.Segment, a.Verdict, a.Status)
		}
	}
	if e.Failure != nil {
		say("%s: %s %s", e.Failure.Stage, e.Failure.Code, e.Failure.Reason)
	}
	if e.PossibleDuplicate {
		say("possible duplicate")
	}
	if e.Final {
		say("final")
	}
	return words
}

// otpWords says what happened to a challenge.
func otpWords(o *ledger.OTP) (words []string) {
	say := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	say("%s  tenant %s  %s", o.Event, o.Tenant, o.Purpose)
	for _, part := range []struct{ name, value string }{{"challenge", o.Challenge}, {"template", string(o.Template)}, {"on", string(o.SMSC)}, {"by", o.Route}} {
		if part.value != "" {
			say("%s %s", part.name, part.value)
		}
	}
	if o.Send > 0 {
		say("send %d", o.Send)
	}
	if o.Event == ledger.OTPFailed {
		say("tries left: %d", o.Left)
	}
	if o.Retry > 0 {
		say("for %s", time.Duration(o.Retry)*time.Second)
	}
	if o.Reason != "" {
		say("%s", o.Reason)
	}
	if o.DryRun {
		say("dry run: it was let through")
	}
	return words
}

func printEventJSON(out io.Writer, f *ledger.Frame, index int, _ *ledger.Event, line []byte, err error) error {
	shown := struct {
		Position ledger.Position `json:"position"`
		Index    int             `json:"index"`
		Node     string          `json:"node,omitempty"`
		Number   uint64          `json:"number,omitempty"`
		Appended time.Time       `json:"appended"`
		Event    json.RawMessage `json:"event"`
	}{f.Position, index, f.Node, f.Number, f.At.UTC(), line}
	if err != nil {
		shown.Event = json.RawMessage("null")
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return enc.Encode(shown)
}
