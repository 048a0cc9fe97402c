package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"harkara/storage/ledger"
)

// someCheckpoint is a made-up checkpoint; what it says is not looked at here.
func someCheckpoint(n int) ledger.Checkpoint {
	text := "harkara ledger " + "L/node-1/0\n" + strings.Repeat("5", n) + " 1\nAAAA\n2026-11-22T00:00:00Z\n\n— harkara/node-1 c2ln\n"
	return ledger.Checkpoint{Node: "node-1", Position: ledger.Position(n), At: time.Unix(1795000000, 0), Note: text}
}

func checkpointsOf(t *testing.T, b *bench, data string) (all []string) {
	t.Helper()
	for note, err := range Checkpoints(t.Context(), b.db, data) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, note)
	}
	return all
}

func TestCheckpointsAreKeptTwice(t *testing.T) {
	t.Parallel()
	b, data := &bench{db: testDB(t).DB}, t.TempDir()
	if got := checkpointsOf(t, b, data); len(got) != 0 {
		t.Errorf("there are %q", got)
	}
	one, two := someCheckpoint(1), someCheckpoint(2)
	for _, c := range []ledger.Checkpoint{one, one, two, two} {
		if err := SaveCheckpoint(t.Context(), b.db, data, c); err != nil {
			t.Fatal(err)
		}
	}
	if got := checkpointsOf(t, b, data); !slices.Equal(got, []string{one.Note, two.Note, one.Note, two.Note}) {
		t.Errorf("there are %q", got)
	}
}

func TestACheckpointIsKeptWithoutPostgreSQL(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	db := testDB(t).DB
	db.Close()
	one, two := someCheckpoint(1), someCheckpoint(2)
	if err := SaveCheckpoint(t.Context(), db, data, one); err == nil {
		t.Error("no error says that PostgreSQL is away")
	}
	file := filepath.Join(data, checkpointFile)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for torn := range len(whole) { // a power cut in the middle of a write
		if err := os.WriteFile(file, append(slices.Clone(whole), whole[:torn]...), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := appendCheckpoint(data, two); err != nil {
			t.Fatal(err)
		}
		got := checkpointsOf(t, &bench{}, data)
		if !slices.Equal(got, []string{one.Note, two.Note}) {
			t.Fatalf("torn after %d octets: %q", torn, got)
		}
	}
}

// TestCheckpointsAreThinned: of those older than a day one an hour stays, in both places, with what is no checkpoint.
func TestCheckpointsAreThinned(t *testing.T) {
	t.Parallel()
	b, data := &bench{db: testDB(t).DB}, t.TempDir()
	start := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	var want []string
	const strange = "something else\n\n— harkara/node-1 c2ln\n"
	if err := os.WriteFile(filepath.Join(data, checkpointFile), []byte(strange+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const each = 20 * time.Minute
	for n := range 6 * 24 {
		at := start.Add(time.Duration(n) * each)
		c := ledger.Checkpoint{Node: "node-1", Position: ledger.Position(n + 1), At: at, Note: fmt.Sprintf(
			"harkara ledger L/node-1/0\n%d 1\nAAAA\n%s\n\n— harkara/node-1 c2ln\n", n+1, at.Format(time.RFC3339))}
		if err := SaveCheckpoint(t.Context(), b.db, data, c); err != nil {
			t.Fatal(err)
		}
		// The last hour that thinned began at 23:00 of the second day.
		if young := !at.Before(start.Add(23 * time.Hour)); young || at.Minute() == 40 {
			want = append(want, c.Note)
		}
	}
	if got, want := checkpointsOf(t, &bench{}, data), append([]string{strange}, want...); !slices.Equal(got, want) {
		t.Errorf("the file has %d, want %d: %q", len(got), len(want), got)
	}
	if got := checkpointsOf(t, b, t.TempDir()); !slices.Equal(got, want) {
		t.Errorf("PostgreSQL has %d, want %d: %q", len(got), len(want), got)
	}
}

// TestAHalfWrittenCheckpointIsSaid: what a power cut left at the end is yielded as that, wherever it was torn.
func TestAHalfWrittenCheckpointIsSaid(t *testing.T) {
	entry := someCheckpoint(1).Note + "\n"
	for torn := 1; torn < len(entry); torn++ {
		n, torns := 0, 0
		for _, err := range ReadCheckpoints(strings.NewReader(entry + entry[:torn])) {
			n++
			if errors.Is(err, ledger.ErrTorn) {
				torns++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if n != 2 || torns != 1 {
			t.Errorf("torn after %d octets: %d notes, %d torn", torn, n, torns)
		}
	}
}
