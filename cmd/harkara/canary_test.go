package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCanary sends a code, a number and variables that occur nowhere else through the world, delivered and rejected alike,
// and looks for them, and for the passwords, wherever somebody else could: the log, the console, every report, every row of
// every table, and the octets of every file under data/. All values are made up.
func TestCanary(t *testing.T) {
	config := gateway(t)
	const code, number, payee = "739154", "9876501234", "Canaryname"
	const paymentOTP = "1107161234567890231"
	out := must(t, sendArgs(t, "--template", paymentOTP, "--to", "+91"+number, "--var", code, "--var", "501", "--var", payee, "--var", "8842",
		"--id", "canary-1")...)
	// Rejected by each check that sees a value: its type, its length, its number, the request's form.
	for i, args := range [][]string{
		{"--template", "1177100200300400947", "--var", payee, "--var", code, "--var", code, "--var", code, "--var", code, "--to", number},
		{"--template", paymentOTP, "--var", strings.Repeat(code, 9), "--var", "501", "--var", payee, "--var", "8842", "--to", number},
		{"--template", paymentOTP, "--var", code, "--to", number},
		{"--template", "1107169999999999999", "--var", code, "--to", number},
		{"--template", paymentOTP, "--var", code, "--var", "501", "--var", payee, "--var", "8842", "--to", number[:9]},
		{"--template", paymentOTP, "--var", code, "--to", number, "--ref", strings.Repeat("r", 129)},
	} {
		status, stdout, stderr := harkara(t, sendArgs(t, append(args, "--id", fmt.Sprintf("canary-r%d", i))...)...)
		if status != 1 || !strings.Contains(stdout, "rejected") {
			t.Errorf("canary-r%d: exit status %d, %s%s", i, status, stdout, stderr)
		}
		out += stdout + stderr
		settled(t, config, fmt.Sprintf("canary-r%d", i), "rejected")
	}
	settled(t, config, "canary-1", "delivered")
	sent := false
	for _, m := range world.smscs["sim-a"].Books().Messages {
		sent = sent || m.To.Digits() == "91"+number && strings.Contains(m.Text.Reveal(), code) && strings.Contains(m.Text.Reveal(), payee)
	}
	if !sent {
		t.Fatal("the canaries never went over the wire: this test would find nothing anywhere")
	}

	places := map[string]string{"send's output": out, "the log": world.serve.stderr.String(), "all tables": dump(t)}
	for _, path := range []string{"/metrics", "/binds", "/readyz"} {
		_, places[path] = get(t, world.http, path)
	}
	for _, args := range []string{"binds", "binds --json", "report messages", "report messages --format csv", "report messages --format json",
		"report dlr --by error,template", "report messages --number " + number, "report templates", "report templates --format json",
		"report headers", "dlt lint", "dlt imports", "dlt quarantine --all", "dlt show --template " + paymentOTP} {
		places[args] = must(t, append(strings.Fields(args), "--config", config)...)
	}
	if !strings.Contains(places["all tables"], "canary-1") || !strings.Contains(places["report messages --format csv"], "canary-1") {
		t.Error("the reports and tables do not even hold the request")
	}
	canaries := []string{code, number, payee, acmePassword, zipPassword, smscPassword}
	for place, text := range places {
		for _, canary := range canaries {
			if at := strings.Index(text, canary); at >= 0 {
				t.Errorf("%s shows %q: %q", place, canary, text[max(0, at-60):min(len(text), at+60)])
			}
		}
	}
	if _, err := world.db.Exec("CHECKPOINT"); err != nil { // so that what is in memory is in the files
		t.Fatal(err)
	}
	walk(t, filepath.Join(world.dir, "data"), canaries)
}

// dump is every row of every table of the schema as text.
func dump(t *testing.T) string {
	t.Helper()
	var tables []string
	if err := world.db.Select(&tables, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'harkara'`); err != nil {
		t.Fatal(err)
	}
	if len(tables) < 10 {
		t.Fatalf("only %v", tables)
	}
	var text strings.Builder
	for _, table := range tables {
		var rows []string
		if err := world.db.Select(&rows, fmt.Sprintf(`SELECT r::text FROM harkara.%q AS r`, table)); err != nil {
			t.Fatal(err)
		}
		text.WriteString(table + "\n" + strings.Join(rows, "\n") + "\n")
	}
	return text.String()
}

// walk looks for canaries in every file.
func walk(t *testing.T, dir string, canaries []string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // PostgreSQL and NATS make and remove files all the time
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		octets, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		files++
		for _, canary := range canaries {
			if strings.Contains(string(octets), canary) {
				t.Errorf("%s holds %q", path, canary)
			}
		}
		return err
	})
	if err != nil || files < 100 {
		t.Errorf("%d files read, %v", files, err)
	}
}
