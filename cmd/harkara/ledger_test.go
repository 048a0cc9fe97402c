package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"harkara/cmd/internal/app"
	"harkara/storage/ledger"
)

// ledgerNumber is a number that goes through the world; only its last digits may show.
const ledgerNumber = "919812349876"

// sendOne sends one message and waits until it is delivered.
func sendOne(t *testing.T, file, ref string) {
	t.Helper()
	must(t, "send", "--config", file, "--tenant", "acme", "--to", ledgerNumber, "--template", "1107161234567890123", "--var", "482913", "--var", "5",
		"--ref", ref, "--wait", "20s")
}

func TestLedgerCommands(t *testing.T) {
	file := gateway(t)
	sendOne(t, file, "ledger-1")
	out := must(t, "ledger", "tail", "--config", file, "--from", "1")
	for _, words := range []string{"planned", "submitted", "acme/", "sim-a"} {
		if !strings.Contains(out, words) {
			t.Errorf("tail does not say %q:\n%s", words, out)
		}
	}
	if strings.Contains(out, ledgerNumber) || strings.Contains(out, ledgerNumber[2:]) || strings.Contains(out, "482913") || strings.Contains(out, "ledger-1") {
		t.Errorf("tail shows a number, a code or a reference:\n%s", out)
	}
	type line struct {
		Position ledger.Position
		Node     string
		Event    ledger.Event
	}
	all := lines[line](t, must(t, "ledger", "tail", "--config", file, "--from", "1", "--json"))
	if len(all) < 2 || all[0].Position != 1 || all[0].Node != "test" || all[0].Event.Kind == "" {
		t.Errorf("tail --json: %+v", all)
	}

	var found verified
	if err := json.Unmarshal([]byte(must(t, "ledger", "verify", "--config", file, "--tables", "--json")), &found); err != nil {
		t.Fatal(err)
	}
	if found.Ledger.Frames == 0 || len(found.Ledger.Nodes) == 0 || found.Tables == nil || found.Tables.Rows["v_message"] == 0 {
		t.Errorf("verify: %+v", found)
	}
	if left := queryOne(t, `SELECT count(*) FROM pg_database WHERE datname LIKE 'harkara_verify%'`); left != "0" {
		t.Errorf("%s databases are left", left)
	}
	out = must(t, "ledger", "verify", "--config", file)
	if !strings.HasSuffix(out, "no fault\n") || !strings.Contains(out, "node test: positions 1 to ") {
		t.Errorf("verify says\n%s", out)
	}

	out = must(t, "ledger", "replay", "--config", file, "--database", "replayed")
	if !strings.Contains(out, "v_message") || !strings.Contains(out, "0 events could not be projected") {
		t.Errorf("replay says\n%s", out)
	}
	if code, _, stderr := harkara(t, "ledger", "replay", "--config", file, "--database", "replayed"); code != exitFailed || !strings.Contains(stderr, "empty one") {
		t.Errorf("a second replay: %d, %s", code, stderr)
	}
	queryOne(t, `DROP DATABASE replayed`)
}

func queryOne(t *testing.T, statement string) (value string) {
	t.Helper()
	rows, err := world.db.Query(statement)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(&value); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestExportedCheckpointsFindAnotherLedger(t *testing.T) {
	file := gateway(t)
	sendOne(t, file, "ledger-2")
	cfg, err := app.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	vault, err := app.OpenVault(cfg)
	if err != nil {
		t.Fatal(err)
	}
	exported := filepath.Join(t.TempDir(), "checkpoints.txt")
	code, _, stderr := harkara(t, "ledger", "checkpoints", "--config", file, "--out", exported)
	if code != exitDone || !strings.Contains(stderr, "--key "+vault.Verifier(cfg.Node)) {
		t.Fatalf("checkpoints: %d, %s", code, stderr)
	}
	if _, err := os.Stat(exported); err != nil {
		t.Fatal(err)
	}
	must(t, "ledger", "verify", "--config", file, "--checkpoints", exported, "--key", vault.Verifier(cfg.Node))
	if err := os.WriteFile(exported, []byte("harkara ledger forged\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := harkara(t, "ledger", "verify", "--config", file, "--checkpoints", exported)
	if code != exitFailed || !strings.Contains(out, "FAULT checkpoint") {
		t.Errorf("with a torn checkpoint: %d\n%s", code, out)
	}
	for _, bad := range [][]string{{"ledger", "verify", "--config", file, "--key", "x"}, {"ledger", "replay", "--config", file}, {"ledger", "tail"}} {
		if code, _, _ := harkara(t, bad...); code != exitUsage {
			t.Errorf("%v: exit status %d", bad, code)
		}
	}
}
