package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"harkara/dlt"
)

// sent sends a login code as a tenant does, and returns its text once the message is delivered in PostgreSQL.
func sent(t *testing.T, id, to, code string) (text string) {
	t.Helper()
	config := gateway(t)
	must(t, sendArgs(t, "--template", loginOTP, "--to", to, "--var", code, "--var", "10", "--id", id)...)
	settled(t, config, id, "delivered")
	var check struct{ Text string }
	if err := json.Unmarshal([]byte(must(t, "dlt", "check", "--config", config, "--template", loginOTP, "--var", code, "--var", "10", "--json")), &check); err != nil {
		t.Fatal(err)
	}
	return check.Text
}

// asked counts the rows of the privacy log with a reason.
func asked(t *testing.T, why string) (n int) {
	t.Helper()
	if err := world.db.Get(&n, `SELECT count(*) FROM harkara.privacy_log WHERE why = $1 AND who = 'made-up officer'`, why); err != nil {
		t.Fatal(err)
	}
	return n
}

func privacy(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return harkara(t, append([]string{"privacy", args[0], "--config", gateway(t), "--by", "made-up officer"}, args[1:]...)...)
}

func TestPrivacyReveal(t *testing.T) {
	sent(t, "privacy-1", "9812300401", "483921")
	code, stdout, stderr := privacy(t, "reveal", "--tenant", "acme", "--id", "privacy-1", "--why", "complaint 7")
	if code != 0 || stdout != "+919812300401\n" || stderr != "" || asked(t, "complaint 7") != 1 {
		t.Errorf("exit status %d, %q, %q, %d rows in the log", code, stdout, stderr, asked(t, "complaint 7"))
	}
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"reveal --tenant zipkart --id privacy-1 --why x", 1, "tenant zipkart has no message privacy-1"},
		{"reveal --tenant acme --id privacy-1", 2, "needs --why"},
		{"reveal --tenant acme --id privacy-1 --why=", 2, "--why is empty"},
		{"shred --why x", 2, "say what"},
		{"shred --why x --month 2026-11", 2, "say what"},
		{"shred --why x --tenant acme", 2, "say what"},
		{"shred --why x --tenant acme --month 2026-13", 2, "no month such as"},
		{"shred --why x --number 12", 2, "--number: not an Indian mobile number"},
		{"shred --why x --number-file - --number 9812300401", 2, "say what"},
		{"shred --why x --number-file -", 2, "--number-file: not an Indian mobile number"},
		{"shred --why x --number-file /nowhere/n", 1, "--number-file: open /nowhere/n"},
		{"shred --why x --tenant nobody --month 2026-01", 1, "there has never been a key of tenant \"nobody\""},
		{"shred --why x --tenant acme --month 2001-01", 1, "no key is left of tenant acme's 2001-01"},
		{"reveal --tenant acme --id privacy-1 --why 9812300401", 2, "ten digits in a row"},
		{"shred --why x --tenant acme --number 9812300401 --month 2026-11", 2, "say what"},
	} {
		code, stdout, stderr := privacy(t, strings.Fields(tt.args)...)
		if code != tt.code || stdout != "" || !strings.Contains(stderr, tt.want) || strings.Contains(stderr, "9812300401") {
			t.Errorf("%s: exit status %d, %q, %q", tt.args, code, stdout, stderr)
		}
	}
}

func TestHasNumber(t *testing.T) {
	for text, want := range map[string]bool{
		"":                                       false,
		"complaint 7 of 2026-11-21 10:15":        false,
		"case 2026/11/21/0007, phone lost":       false,
		"message 019aa5b0-1c00-7000-8000-00000a": false,
		"ends in 0401":                           false,
		"asked by 9812300401":                    true,
		"1234567890":                             true,
		"+91 98123 00401":                        true,
		"call 7: (0)98123-00401 today":           true,
		"case 17 98123.00401":                    true,
		"9 8 1 2 3 0 0 4 0 1":                    true,
		"0091-98123 00401":                       true,
		"९८१२३००४०१":                             true,
	} {
		if got := hasNumber(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestReportProve(t *testing.T) {
	text := sent(t, "prove-1", "9812300402", "582913")
	config := gateway(t)
	file := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "\n", "\r\n")+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	prove := []string{"report", "prove", "--config", config, "--tenant", "acme", "--id", "prove-1"}
	row := regexp.MustCompile(`\n\S+\+05:30  +\S+\+05:30  +delivered  +` + loginOTP + ` +ACMEBK  +1101481029384756102  +sim-a  +0402\n$`)
	for _, how := range [][]string{{"--text", text}, {"--text-file", file}} {
		if code, stdout, stderr := harkara(t, append(prove, how...)...); code != 0 || stderr != "" ||
			!strings.HasPrefix(stdout, "yes: this is the text that was sent\n") || !row.MatchString(stdout) {
			t.Errorf("%s: exit status %d, %q, %q", how[0], code, stdout, stderr)
		}
	}
	if code, _, _ := harkaraReading(t, text+"\n", append(prove, "--text-file", "-")...); code != 0 {
		t.Errorf("from standard input: exit status %d", code)
	}
	for _, other := range []string{strings.Replace(text, "582913", "582914", 1), text + " ", strings.ToUpper(text), "x"} {
		code, stdout, stderr := harkara(t, append(prove, "--text", other)...)
		if code != 1 || stderr != "" || !strings.HasPrefix(stdout, "no: ") || !row.MatchString(stdout) {
			t.Errorf("another text: exit status %d, %q, %q", code, stdout, stderr)
		}
	}
	code, stdout, _ := harkara(t, append(prove, "--text", text, "--json")...)
	var proof map[string]any
	if err := json.Unmarshal([]byte(stdout), &proof); err != nil || code != 0 || proof["same"] != true || proof["to_last4"] != "0402" {
		t.Errorf("JSON: exit status %d, %s", code, stdout)
	}
	var variables string
	if err := world.db.Get(&variables, `SELECT variables FROM harkara.message WHERE id = 'prove-1'`); err != nil || variables != "6n 2n" {
		t.Errorf("variables %q, %v", variables, err)
	}
}

// Beside a running gateway: what was shredded is gone for good, what is sent afterwards is as before.
func TestPrivacyShred(t *testing.T) {
	sent(t, "shred-1", "9812300403", "483921")
	stays := sent(t, "shred-2", "9812300404", "483922")
	config := gateway(t)
	reveal := func(id string) (int, string) {
		code, stdout, stderr := privacy(t, "reveal", "--tenant", "acme", "--id", id, "--why", "a test")
		return code, stdout + stderr
	}
	code, stdout, stderr := harkaraReading(t, "+919812300403\n", "privacy", "shred", "--config", config, "--by", "made-up officer",
		"--number-file", "-", "--why", "erasure 1", "--json")
	var done struct{ Keys, Rows, Sealed int }
	if err := json.Unmarshal([]byte(stdout), &done); err != nil || code != 0 || stderr != "" || done.Keys != 1 || done.Rows != 1 || done.Sealed < 1 {
		t.Errorf("exit status %d, %q, %q", code, stdout, stderr)
	}
	if code, out := reveal("shred-1"); code != 1 || !strings.Contains(out, "shredded") {
		t.Errorf("the number: exit status %d, %q", code, out)
	}
	if code, out := reveal("shred-2"); code != 0 || out != "+919812300404\n" {
		t.Errorf("another number: exit status %d, %q", code, out)
	}
	if code, _, _ := harkara(t, "report", "prove", "--config", config, "--tenant", "acme", "--id", "shred-2", "--text", stays); code != 0 {
		t.Errorf("another message's text is not proven: exit status %d", code)
	}
	sent(t, "shred-3", "9812300403", "483923")
	if code, out := reveal("shred-3"); code != 0 || out != "+919812300403\n" {
		t.Errorf("sent afterwards: exit status %d, %q", code, out)
	}
	month := time.Now().In(dlt.IST).Format("2006-01")
	before := must(t, "report", "dlr", "--config", config, "--tenant", "acme", "--format", "csv")
	if code, stdout, stderr := privacy(t, "shred", "--tenant", "acme", "--month", month, "--why", "erasure 2"); code != 0 || stderr != "" || !regexp.MustCompile(`^\d keys? destroyed, 0 messages lost their numbers, 0 sealed anew\n$`).MatchString(stdout) {
		t.Errorf("exit status %d, %q, %q", code, stdout, stderr)
	}
	if after := must(t, "report", "dlr", "--config", config, "--tenant", "acme", "--format", "csv"); after != before {
		t.Errorf("the report was\n%s\nand is\n%s", before, after)
	}
	if code, out := reveal("shred-3"); code != 1 || !strings.Contains(out, "shredded") {
		t.Errorf("after its month: exit status %d, %q", code, out)
	}
	code, stdout, _ = harkara(t, "report", "prove", "--config", config, "--tenant", "acme", "--id", "shred-2", "--text", stays)
	if code != 1 || !strings.HasPrefix(stdout, "nobody can tell: ") {
		t.Errorf("proven after its month: exit status %d, %q", code, stdout)
	}
	if found := must(t, "report", "messages", "--config", config, "--number", "9812300404", "--format", "json"); found != "" {
		t.Errorf("found by its number: %s", found)
	}
	// What the gateway sends for the month now is under a fresh key.
	eventually(t, "the gateway has heeded it", func() bool {
		id := "shred-" + time.Now().Format("150405.000000")
		sent(t, id, "9812300405", "483924")
		_, out := reveal(id)
		return out == "+919812300405\n"
	})
	if asked(t, "erasure 1") != 2 || asked(t, "erasure 2") != 2 {
		t.Error("the privacy log has not of both when they began and when they were done")
	}
	var gone int
	list := must(t, "keys", "list", "--config", config, "--json")
	for line := range strings.Lines(list) {
		var k struct{ Tenant, Month, Left string }
		if err := json.Unmarshal([]byte(line), &k); err != nil {
			t.Fatal(err)
		}
		if k.Tenant == "acme" && k.Month == month && k.Left == "nothing" {
			gone++
		}
	}
	if gone != 2 {
		t.Errorf("%d keys of the month are destroyed, want that before the number was shredded and that after:\n%s", gone, list)
	}
}

func TestKeys(t *testing.T) {
	sent(t, "keys-1", "9812300406", "483921")
	config := gateway(t)
	list := must(t, "keys", "list", "--config", config)
	if !regexp.MustCompile(`(?m)^month +tenant +id +made_at +left +shredded_at +kept$`).MatchString(list) ||
		!regexp.MustCompile(`(?m)^20\d\d-\d\d +acme +[0-9a-f]{16} +\S+\+05:30 +all +here$`).MatchString(list) {
		t.Errorf("list\n%s", list)
	}
	master := filepath.Join(world.dir, "data", "keys", "master.key")
	before, err := os.ReadFile(master)
	if err != nil {
		t.Fatal(err)
	}
	if out := must(t, "keys", "rotate", "--config", config, "--by", "made-up officer", "--why", "yearly"); out != "all keys are wrapped with the new master key\n" {
		t.Errorf("rotate says %q", out)
	}
	after, err := os.ReadFile(master)
	if err != nil || string(after) == string(before) || asked(t, "yearly") != 1 {
		t.Errorf("the master key is the old one, or the log has nothing: %v", err)
	}
	if code, stdout, _ := privacy(t, "reveal", "--tenant", "acme", "--id", "keys-1", "--why", "a test"); code != 0 || stdout != "+919812300406\n" {
		t.Errorf("after it: exit status %d, %q", code, stdout)
	}
	sent(t, "keys-2", "9812300407", "483921") // the gateway goes on
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"", 2, "needs --why"},
		{"--why x --new-file a --new-env B", 2, "in one place"},
		{"--why x --new-env HARKARA_TEST_NONE", 1, "set it to the master key"},
		{"--why x --new-file " + master, 1, "in use"},
	} {
		code, _, stderr := harkara(t, append([]string{"keys", "rotate", "--config", config}, strings.Fields(tt.args)...)...)
		if code != tt.code || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: exit status %d, %q", tt.args, code, stderr)
		}
	}
}
