package main

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"harkara/smpp/pdu"
)

// submitSM is a made-up submit_sm to 919812345678 from ACMEBK with text "483921 is your OTP" and the DLT TLVs.
const submitSM = "00000073000000040000000000000007" + "00" + "0500" + "41434d45424b00" + "0101" + "39313938313233343536373800" +
	"000000" + "00" + "00" + "01" + "00" + "00" + "00" + "12" + "34383339323120697320796f7572204f5450" +
	"14000013" + "31313031343831303239333834373536313032" + "14010013" + "31313037313631323334353637383930313233"

func TestPDUDecode(t *testing.T) {
	stdout := must(t, "pdu", "decode", submitSM)
	for _, want := range []string{"command_id               0x00000004 submit_sm\n", "command_length           115\n", "sequence_number          7\n",
		"source_addr              \"ACMEBK\"\n", "destination_addr         \"********5678\"\n", "\"1101481029384756102\"", "\"1107161234567890123\""} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	for _, secret := range []string{"483921", "919812345678", "9812345678"} {
		if strings.Contains(stdout, secret) {
			t.Errorf("%s shows without --reveal:\n%s", secret, stdout)
		}
	}
	revealed := must(t, "pdu", "decode", "--reveal", submitSM)
	for _, want := range []string{"919812345678", "483921 is your OTP"} {
		if !strings.Contains(revealed, want) {
			t.Errorf("--reveal does not show %q:\n%s", want, revealed)
		}
	}
	spaced := regexp.MustCompile("..").ReplaceAllString(submitSM, "$0 ")
	if got := must(t, "pdu", "decode", strings.TrimSpace(spaced)); got != stdout {
		t.Errorf("with blanks between octets:\n%s", got)
	}
	if got := must(t, "pdu", "decode", strings.ToUpper(strings.TrimSuffix(strings.ReplaceAll(spaced, " ", ":"), ":"))); got != stdout {
		t.Errorf("with colons between octets:\n%s", got)
	}
	for _, tt := range []struct{ hex, want string }{
		{"00000010", "a PDU has at least 16 octets, these are 4"},
		{submitSM + "00", "command_length says 115 octets, these are 116"},
		{submitSM[:len(submitSM)-2], "command_length says 115 octets, these are 114"},
	} {
		if code, stdout, stderr := harkara(t, "pdu", "decode", tt.hex); code != 1 || stdout != "" || stderr != "harkara: "+tt.want+"\n" {
			t.Errorf("exit status %d, stdout %q, stderr %q, want %q", code, stdout, stderr, tt.want)
		}
	}
}

// TestPDUDecodeOfLines reads what binds --trace prints and what the files of dead binds hold: blank lines and # apart,
// the last word of a line is a PDU, perhaps cut short.
func TestPDUDecodeOfLines(t *testing.T) {
	code, stdout, stderr := harkaraReading(t, "# SMSC sim-a\n\n2026-11-22T04:41:12.345678Z sim-a/1 > submit_sm 7 ESME_ROK "+submitSM+
		"\n2026-11-22T04:41:12.345679Z sim-a/1 < enquire_link 1 ESME_ROK "+submitSM[:100]+"\n", "pdu", "decode", "-")
	if code != 0 || strings.Count(stdout, "command_id ") != 2 || !strings.Contains(stdout, "sim-a/1 > submit_sm 7 ESME_ROK\n") ||
		!strings.Contains(stdout, "fault ") || strings.Contains(stdout, "483921") {
		t.Errorf("exit status %d, stderr %q\n%s", code, stderr, stdout)
	}
	code, stdout, _ = harkaraReading(t, submitSM+"\n"+submitSM+"\n", "pdu", "decode", "--json", "-")
	if code != 0 || strings.Count(stdout, `{"lines":[`) != 2 {
		t.Errorf("JSON: exit status %d\n%s", code, stdout)
	}
	if code, _, stderr := harkaraReading(t, submitSM+"\nno PDU\n", "pdu", "decode", "-"); code != 2 || !strings.HasPrefix(stderr, "harkara: line 2: not hexadecimal") {
		t.Errorf("exit status %d, stderr %q", code, stderr)
	}
}

func TestSMPPStatuses(t *testing.T) {
	standard := must(t, "smpp", "statuses")
	for _, want := range []string{"0x00000000  ESME_ROK ", "0x00000058  ESME_RTHROTTLED ", "0x0000000E  ESME_RINVPASWD "} {
		if !strings.Contains(standard, want) {
			t.Errorf("no %q in\n%s", want, standard)
		}
	}
	config := gateway(t)
	own := must(t, "smpp", "statuses", "--config", config, "--smsc", "sim-b")
	if !regexp.MustCompile(`(?m)^0x00000401 .* throttled `).MatchString(own) || strings.Contains(standard, "0x00000401") {
		t.Errorf("the table of sim-b\n%s", own)
	}
	var rows []struct {
		Status            uint32
		Submit, Bind, Why string
	}
	if err := json.Unmarshal([]byte(must(t, "smpp", "statuses", "--json")), &rows); err != nil || len(rows) != strings.Count(standard, "\n")-1 ||
		rows[0].Submit != "accepted" || rows[0].Why == "" {
		t.Errorf("JSON: %d rows, %v", len(rows), err)
	}
	if code, _, stderr := harkara(t, "smpp", "statuses", "--smsc", "sim-b"); code != 2 || stderr != "harkara: --config and --smsc go together\n" {
		t.Errorf("exit status %d, stderr %q", code, stderr)
	}
	if code, _, stderr := harkara(t, "smpp", "statuses", "--config", config, "--smsc", "none"); code != 1 || stderr != "harkara: no SMSC \"none\" in the configuration\n" {
		t.Errorf("exit status %d, stderr %q", code, stderr)
	}
}

func TestReceiptParse(t *testing.T) {
	const text = "id:1a2B sub:001 dlvrd:000 submit date:2611221000 done date:2611221001 stat:UNDELIV err:633 text:483921"
	stdout := must(t, "receipt", "parse", text)
	fields := map[string]string{}
	for line := range strings.Lines(stdout) {
		fields[strings.TrimSpace(line[:13])] = strings.TrimSpace(line[13:])
	}
	for name, want := range map[string]string{"id": "1a2B", "stat": "UNDELIV", "state": "undelivered", "final": "true", "err": "633",
		"submit date": "2611221000", "done date": "2611221001", "sub": "001", "dlvrd": "000"} {
		if fields[name] != want {
			t.Errorf("%s is %q, want %q", name, fields[name], want)
		}
	}
	if strings.Contains(stdout, "483921") {
		t.Errorf("the text shows:\n%s", stdout)
	}
	var got map[string]string
	if err := json.Unmarshal([]byte(must(t, "receipt", "parse", "--json", "--dialect", "hex", text)), &got); err != nil {
		t.Fatal(err)
	}
	if got["id"] != "1a2B" || got["canonical_id"] != "6699" || got["state"] != "undelivered" || got["class"] != "content" ||
		got["reason"] != "template_not_matched" || len(got) != 14 {
		t.Errorf("JSON %v", got) // 0x1a2b is 6699
	}
	const kaleyra = "id:1 stat:UNDELIV err:023"
	if out := must(t, "receipt", "parse", "--errors", "kaleyra", kaleyra); !strings.Contains(out, "template_not_matched") {
		t.Errorf("err 023 in the dictionary kaleyra:\n%s", out)
	}
	if code, _, stderr := harkara(t, "receipt", "parse", "--errors", "jio", kaleyra); code != 2 || !strings.HasPrefix(stderr, "harkara: --errors: ") {
		t.Errorf("an unknown dictionary: exit status %d, stderr %q", code, stderr)
	}
	if code, stdout, stderr := harkara(t, "receipt", "parse", "483921 is your OTP"); code != 1 || stdout != "" ||
		!strings.HasPrefix(stderr, "harkara: this is not a delivery receipt: ") || strings.Contains(stderr, "483921") {
		t.Errorf("exit status %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

func TestConfigCheck(t *testing.T) {
	write := func(text string) string {
		file := filepath.Join(t.TempDir(), "harkara.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	good := write("node: n1\n")
	if code, stdout, stderr := harkara(t, "config", "check", good); code != 0 || stdout != "" || stderr != good+": ok\n" {
		t.Errorf("good: exit status %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if code, stdout, _ := harkara(t, "config", "check", "--json", good); code != 0 || stdout != `{"faults":[],"ok":true}`+"\n" {
		t.Errorf("good, JSON: exit status %d, stdout %q", code, stdout)
	}
	bad := write("node: n1\nhttpp: x\nnats: {listen: nowhere, sink: 1}\n")
	const what1 = "unknown key; it is one of api, chains, data, http, in_doubt, keys, ledger, nats, node, otp, postgres, projection, quarantine, register, retention, routes, smscs, tenants"
	const what2 = "unknown key; it is one of creds_file, listen, replicas, sync, url"
	want := bad + ":2: httpp: " + what1 + "\n" + bad + ":3: nats.sink: " + what2 + "\n"
	if code, stdout, stderr := harkara(t, "config", "check", bad); code != 1 || stdout != "" || stderr != want {
		t.Errorf("bad: exit status %d, stdout %q, stderr\n%swant\n%s", code, stdout, stderr, want)
	}
	code, stdout, _ := harkara(t, "config", "check", "--json", bad)
	if want := `{"faults":[{"file":"` + bad + `","line":2,"path":"httpp","what":"` + what1 + `"},{"file":"` + bad +
		`","line":3,"path":"nats.sink","what":"` + what2 + `"}],"ok":false}` + "\n"; code != 1 || stdout != want {
		t.Errorf("bad, JSON: exit status %d\n got %swant %s", code, stdout, want)
	}
	if code, _, stderr := harkara(t, "serve", "--config", bad); code != 1 || stderr != "harkara: "+want {
		t.Errorf("serve: exit status %d, stderr %q", code, stderr)
	}
}

func TestRouteExplain(t *testing.T) {
	config := gateway(t)
	args := []string{"route", "explain", "--config", config, "--tenant", "acme", "--header", "ACMEBK", "--to", "9812345678",
		"--category", "service_implicit"}
	code, stdout, stderr := harkara(t, args...)
	if want := regexp.MustCompile(`^tenant acme may use header ACMEBK
route 1 matches
service_implicit: goes to sim-a
  1\. sim-a \(target, weight 3\): ready, room for \d+
  2\. sim-b \(failover\): ready, room for \d+
$`); code != 0 || !want.MatchString(stdout) || stderr != "(as the binds of the running gateway stand now)\n" {
		t.Errorf("running: exit status %d, stderr %q\n%s", code, stderr, stdout)
	}
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	// The same configuration, but for a console that nobody answers at.
	args[3] = filepath.Join(t.TempDir(), "down.yaml")
	if err := os.WriteFile(args[3], []byte(strings.Replace(string(text), world.http, freeAddr(), 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = harkara(t, args...)
	if code != 0 || !strings.Contains(stdout, "service_implicit: goes to sim-a\n") || stderr != "(the gateway is not running: every SMSC is taken to be up)\n" {
		t.Errorf("down: exit status %d, stderr %q\n%s", code, stderr, stdout)
	}
	code, stdout, _ = harkara(t, "route", "explain", "--config", config, "--tenant", "zipkart", "--header", "ACMEBK", "--to", "9812345678",
		"--category", "promotional", "--at", "2026-11-22T10:00:00+05:30")
	if want := `tenant zipkart may not use header ACMEBK: header_not_allowed; its headers: ZIPKRT
route 1 does not match: tenant zipkart is not acme
route 2 matches
promotional: category_not_allowed
  1. sim-b (target, weight 1): may send only transactional or service_implicit
`; code != 0 || stdout != want {
		t.Errorf("exit status %d\n got %s\nwant %s", code, stdout, want)
	}
	if code, _, stderr := harkara(t, "route", "explain", "--config", config, "--tenant", "nobody", "--header", "ACMEBK", "--to", "9812345678"); code != 1 ||
		stderr != "harkara: no tenant \"nobody\" in the configuration\n" {
		t.Errorf("unknown tenant: exit status %d, stderr %q", code, stderr)
	}
	if strings.Contains(stdout, "9812345678") {
		t.Errorf("the number shows:\n%s", stdout)
	}
}

func TestBinds(t *testing.T) {
	config := gateway(t)
	table := strings.Split(strings.TrimSuffix(must(t, "binds", "--config", config), "\n"), "\n")
	if len(table) != 4 || strings.Join(strings.Fields(table[0]), " ") !=
		"SMSC BIND AS STATE FOR WINDOW RATE SUBMITS ACCEPTED REFUSED UNANSWERED RECEIPTS MATCHED LAST ERROR" {
		t.Fatalf("table %q", table)
	}
	for i, want := range []string{"sim-a 1 transceiver bound", "sim-a 2 transceiver bound", "sim-b 1 transceiver bound"} {
		if got := strings.Join(strings.Fields(table[i+1])[:4], " "); got != want {
			t.Errorf("row %d is %q, want %q", i+1, got, want)
		}
	}
	var list []struct {
		SMSC, State, Alarm string
		Bind               int
	}
	if err := json.Unmarshal([]byte(must(t, "binds", "--config", config, "--json")), &list); err != nil || len(list) != 3 ||
		list[2].SMSC != "sim-b" || list[2].Bind != 1 || list[2].State != "bound" || list[2].Alarm != "" {
		t.Errorf("JSON %+v, %v", list, err)
	}
	down := filepath.Join(t.TempDir(), "down.yaml")
	addr := freeAddr()
	if err := os.WriteFile(down, []byte("http: "+addr+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := harkara(t, "binds", "--config", down); code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 ||
		!strings.HasPrefix(stderr, "harkara: no gateway answers at http: "+addr) || !strings.HasSuffix(stderr, "is 'harkara serve' running with this configuration?\n") {
		t.Errorf("down: exit status %d, stdout %q, stderr %q", code, stdout, stderr)
	}
}

// A submit_sm whose tags carry each other's ids is warned of, as its operator would refuse it.
func TestDecodeWarnsOfSwappedTags(t *testing.T) {
	const entity, template = "1101000000000000011", "1107000000000000042" // made up
	for _, tt := range []struct {
		first, second string
		warnings      int
	}{{entity, template, 0}, {template, entity, 2}, {template + "\x00", template, 1}} {
		f, err := pdu.AppendSM(nil, pdu.SubmitSM, 1, &pdu.SM{Source: "ACMEBK", Dest: "919800000001", TLVs: []pdu.TLV{
			{Tag: 0x1400, Value: []byte(tt.first)}, {Tag: 0x1401, Value: []byte(tt.second)}}})
		if err != nil {
			t.Fatal(err)
		}
		out := must(t, "pdu", "decode", hex.EncodeToString(f))
		if n := strings.Count(out, "warning: tag 0x140"); n != tt.warnings {
			t.Errorf("%q, %q: %d warnings, want %d:\n%s", tt.first, tt.second, n, tt.warnings, out)
		}
	}
}

// TestTrace: the PDUs of a bind as they were, with nothing in them that must not be seen, for pdu decode to read.
func TestTrace(t *testing.T) {
	config := gateway(t)
	trace := must(t, "binds", "--config", config, "--trace", "sim-a")
	if !strings.Contains(trace, " sim-a/1 > bind_transceiver ") || !strings.Contains(trace, " sim-a/1 < bind_transceiver_resp ") {
		t.Fatalf("trace\n%s", trace)
	}
	code, decoded, stderr := harkaraReading(t, trace, "pdu", "decode", "--reveal", "-")
	if code != 0 || strings.Count(decoded, "command_id ") != strings.Count(trace, "\n") || strings.Contains(decoded, smscPassword) {
		t.Errorf("exit status %d, stderr %q\n%s", code, stderr, decoded)
	}
	var lines []struct {
		SMSC, Command, Hex string
		Bind               int
	}
	if err := json.Unmarshal([]byte(must(t, "binds", "--config", config, "--trace", "sim-a", "--json")), &lines); err != nil ||
		len(lines) < 4 || lines[0].SMSC != "sim-a" || lines[0].Command != "bind_transceiver" {
		t.Errorf("JSON %+v, %v", lines, err)
	}
	if code, stdout, stderr := harkara(t, "binds", "--config", config, "--trace", "none"); code != 1 || stdout != "" ||
		stderr != "harkara: no SMSC \"none\" in the configuration\n" {
		t.Errorf("an SMSC that is not there: exit status %d, %q, %q", code, stdout, stderr)
	}
}
