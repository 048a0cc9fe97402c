package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

func TestOTPUsage(t *testing.T) {
	const request = "otp request --config f --tenant t --to 9 --template 1 --purpose login"
	for _, tt := range []struct{ args, stderr string }{
		{"otp", "harkara otp needs one of its commands; see harkara otp --help"},
		{"otp request --config f --tenant t", "harkara otp request needs --to; see harkara otp request --help"},
		{"otp request --to 9", "harkara otp request needs --config; see harkara otp request --help"},
		{request + " --ttl 10ms", "--ttl 10ms: want whole seconds, at least 1s"},
		{request + " --length 3", "--length 3: want 4 to 10"},
		{request + " --key ip", `--key "ip": want NAME=VALUE`},
		{request + " --key =1", `--key "": want NAME=VALUE`},
		{request + " --code -", "--code: it is empty"},
		{"otp resend --config f --tenant t c --code=", "--code: it is empty"},
		{request + " --follow -1s", "--follow -1s: want more than 0s"},
		{"otp verify --config f --tenant t c", "harkara otp verify wants a CHALLENGE and a CODE, or - to read it from stdin; see harkara otp verify --help"},
		{"otp verify --config f c 1", "harkara otp verify needs --tenant; see harkara otp verify --help"},
		{"otp resend --config f --tenant t", "harkara otp resend wants one CHALLENGE; see harkara otp resend --help"},
		{"otp cancel --config f --tenant t", "harkara otp cancel wants one CHALLENGE; see harkara otp cancel --help"},
		{"otp status --config f --tenant t a b", "harkara otp status wants one CHALLENGE; see harkara otp status --help"},
		{"otp enrol --config f --tenant t", "harkara otp enrol needs --account; see harkara otp enrol --help"},
		{"demo --challenges -1", "--challenges must be at least 0"},
		{"otp key", "harkara otp key needs --tenant; see harkara otp key --help"},
		{"otp key --tenant a.b", "--tenant: want 1-32 letters, digits, - or _"},
		{"otp events --config f", "harkara otp events needs --tenant; see harkara otp events --help"},
	} {
		code, stdout, stderr := harkara(t, strings.Fields(tt.args)...)
		if code != 2 || stdout != "" || stderr != "harkara: "+tt.stderr+"\n" {
			t.Errorf("%s: exit status %d, stdout %q, stderr\n got %q\nwant %q", tt.args, code, stdout, stderr, "harkara: "+tt.stderr+"\n")
		}
	}
}

// otpServer is a NATS server with a service of canned answers for acme.
type otpServer struct {
	config string
	conn   *nats.Conn
	mu     sync.Mutex
	asked  map[string]any // the last call's body
	call   string         // its name
}

// newOTPServer answers each call, by name, with its JSON.
func newOTPServer(t *testing.T, answers map[string]string) *otpServer {
	t.Helper()
	ns, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true,
		Users: []*server.User{{Username: "acme", Password: "made-up"}, {Username: "gateway", Password: "made-up"}}})
	if err != nil {
		t.Fatal(err)
	}
	ns.Start()
	t.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	if !ns.ReadyForConnections(patience) {
		t.Fatal("the NATS server is not ready")
	}
	s := &otpServer{config: filepath.Join(t.TempDir(), "harkara.yaml")}
	if s.conn, err = nats.Connect(ns.ClientURL(), nats.UserInfo("gateway", "made-up")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.conn.Close)
	if _, err := s.conn.Subscribe("sms.acme.otp.*", func(m *nats.Msg) {
		s.mu.Lock()
		s.call, s.asked = m.Subject[len("sms.acme.otp."):], map[string]any{}
		err := json.Unmarshal(m.Data, &s.asked)
		s.mu.Unlock()
		if answer, ok := answers[s.call]; ok && err == nil {
			_ = m.Respond([]byte(answer)) // or the command says so
		}
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.conn.Flush(); err != nil {
		t.Fatal(err)
	}
	where, _ := url.Parse(ns.ClientURL())
	if err := os.WriteFile(s.config, fmt.Appendf(nil, `node: test
data: %s
nats: {url: "nats://%s"}
tenants: [{id: acme, password: made-up, headers: [ACMEBK]}]
smscs: [{id: a, addr: "127.0.0.1:1", system_id: x, password: y}]
routes: [{targets: [{smsc: a}]}]
`, t.TempDir(), where.Host), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOTPCalls pins what each call sends, prints and ends with.
func TestOTPCalls(t *testing.T) {
	const (
		id   = "abcdefghijklmnopqrstuvwxyz"
		sent = `{"challenge":"` + id + `","expires_at":"2026-11-22T10:00:00Z","resend_after":30,"warnings":["too short"]}`
		live = `{"challenge":"` + id + `","state":"live","purpose":"login","to_last4":"5678","requested_at":"2026-11-22T09:55:00Z",
			"expires_at":"2026-11-22T10:00:00Z","sends":2,"attempts_left":4,"resend_after":-1,"delivered":true,"smscs":["sim-a","sim-b"]}`
	)
	wire := func(result string) string { return `{"result":"` + result + `","attempts_left":2,"retry_after":7}` }
	at := func(s string) string {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v.Local().Format(time.RFC3339)
	}
	const ask = "request --to 9812345678 --template 1107161234567890123 --purpose login"
	for _, tt := range []struct {
		args, stdin, answer string
		body                map[string]any
		code                int
		stdout, stderr      string
	}{
		{ask, "", sent, map[string]any{"to": "9812345678", "template": "1107161234567890123", "purpose": "login"}, 0, id + "\n",
			"on its way; expires at " + at("2026-11-22T10:00:00Z") + "; resend in 30 s\nwarning: too short\n"},
		{ask + " --header ACMEBK --var {code} --var 10 --length 8 --ttl 5m --id a-1 --key ip=203.0.113.7 --key device=x=y --json", "", sent,
			map[string]any{"to": "9812345678", "template": "1107161234567890123", "purpose": "login", "header": "ACMEBK", "vars": []any{"{code}", "10"},
				"length": 8.0, "ttl_s": 300.0, "id": "a-1", "keys": map[string]any{"ip": "203.0.113.7", "device": "x=y"}}, 0, sent + "\n",
			"on its way; expires at " + at("2026-11-22T10:00:00Z") + "; resend in 30 s\nwarning: too short\n"},
		{ask, "", `{"error":{"code":"rejected","detail":"no such template","reason":"unknown_template"}}`, nil, 1, "",
			"harkara: rejected: no such template (unknown_template)\n"},
		{ask + " --json", "", `{"error":{"code":"locked","detail":"too many","retry_after":60}}`, nil, 1,
			`{"error":{"code":"locked","detail":"too many","retry_after":60}}` + "\n", "harkara: locked: too many; try again in 60 s\n"},
		{"verify " + id + " 483921", "", `{"result":"ok","attempts_left":5}`, map[string]any{"challenge": id, "code": "483921"}, 0, "ok\n", ""},
		{"verify " + id + " -", " 483921 \nmore\n", `{"result":"ok","attempts_left":5}`, map[string]any{"challenge": id, "code": "483921"}, 0, "ok\n", ""},
		{"verify " + id + " 483921 --json", "", wire("wrong"), nil, 1, wire("wrong") + "\n", ""},
		{"verify " + id + " 483921", "", wire("wrong"), nil, 1, "wrong: 2 more tries\n", ""},
		{"verify " + id + " 483921", "", wire("used"), nil, 1, "used: the code was right once, and counts no second time\n", ""},
		{"verify " + id + " 483921", "", wire("expired"), nil, 1, "expired: the code is too old, was cancelled, or a newer one was asked for\n", ""},
		{"verify " + id + " 483921", "", wire("locked"), nil, 1, "locked: too many wrong codes; try again in 7 s\n", ""},
		{"verify " + id + " 483921", "", `{"result":"locked","attempts_left":0}`, nil, 1, "locked: too many wrong codes; ask for a new one\n", ""},
		{ask + " --code 904417", "", sent, map[string]any{"to": "9812345678", "template": "1107161234567890123", "purpose": "login", "code": "904417"}, 0,
			id + "\n", "on its way; expires at " + at("2026-11-22T10:00:00Z") + "; resend in 30 s\nwarning: too short\n"},
		{ask + " --code -", "904417\n", sent, map[string]any{"to": "9812345678", "template": "1107161234567890123", "purpose": "login", "code": "904417"}, 0,
			id + "\n", "on its way; expires at " + at("2026-11-22T10:00:00Z") + "; resend in 30 s\nwarning: too short\n"},
		{"resend " + id + " --code -", "904417", sent, map[string]any{"challenge": id, "code": "904417"}, 0, "",
			"on its way; expires at " + at("2026-11-22T10:00:00Z") + "; resend in 30 s\nwarning: too short\n"},
		{"resend " + id, "", sent, map[string]any{"challenge": id}, 0, "", "on its way; expires at " + at("2026-11-22T10:00:00Z") + "; resend in 30 s\nwarning: too short\n"},
		{"cancel " + id, "", strings.Replace(live, "live", "cancelled", 1), map[string]any{"challenge": id}, 0, "cancelled\n", ""},
		{"cancel " + id, "", strings.Replace(live, "live", "verified", 1), nil, 1, "verified: it had ended before\n", ""},
		{"cancel " + id + " --json", "", wire("verified"), nil, 1, wire("verified") + "\n", ""},
		{"status " + id, "", live, map[string]any{"challenge": id}, 0, "challenge  " + id + "\nstate      live\npurpose    login\nto         …5678\nrequested  " +
			at("2026-11-22T09:55:00Z") + "\nexpires    " + at("2026-11-22T10:00:00Z") +
			"\nsends      2, delivered by sim-a, sim-b\ntries left 4\nnext       no more sends\n", ""},
		{"enrol --account asha@example.com --issuer Acme", "", `{"challenge":"t-1","uri":"otpauth://totp/x","qr":"AQID"}`,
			map[string]any{"account": "asha@example.com", "issuer": "Acme"}, 0, "t-1\notpauth://totp/x\n", ""},
	} {
		t.Run(tt.args, func(t *testing.T) {
			call, rest, _ := strings.Cut(tt.args, " ")
			s := newOTPServer(t, map[string]string{call: tt.answer})
			args := append([]string{"otp", call, "--config", s.config, "--tenant", "acme"}, strings.Fields(rest)...)
			code, stdout, stderr := harkaraReading(t, tt.stdin, args...)
			if code != tt.code || stdout != tt.stdout || stderr != tt.stderr {
				t.Errorf("exit status %d, want %d; stdout\n%q\n%q\nstderr\n%q\n%q", code, tt.code, stdout, tt.stdout, stderr, tt.stderr)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.call != call || tt.body != nil && !reflect.DeepEqual(s.asked, tt.body) {
				t.Errorf("asked %s %v, want %v", s.call, s.asked, tt.body)
			}
		})
	}
}

// TestOTPUnanswered: nobody there is said so, and nothing is left behind.
func TestOTPUnanswered(t *testing.T) {
	s := newOTPServer(t, nil)
	s.conn.Close()
	qr := filepath.Join(t.TempDir(), "app.png")
	for _, args := range []string{"request --to 9 --template 1 --purpose login", "verify c 1", "status c", "enrol --account a --qr " + qr} {
		call, rest, _ := strings.Cut(args, " ")
		code, stdout, stderr := harkara(t, append([]string{"otp", call, "--config", s.config, "--tenant", "acme"}, strings.Fields(rest)...)...)
		if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "harkara: no OTP service answers at nats://127.0.0.1:") ||
			!strings.HasSuffix(stderr, "; is 'harkara serve' running?\n") {
			t.Errorf("%s: exit status %d, %q, %q", args, code, stdout, stderr)
		}
	}
	if _, err := os.Stat(qr); !os.IsNotExist(err) {
		t.Errorf("a QR file of nothing is left: %v", err)
	}
}

func TestOTPConfigurationMissing(t *testing.T) {
	const want = "harkara: read configuration: open none.yaml: no such file or directory\n"
	for _, call := range []string{"request --to 9 --template 1 --purpose login", "request --to 9 --template 1 --purpose login --follow 1s", "verify c 1",
		"resend c", "cancel c", "status c", "enrol --account a", "events"} {
		code, stdout, stderr := harkara(t, strings.Fields("otp "+call+" --config none.yaml --tenant t")...)
		if code != 1 || stdout != "" || stderr != want {
			t.Errorf("%s: exit status %d, stdout %q, stderr %q", call, code, stdout, stderr)
		}
	}
}

// TestOTPEnrolQR writes the QR code to a new file that is closed to others, and over none.
func TestOTPEnrolQR(t *testing.T) {
	s := newOTPServer(t, map[string]string{"enrol": `{"challenge":"t-1","uri":"otpauth://totp/x","qr":"AQID"}`})
	qr := filepath.Join(t.TempDir(), "app.png")
	args := []string{"otp", "enrol", "--config", s.config, "--tenant", "acme", "--account", "a", "--qr", qr}
	code, stdout, stderr := harkara(t, args...)
	if code != 0 || stdout != "t-1\n" || stderr != "the QR code is in "+qr+"; delete it when it was scanned\n" {
		t.Errorf("exit status %d, %q, %q", code, stdout, stderr)
	}
	info, err := os.Stat(qr)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 3 {
		t.Errorf("%v, %v", info, err)
	}
	if code, stdout, _ := harkara(t, args...); code != 1 || stdout != "" {
		t.Errorf("over a file: exit status %d, %q", code, stdout)
	}
	if info, err := os.Stat(qr); err != nil || info.Size() != 3 {
		t.Errorf("the file that was there: %v, %v", info, err)
	}
}

// TestOTPKey: the line that is printed is of a configuration, and of the key.
func TestOTPKey(t *testing.T) {
	code, stdout, stderr := harkara(t, "otp", "key", "--tenant", "acme")
	key := strings.TrimSuffix(stdout, "\n")
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte(key)))
	if code != 0 || !strings.HasPrefix(key, "hk_acme_") || !strings.HasSuffix(stderr, "\n    api_keys: [{id: key-"+digest[:6]+`, sha256: "`+digest+"\"}]\n") {
		t.Errorf("exit status %d, %q, %q", code, stdout, stderr)
	}
	if _, again, _ := harkara(t, "otp", "key", "--tenant", "acme"); again == stdout {
		t.Error("the same key twice")
	}
}

// TestOTPEvents follows events, of one challenge until it has ended and of all until told to stop.
func TestOTPEvents(t *testing.T) {
	event := func(s *otpServer, name, challenge, more string) {
		body := fmt.Sprintf(`{"event":"%s","challenge":"%s","purpose":"login","at":"2026-11-22T10:00:00.000Z"%s}`, name, challenge, more)
		if err := s.conn.Publish("sms.acme.otp.event."+name, []byte(body)); err != nil {
			t.Error(err)
		}
	}
	s := newOTPServer(t, nil)
	if _, err := s.conn.Subscribe("sms.acme.otp.request", func(m *nats.Msg) { // the events come before the answer
		event(s, "requested", "mine", `,"to_last4":"5678"`)
		event(s, "requested", "other", "")
		_ = m.Respond([]byte(`{"challenge":"mine","expires_at":"2026-11-22T10:00:00Z","resend_after":0}`))
		event(s, "sent", "mine", `,"smsc":"sim-a","send":1`)
		event(s, "failed", "mine", `,"left":2`)
		event(s, "blocked", "mine", `,"reason":"cooldown","retry_after":3,"dry_run":true`)
		event(s, "fell_back", "mine", `,"send":2,"route":"next"`)
		event(s, "verified", "mine", "")
		event(s, "delivered", "mine", "")
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.conn.Flush(); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := harkara(t, "otp", "request", "--config", s.config, "--tenant", "acme", "--to", "9812345678", "--template", "1",
		"--purpose", "login", "--follow", patience.String())
	const at = "2026-11-22T10:00:00.000Z  "
	want := "mine\n" + at + "requested    login  mine  to …5678\n" + at + "sent         login  mine  send 1  by sim-a\n" +
		at + "failed       login  mine  2 more tries\n" + at + "blocked      login  mine  cooldown  for 3 s  let through (dry run)\n" +
		at + "fell_back    login  mine  send 2  route next\n" + at + "verified     login  mine\n"
	if code != 0 || stdout != want || !strings.HasSuffix(stderr, "; resend now\n") {
		t.Errorf("exit status %d, stderr %q, stdout\n%s\nwant\n%s", code, stderr, stdout, want)
	}

	for _, tt := range []struct {
		event, more string
		last        bool
	}{
		{"failed", "", true}, {"failed", `,"left":1`, false}, {"locked", `,"retry_after":60`, false}, {"expired", "", true}, {"cancelled", "", true},
		{"blocked", "", false}, {"undelivered", "", false},
	} {
		var e otpEvent
		if err := json.Unmarshal(fmt.Appendf(nil, `{"event":"%s"%s}`, tt.event, tt.more), &e); err != nil || e.last() != tt.last {
			t.Errorf("%s%s is the last: %t, %v", tt.event, tt.more, e.last(), err)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	out, errs := newWatched(), newWatched()
	done := make(chan int)
	go func() {
		done <- run(ctx, []string{"otp", "events", "--config", s.config, "--tenant", "acme", "--json"}, strings.NewReader(""), out, errs)
	}()
	if err := errs.await("following the events of acme"); err != nil {
		t.Fatal(err)
	}
	event(s, "locked", "x", `,"retry_after":60`)
	if err := out.await(`{"event":"locked","challenge":"x","purpose":"login","at":"2026-11-22T10:00:00.000Z","retry_after":60}` + "\n"); err != nil {
		t.Error(err)
	}
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("exit status %d: %s", code, errs)
	}
}
