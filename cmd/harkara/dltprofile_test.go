package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"harkara/dlt"
)

// TestProfiles: where the configuration has it that handsets fill a template's codes in, import and lint say what the
// registered text lacks for it, and nothing of other templates.
func TestProfiles(t *testing.T) {
	text, err := os.ReadFile(gateway(t))
	if err != nil {
		t.Fatal(err)
	}
	const app, site, other = "1107160000000000181", "1107160000000000182", "1107160000000000183"
	config := filepath.Join(t.TempDir(), "harkara.yaml")
	text = append(text, "\notp:\n  templates:\n"+
		"    - {template: \""+app+"\", profile: android, app_hash: FA+9qCX9VSu}\n"+
		"    - {template: \""+site+"\", profile: web, domain: www.acme.example}\n"...)
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	row := func(id, text string) string {
		return "1101481029384756102,ACMEBK," + id + ",Filled in,\"" + text + "\",service_implicit\n"
	}
	importing := func(file string) string {
		code, stdout, stderr := harkara(t, "dlt", "import", "--config", config, "--kind", "templates", file)
		if code != 0 {
			t.Fatalf("exit status %d, stdout %q, stderr %q", code, stdout, stderr)
		}
		return stderr
	}
	linted := func(id string) (codes []string) {
		var lint struct{ Findings []dlt.Finding }
		out := must(t, "dlt", "lint", "--config", config, "--template", id, "--severity", "error", "--json")
		if err := json.Unmarshal([]byte(out), &lint); err != nil {
			t.Fatal(err)
		}
		for _, f := range lint.Findings {
			codes = append(codes, f.Code)
		}
		return codes
	}

	file := export(t, columns+row(app, "{#num#} is your OTP -ACMEBK")+row(site, "{#num#} is your OTP -ACMEBK FA+9qCX9VSu")+
		row(other, "{#num#} is your OTP -ACMEBK"))
	said := strings.SplitAfter(importing(file), "\n")
	if len(said) != 3 || !strings.HasPrefix(said[0], file+":2: error: profile_unfit: the last word is neither the app's hash FA+9qCX9VSu") ||
		!strings.HasPrefix(said[1], file+":3: error: profile_unfit: the last line is not @www.acme.example # and the code") {
		t.Errorf("import says %q", said)
	}
	for _, id := range []string{app, site, other} {
		if got := strings.Join(linted(id), " "); got != map[string]string{app: "profile_unfit", site: "profile_unfit"}[id] {
			t.Errorf("lint of %s finds %q", id, got)
		}
	}

	file = export(t, columns+row(app, "{#num#} is your OTP -ACMEBK FA+9qCX9VSu")+
		row(site, "{#num#} is your OTP -ACMEBK\n@www.acme.example #{#num#}"))
	if said := importing(file); strings.Contains(said, "profile_unfit") {
		t.Errorf("import says %q", said)
	}
	for _, id := range []string{app, site} {
		if got := linted(id); got != nil {
			t.Errorf("lint of %s finds %q", id, got)
		}
	}
}
