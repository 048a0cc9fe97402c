package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"harkara/cmd/internal/app"
	"harkara/storage"
	"harkara/storage/ledger"
)

// mostDifferences is how many differences of tables are kept for --json; more are counted.
const mostDifferences = 10_000

// verified is what ledger verify prints as JSON.
type verified struct {
	Ledger ledger.Findings `json:"ledger"`
	Tables *verifiedTables `json:"tables,omitempty"`
}

type verifiedTables struct {
	storage.Compared
	Differences []storage.Difference `json:"differences"`
	More        int                  `json:"more"`
}

func (v *verified) faulty() bool {
	return len(v.Ledger.Faults) > 0 || v.Tables != nil && len(v.Tables.Differences) > 0
}

func ledgerVerifyCommand() *cobra.Command {
	var file string
	var files, keys []string
	var tables, asJSON bool
	cmd := &cobra.Command{
		Use:   "verify --config FILE",
		Short: "Prove that the ledger is as it was written, and name every place where it is not",
		Long: `Prove that the ledger is as it was written: its frames are chained by digests, and signed checkpoints say how far the
chains went. A frame that was changed, taken out, put in or moved is named, and so is a tail that was cut off. The exit
status is 1 where something is wrong.

It is a fault, too, that nobody signed for a node's frames where a gateway would have done so minutes before: start a
gateway that was killed again, or find out who wrote them. These are notes and no faults: frames that are too young to be
signed for; checkpoints whose key is not known, and nodes that have no others (bring the key with --key, and what they say
is compared); a checkpoint that is half-written; a beginning that left the ledger as its settings have it.

Checkpoints come from the data folder and PostgreSQL. Whoever has all of the machine can forge those: keep exported ones
(harkara ledger checkpoints) and the key that verifies them elsewhere, and bring them with --checkpoints and --key.

--tables also projects the ledger into a database of its own, which it makes and drops again, and names every row that
the tables of PostgreSQL have otherwise.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var v verified
			err := withLedger(cmd, file, func(cfg *app.Config, l *ledger.Ledger, js jetstream.JetStream) error {
				log := newLog(cmd.ErrOrStderr(), slog.LevelWarn)
				verifiers, err := verifiersOf(cfg, keys)
				if err != nil {
					return err
				}
				db, closeDB, err := app.OpenDatabase(cmd.Context(), cfg, log)
				switch {
				case err == nil:
					defer closeDB()
				case tables:
					return err
				default:
					db = &sqlx.DB{}
					fmt.Fprintln(cmd.ErrOrStderr(), "without the checkpoints of PostgreSQL:", err)
				}
				v.Ledger, err = ledger.Verify(cmd.Context(), js, checkpointsFrom(storage.Checkpoints(cmd.Context(), db.DB, cfg.Data), files), verifiers)
				if err != nil || !tables {
					return err
				}
				v.Tables, err = verifyTables(cmd, cfg, l, db, log)
				return err
			})
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(cmd, v)
			} else {
				printVerified(cmd.OutOrStdout(), &v)
			}
			if err == nil && v.faulty() {
				err = errSaid
			}
			return err
		},
	}
	configFlag(cmd, &file)
	jsonFlag(cmd, &asJSON)
	cmd.Flags().StringArrayVar(&files, "checkpoints", nil, "checkpoints that were exported, from this file; may be given again")
	cmd.Flags().StringArrayVar(&keys, "key", nil, "key that verifies a node's checkpoints, as harkara ledger checkpoints prints it; may be given again")
	cmd.Flags().BoolVar(&tables, "tables", false, "compare PostgreSQL with the ledger too")
	need(cmd, "config")
	return cmd
}

// verifiersOf knows the keys that were given. Other nodes are taken to share this gateway's keys, as one under an earlier
// name did, and commands do: the signature says whether that is so.
func verifiersOf(cfg *app.Config, keys []string) (note.Verifiers, error) {
	vault, err := app.OpenVault(cfg)
	if err != nil {
		return nil, err
	}
	v := verifiers{given: map[string][]note.Verifier{}, vault: vault}
	for _, key := range keys {
		given, err := note.NewVerifier(key)
		if err != nil {
			return nil, usageError{fmt.Errorf("--key %q: %w", key, err)}
		}
		v.given[given.Name()] = append(v.given[given.Name()], given)
	}
	return v, nil
}

// verifiers finds the key of a signature. One that was given is better than the machine's, which counts for other nodes only.
type verifiers struct {
	given map[string][]note.Verifier // by name
	vault *storage.Vault
}

func (v verifiers) Verifier(name string, hash uint32) (note.Verifier, error) {
	known := v.given[name]
	if node, ok := strings.CutPrefix(name, ledger.SignerName("")); ok && len(known) == 0 {
		own, err := note.NewVerifier(v.vault.Verifier(node))
		if err == nil {
			known = []note.Verifier{own}
		}
	}
	for _, one := range known {
		if one.KeyHash() == hash {
			return one, nil
		}
	}
	return nil, &note.UnknownVerifierError{Name: name, KeyHash: hash}
}

// checkpointsFrom yields the checkpoints that are kept, and those of files.
func checkpointsFrom(kept iter.Seq2[string, error], files []string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for signed, err := range kept {
			if !yield(signed, err) {
				return
			}
		}
		for _, name := range files {
			f, err := os.Open(name)
			if err != nil {
				yield("", fmt.Errorf("--checkpoints: %w", err))
				return
			}
			for signed, err := range storage.ReadCheckpoints(f) {
				if errors.Is(err, ledger.ErrTorn) { // nobody writes to an export: what cannot be read in it is a fault
					err = nil
				}
				if !yield(signed, err) {
					f.Close()
					return
				}
			}
			f.Close()
		}
	}
}

// verifyTables compares PostgreSQL with a replay into a database that it makes for that and drops again.
func verifyTables(cmd *cobra.Command, cfg *app.Config, l *ledger.Ledger, have *sqlx.DB, log *slog.Logger) (*verifiedTables, error) {
	if err := dropLeftovers(cmd.Context(), have); err != nil {
		log.Warn("databases of an earlier verify --tables may be left", "error", err)
	}
	name := fmt.Sprintf(verifyDatabase+"%d_%d", time.Now().Unix(), rand.Uint32())
	empty, closeEmpty, err := app.OpenOtherDatabase(cmd.Context(), cfg, name, log)
	if err != nil {
		return nil, err
	}
	v := &verifiedTables{Differences: []storage.Difference{}}
	keep := storage.Retention{Messages: cfg.Retention.Messages, Receipts: cfg.Retention.Receipts}
	v.Compared, err = storage.VerifyTables(cmd.Context(), l, have, empty, keep, func(d storage.Difference) bool {
		if len(v.Differences) < mostDifferences {
			v.Differences = append(v.Differences, d)
		} else {
			v.More++
		}
		return true
	})
	closeEmpty()
	if _, dropErr := have.Exec(`DROP DATABASE IF EXISTS ` + name + ` WITH (FORCE)`); dropErr != nil && err == nil {
		err = fmt.Errorf("drop the database %s, in which the ledger was replayed: %w", name, dropErr)
	}
	return v, err
}

func printVerified(out io.Writer, v *verified) {
	f := &v.Ledger
	fmt.Fprintf(out, "ledger %s: positions %d to %d, %s, %s, %s\n", f.Lineage, f.First, f.Last, counted(f.Frames, "frame"),
		counted(f.Events, "event"), counted(f.Checkpoints, "checkpoint"))
	if f.Cut {
		fmt.Fprintf(out, "older frames have left it, as its settings have it\n")
	}
	if f.ProvenFrom > 0 {
		fmt.Fprintf(out, "chained from position %d on", f.ProvenFrom)
		if f.Unchained > 0 {
			fmt.Fprintf(out, "; nothing proves the %s before", counted(f.Unchained, "frame"))
		}
		fmt.Fprintln(out)
	}
	for _, n := range f.Nodes {
		fmt.Fprintf(out, "node %s: positions %d to %d, %s, the last is number %d; ", n.Node, n.First, n.Last, counted(n.Frames, "frame"), n.Number)
		if n.AttestedAt == nil {
			fmt.Fprintln(out, "no checkpoint attests any")
			continue
		}
		fmt.Fprintf(out, "a checkpoint attests them up to position %d, appended at %s\n", n.Attested, stamp(n.AttestedAt))
	}
	for _, fault := range f.Faults {
		fmt.Fprintf(out, "FAULT %s", fault.Kind)
		if fault.Position > 0 {
			fmt.Fprintf(out, " at position %d", fault.Position)
		}
		if fault.Node != "" {
			fmt.Fprintf(out, ", number %d of node %s", fault.Number, fault.Node)
		}
		fmt.Fprintf(out, ": %s\n", fault.What)
	}
	for _, remark := range f.Remarks {
		fmt.Fprintf(out, "note: %s\n", remark)
	}
	if f.More > 0 {
		fmt.Fprintf(out, "and %d more faults\n", f.More)
	}
	if v.Tables != nil {
		printTables(out, v.Tables)
	}
	if !v.faulty() {
		fmt.Fprintln(out, "no fault")
	}
}

func printTables(out io.Writer, t *verifiedTables) {
	fmt.Fprintf(out, "tables as of position %d, messages from %s on, receipts from %s on: %d messages, %d attempts, %d receipts, %d unmatched, %d tallies, %d bills, %d OTP events, %d OTP tallies\n",
		t.Position, stamp(&t.Messages), stamp(&t.Receipts), t.Rows["v_message"], t.Rows["v_attempt"], t.Rows["v_receipt"],
		t.Rows["receipt_early"], t.Rows["v_tally"], t.Rows["v_billing"],
		t.Rows["v_otp_event"], t.Rows["v_otp_tally"])
	for _, d := range t.Differences {
		fmt.Fprintf(out, "FAULT %s in %s: %s", d.What, d.Table, d.Key)
		if d.ID != "" {
			fmt.Fprintf(out, " (%s/%s)", d.Tenant, d.ID)
		}
		if d.Column != "" {
			fmt.Fprintf(out, ": %s is %s, the ledger says %s", d.Column, said(d.Have), said(d.Want))
		}
		fmt.Fprintln(out)
	}
	if t.More > 0 {
		fmt.Fprintf(out, "and %d more differences\n", t.More)
	}
}

func said(value *string) string {
	if value == nil {
		return "empty"
	}
	return fmt.Sprintf("%q", *value)
}
