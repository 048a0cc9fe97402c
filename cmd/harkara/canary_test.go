package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestCanary sends a code, a number and variables that occur nowhere else by the command line, delivered and rejected alike,
// and looks for them, and for the passwords, in what the commands say and in what the world that other tests use has kept.
// TestCanaryEverywhere looks further. All values are made up.
func TestCanary(t *testing.T) {
	config := gateway(t)
	const code, number, payee = "73915408", "9876501234", "Canaryname"
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

	places := map[string]string{"send's output": out, "the log": world.serve.stderr.String(), "all tables": rowsOf(t, world.db)}
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
	canaries := []canary{secretCanary("code", code), numberCanary(number), secretCanary("payee", payee), secretCanary("acme's password", acmePassword),
		secretCanary("zipkart's password", zipPassword), secretCanary("bind password", smscPassword)}
	for place, text := range places {
		for _, found := range scan(canaries, []byte(text)) {
			t.Errorf("%s shows the %s", place, found)
		}
	}
	if _, err := world.db.Exec("CHECKPOINT"); err != nil { // so that what is in memory is in the files
		t.Fatal(err)
	}
	found, files, _ := scanFiles(t, canaries, filepath.Join(world.dir, "data"))
	for _, what := range found {
		t.Error(what)
	}
	if files < 100 {
		t.Errorf("only %d files were there to be read", files)
	}
}
