package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"harkara/dlt"
)

// TestCheckAtAVersion: a message is asked about as it stood when it was sent.
func TestCheckAtAVersion(t *testing.T) {
	config := gateway(t)
	const id = "1107160000000000108"
	const row = "1101481029384756102,ACMEBK," + id + ",Checked,First {#num#} -ACMEBK,service_implicit\n"
	before := version(t)
	must(t, "dlt", "import", "--config", config, "--kind", "templates", export(t, columns+row))
	must(t, "dlt", "import", "--config", config, "--kind", "templates", export(t, columns+strings.Replace(row, "First", "Second", 1)))
	for _, tt := range []struct {
		flags string
		want  string // the beginning
	}{
		{"", "fails: text_mismatch at sim-a, sim-b: "},
		{fmt.Sprint("--version ", before+2), "fails: text_mismatch at sim-a, sim-b: "},
		{"--smsc sim-b", "fails: text_mismatch: "},
		{fmt.Sprint("--version ", before+1), "passes: "},
		{fmt.Sprint("--version ", before), "fails: unknown_template: "},
	} {
		args := append([]string{"dlt", "check", "--config", config, "--template", id, "--text", "First 48 -ACMEBK"}, strings.Fields(tt.flags)...)
		if code, stdout, stderr := harkara(t, args...); !strings.HasPrefix(stdout, tt.want) || stderr != "" || (code == 0) != (tt.want == "passes: ") {
			t.Errorf("%q: exit status %d, stdout %q, stderr %q; want %s", tt.flags, code, stdout, stderr, tt.want)
		}
	}
	if code, stdout, stderr := harkara(t, "dlt", "check", "--config", config, "--template", id, "--version", "9999"); code != 1 || stdout != "" ||
		!strings.HasPrefix(stderr, "harkara: load version 9999 of the register: there is none: versions go from 1 to ") {
		t.Errorf("exit status %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// TestSendingTime: a day alone is its noon, when promotional messages may go out too.
func TestSendingTime(t *testing.T) {
	for s, want := range map[string]time.Time{
		"2026-11-22":                time.Date(2026, 11, 22, 12, 0, 0, 0, dlt.IST),
		"2026-11-22T00:00:00+05:30": time.Date(2026, 11, 22, 0, 0, 0, 0, dlt.IST),
		"2026-11-22T20:30:00Z":      time.Date(2026, 11, 23, 2, 0, 0, 0, dlt.IST),
	} {
		if got, err := sendingTime(s); err != nil || !got.Equal(want) {
			t.Errorf("%s: %s, %v; want %s", s, got, err, want)
		}
	}
	if _, err := sendingTime("22-11-2026"); err == nil {
		t.Error("22-11-2026 is taken")
	}
	if got, err := sendingTime(""); err != nil || time.Since(got) > time.Minute {
		t.Errorf("nothing is %s, %v; want now", got, err)
	}
	config := promotional(t)
	check := []string{"dlt", "check", "--config", config, "--template", "1207161345678901468", "--var", "40", "--var", "3", "--var", "ZIP40", "--at"}
	for at, hours := range map[string]bool{"2026-11-22": true, "2026-11-22T00:00:00+05:30": false} {
		if _, stdout, _ := harkara(t, append(check, at)...); strings.Contains(stdout, "outside_hours") == hours {
			t.Errorf("at %s: %s", at, stdout)
		}
	}
}

// promotional is the gateway's configuration, but that sim-b carries promotional messages only.
func promotional(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(gateway(t))
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "harkara.yaml")
	text = []byte(strings.Replace(string(text), "price: 0.15", "price: 0.15\n    categories: [promotional]", 1))
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return config
}

// TestCheckNamesTheSMSC: where SMSCs find different things, each is named with its own, and the category comes before
// the hours.
func TestCheckNamesTheSMSC(t *testing.T) {
	code, stdout, _ := harkara(t, "dlt", "check", "--config", promotional(t), "--template", "1207161345678901468", "--var", "40", "--var", "3",
		"--var", "ZIP40", "--at", "2026-11-22T00:00:00+05:30")
	said := strings.Split(stdout, "\n")
	if code != 1 || !strings.HasPrefix(said[0], "fails: category_not_allowed at sim-a: ") || !strings.HasPrefix(said[1], "sim-b: fails: outside_hours: ") {
		t.Errorf("exit status %d, %q", code, said)
	}
}
