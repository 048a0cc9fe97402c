package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"harkara/storage"
)

const columns = "ENTITY_ID,HEADER,TEMPLATE_ID,TEMPLATE_NAME,TEMPLATE_CONTENT,CATEGORY\n"

// export writes a portal's export. Names and ids are made up.
func export(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "export.csv")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func version(t *testing.T) int64 {
	t.Helper()
	v, _, err := storage.RegisterVersion(context.Background(), world.db)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestImport takes one export through its life: dry run, new, unchanged, changed, refused.
func TestImport(t *testing.T) {
	config := gateway(t)
	const one = "1101481029384756102,NEWHDR,1107160000000000017,New,Hello {#var#} -NEWHDR,service_implicit\n"
	const changed = "1101481029384756102,NEWHDR,1107160000000000017,New,Good day {#var#} -NEWHDR,service_implicit\n"
	const bad = "1101481029384756102,NEWHDR,1.10716E+18,Rounded,Hello -NEWHDR,service_implicit\n" +
		"110100009876,ACMEBK,1107160000000000025,Not theirs,Hello -ACMEBK,service_implicit\n"
	before := version(t)
	const newText = "FILE:2: warning: content_changed: template 1107160000000000017 has another text than before; compare it with the portal: " +
		"operators register a changed text under a new id\n"
	for _, tt := range []struct {
		name, rows, flag string
		code             int
		stdout           string
		stderr           string // FILE stands for the export
		writes           bool
	}{
		{"dry run", one, "--dry-run", 0, "templates: 1 new, 0 changed, 0 unchanged, 0 refused (dry run: nothing was written)\n" +
			"+ templates 1107160000000000017 \"New\" (line 2): service_implicit, active\n+ headers NEWHDR 1101481029384756102 (line 2)\n+ links 1107160000000000017 NEWHDR (line 2)\n", "", false},
		{"new", one, "", 0, "templates: 1 new, 0 changed, 0 unchanged, 0 refused\n", "", true},
		{"unchanged", one, "", 0, "templates: 0 new, 0 changed, 1 unchanged, 0 refused\n", "", false},
		{"would change", changed, "--dry-run", 0, "templates: 0 new, 1 changed, 0 unchanged, 0 refused (dry run: nothing was written)\n" +
			"~ templates 1107160000000000017 (line 2)\n    content: \"Hello {#var#} -NEWHDR\" → \"Good day {#var#} -NEWHDR\"\n", newText, false},
		{"changed", changed, "", 0, "templates: 0 new, 1 changed, 0 unchanged, 0 refused\n", newText, true},
		{"refused", one + bad, "", 1, "templates: 0 new, 1 changed, 0 unchanged, 2 refused\n",
			newText + "FILE:3: TEMPLATE_ID: template id \"1.10716E+18\" was turned into a number by a spreadsheet, its last digits are lost: export the column as text and import it again\n" +
				"FILE:4: HEADER: header ACMEBK belongs to entity 1101481029384756102: check whose export this is\n", true},
		{"as JSON", one, "--json", 0, `{"changed":0,"changes":[],"dry_run":false,"findings":[],"new":0,"refused":[],"shape":"harkara","unchanged":1,"unmapped":[],"version":VERSION}` + "\n", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := export(t, columns+tt.rows)
			args := []string{"dlt", "import", "--config", config, "--kind", "templates", file}
			if tt.flag != "" {
				args = append(args, tt.flag)
			}
			code, stdout, stderr := harkara(t, args...)
			after := version(t)
			tt.stdout = strings.ReplaceAll(tt.stdout, "VERSION", fmt.Sprint(after))
			if want := strings.ReplaceAll(tt.stderr, "FILE", file); code != tt.code || stdout != tt.stdout || stderr != want {
				t.Errorf("exit status %d\nstdout %q\n  want %q\nstderr %q\n  want %q", code, stdout, tt.stdout, stderr, want)
			}
			if wrote := after != before; wrote != tt.writes {
				t.Errorf("the register's version went from %d to %d", before, after)
			}
			before = after
		})
	}
}

func TestImportOfABadFile(t *testing.T) {
	config := gateway(t)
	before := version(t)
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "the file is empty: it needs a heading with ENTITY_ID, TEMPLATE_ID, TEMPLATE_CONTENT, CATEGORY"},
		{"a column missing", "ENTITY_ID,HEADER,TEMPLATE_NAME,TEMPLATE_CONTENT,CATEGORY\n1,A,B,C,D\n", "TEMPLATE_ID"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := export(t, tt.text)
			code, stdout, stderr := harkara(t, "dlt", "import", "--config", config, "--kind", "templates", file)
			if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "harkara: "+file+": ") || !strings.Contains(stderr, tt.want) ||
				strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit status %d, stdout %q, stderr %q", code, stdout, stderr)
			}
		})
	}
	if code, _, stderr := harkara(t, "dlt", "import", "--config", config, "--kind", "templates", "none.csv"); code != 1 ||
		stderr != "harkara: open none.csv: no such file or directory\n" {
		t.Errorf("exit status %d, stderr %q", code, stderr)
	}
	if after := version(t); after != before {
		t.Errorf("the register's version went from %d to %d", before, after)
	}
}

// TestRunningGatewayTakesAnImport: no restart is needed.
func TestRunningGatewayTakesAnImport(t *testing.T) {
	config := gateway(t)
	const id = "1107160000000000033"
	args := sendArgs(t, "--template", id, "--to", "9812300010", "--var", "483921")
	if code, stdout, _ := harkara(t, args...); code != 1 || !strings.Contains(stdout, "unknown_template") {
		t.Fatalf("before the import: exit status %d, %s", code, stdout)
	}
	must(t, "dlt", "import", "--config", config, "--kind", "templates",
		export(t, columns+"1101481029384756102,ACMEBK,"+id+",Fresh,Fresh code {#var#} -ACMEBK,service_implicit\n"))
	began, tries := time.Now(), 0
	eventually(t, "the gateway uses the imported template", func() bool {
		tries++
		code, _, _ := harkara(t, args...)
		return code == 0
	})
	t.Logf("in use %s after the import, at try %d", time.Since(began), tries)
	for _, s := range world.smscs {
		for _, m := range s.Books().Messages {
			if m.To.Digits() == "919812300010" && m.Text.Reveal() != "Fresh code 483921 -ACMEBK" {
				t.Errorf("sent as %q", m.Text.Reveal())
			}
		}
	}
}

// TestCheck pins the exact JSON of the contract, and the exit status.
func TestCheck(t *testing.T) {
	config := gateway(t)
	const costs = `,"costs":[{"smscs":["sim-a"],"encoding":"gsm7","segments":1,"submit_sm":1,"price":0,"error":""},` +
		`{"smscs":["sim-b"],"encoding":"gsm7","segments":1,"submit_sm":1,"price":0.15,"error":""}],` +
		`"lenient":{"ok":true,"reason":"","detail":"","position":0},"warnings":[],"smscs":[` +
		`{"smsc":"sim-a","ok":true,"reason":"","detail":"","position":0},{"smsc":"sim-b","ok":true,"reason":"","detail":"","position":0}]}`
	const text = "483921 is your OTP to log in to Acme Bank. It is valid for 10 minutes. Do not share it with anyone. -ACMEBK"
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"variables", []string{"--var", "483921", "--var", "10"}, 0,
			`{"ok":true,"reason":"","detail":"","position":0,"encoding":"gsm7","segments":1,"text":"` + text + `"` + costs},
		{"text", []string{"--text", text}, 0,
			`{"ok":true,"reason":"","detail":"","position":0,"encoding":"gsm7","segments":1,"text":"` + text + `"` + costs},
		{"header named", []string{"--header", "ACMEBK", "--text", text}, 0,
			`{"ok":true,"reason":"","detail":"","position":0,"encoding":"gsm7","segments":1,"text":"` + text + `"` + costs},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := harkara(t, append([]string{"dlt", "check", "--config", config, "--template", loginOTP, "--json"}, tt.args...)...)
			if code != tt.code || stdout != tt.want+"\n" || stderr != "" {
				t.Errorf("exit status %d, stderr %q\n got %s\nwant %s", code, stderr, stdout, tt.want)
			}
		})
	}
	type verdict struct {
		OK       *bool
		Reason   string
		Position int
		Encoding string
		Segments int
		Text     string
	}
	for _, tt := range []struct {
		name string
		args []string
		want string
		at   int
	}{
		{"other text", []string{"--text", strings.Replace(text, "OTP", "code", 1)}, "text_mismatch", 16},
		{"too few variables", []string{"--var", "483921"}, "wrong_variable_count", 0},
		{"no variables", nil, "wrong_variable_count", 0},
		{"long variable", []string{"--var", strings.Repeat("4", 41), "--var", "10"}, "variable_too_long", 1},
		{"header of others", []string{"--header", "ZIPKRT", "--text", text}, "header_not_linked", 0},
		{"unknown header", []string{"--header", "NOSUCH", "--text", text}, "unknown_header", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first := "fails: " + tt.want + " at sim-a, sim-b: "
			if strings.Contains(tt.want, "header") { // which the register alone forbids
				first = "fails: " + tt.want + ": "
			}
			args := append([]string{"dlt", "check", "--config", config, "--template", loginOTP}, tt.args...)
			code, stdout, stderr := harkara(t, append(args, "--json")...)
			got := lines[verdict](t, stdout)
			if code != 1 || stderr != "" || len(got) != 1 || got[0].OK == nil || *got[0].OK || got[0].Reason != tt.want || got[0].Position != tt.at {
				t.Errorf("exit status %d, stderr %q, %s; want %s at %d", code, stderr, stdout, tt.want, tt.at)
			}
			if code, stdout, _ = harkara(t, args...); code != 1 || !strings.HasPrefix(stdout, first) || strings.Count(stdout, "\n") != 1 {
				t.Errorf("for people: exit status %d, %q", code, stdout)
			}
		})
	}
	if code, stdout, _ := harkara(t, "dlt", "check", "--config", config, "--template", "1107169999999999999", "--text", "x", "--json"); code != 1 ||
		!strings.HasPrefix(stdout, `{"ok":false,"reason":"unknown_template","detail":"`) {
		t.Errorf("unknown template: exit status %d, %s", code, stdout)
	}
	if stdout := must(t, "dlt", "check", "--config", config, "--template", loginOTP, "--var", "483921", "--var", "10"); stdout != "passes: gsm7, 1 segment(s)\n"+text+"\n"+
		"sim-a: gsm7, 1 segment(s) in 1 submit_sm\nsim-b: gsm7, 1 segment(s) in 1 submit_sm, costs 0.1500\n" {
		t.Errorf("for people: %q", stdout)
	}
	if stdout := must(t, "dlt", "check", "--config", config, "--template", "1107161234567890457", "--var", "483921", "--var", "10", "--json"); !strings.Contains(stdout, `"encoding":"ucs2","segments":2,"text"`) ||
		!strings.Contains(stdout, `{"smscs":["sim-b"],"encoding":"ucs2","segments":2,"submit_sm":1,"price":0.3,"error":""}`) {
		t.Errorf("Hindi: %s", stdout)
	}
}

// TestChain: the hash is printf %s 1101481029384756102,1102592013746580291 | sha256sum.
func TestChain(t *testing.T) {
	stdout := must(t, "dlt", "chain", "1101481029384756102", "1102592013746580291")
	if want := "tm_id  1102592013746580291\nlist   1101481029384756102,1102592013746580291\nhash   ab75cae10a74d595c74220bdb89ba7c5cbaaa332393eb544100e27525ec9f860\n"; stdout != want {
		t.Errorf("got\n%swant\n%s", stdout, want)
	}
	if code, stdout, stderr := harkara(t, "dlt", "chain", "1101481029384756102", "42"); code != 1 || stdout != "" ||
		stderr != "harkara: id 2 of the chain: telemarketer id \"42\" does not begin with 1\n" {
		t.Errorf("exit status %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}
