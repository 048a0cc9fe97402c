package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/smpp/smsctest"
	"harkara/storage/postgres/pgtest"
)

// site is a gateway of its own beside the world: own data folder, own SMSC, own database in the world's cluster.
type site struct {
	dir, nats, http, dsn string
	smsc                 *smsctest.SMSC
}

func newSite(t *testing.T, database string) *site {
	t.Helper()
	gateway(t)
	dir, err := pgtest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if _, err := world.db.Exec("CREATE DATABASE " + database); err != nil {
		t.Fatal(err)
	}
	dsn, err := os.ReadFile(filepath.Join(world.dir, "data", "postgres.dsn"))
	if err != nil {
		t.Fatal(err)
	}
	s := &site{dir: dir, nats: freeAddr(), http: freeAddr(), dsn: strings.TrimSpace(string(dsn)) + " dbname=" + database}
	s.smsc, err = smsctest.Listen("127.0.0.1:0", smsctest.Config{SystemID: "harkara", Password: smscPassword})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.smsc.Close() })
	return s
}

// config writes a configuration with the password for the SMSC, changed by pairs of old and new text.
func (s *site) config(t *testing.T, password string, change ...string) string {
	t.Helper()
	text := fmt.Sprintf(`data: %s/data
nats: {listen: "%s", sync: 100ms}
postgres: {dsn: "%s"}
http: %s
tenants:
  - {id: acme, password: %s, headers: [ACMEBK]}
smscs:
  - {id: sim-a, addr: "%s", system_id: harkara, password: %s}
routes:
  - targets: [{smsc: sim-a}]
`, s.dir, s.nats, s.dsn, s.http, acmePassword, s.smsc.Addr(), password)
	file := filepath.Join(t.TempDir(), "harkara.yaml")
	if err := os.WriteFile(file, []byte(strings.NewReplacer(change...).Replace(text)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestWrongBindPassword: the gateway stays up and says what to mend; what tenants publish waits in JetStream, and goes out
// once the password is right.
func TestWrongBindPassword(t *testing.T) {
	s := newSite(t, "wrong_password")
	const wrong = "wr0ng-pw"
	config := s.config(t, wrong)
	must(t, "dlt", "import", "--config", config, "--kind", "templates", "../../deploy/samples/register.csv")
	p := serve(config)
	defer p.stop()
	if err := p.stderr.await("ESME_RINVPASWD"); err != nil {
		t.Fatal(err)
	}
	stdout := must(t, "binds", "--config", config)
	if !strings.Contains(stdout, " refused ") || !strings.Contains(stdout, "ALARM: ") || !strings.Contains(stdout, "mend system_id, password or system_type, then restart") {
		t.Errorf("binds:\n%s", stdout)
	}
	if code, body := get(t, s.http, "/readyz"); code != 503 || body != "no bind is up; see harkara binds\n" {
		t.Errorf("/readyz: %d %q", code, body)
	}
	if code, body := get(t, s.http, "/healthz"); code != 200 || body != "ok\n" {
		t.Errorf("/healthz: %d %q", code, body)
	}
	if _, body := get(t, s.http, "/metrics"); !strings.Contains(body, "harkara_binds_alarms{smsc=\"sim-a\"} 1\n") {
		t.Errorf("no alarm in the metrics:\n%s", body)
	}

	conn, err := nats.Connect(s.nats, nats.UserInfo("acme", acmePassword))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	const n = 5
	for i := range n {
		if _, err := js.Publish(t.Context(), "sms.acme.send.otp", fmt.Appendf(nil,
			`{"id": "wait-%d", "to": "981230005%d", "template": %q, "vars": ["483921", "10"]}`, i, i, loginOTP)); err != nil {
			t.Fatal(err)
		}
	}
	conn.Close()
	if code := p.stop(); code != 0 {
		t.Errorf("exit status %d\n%s", code, p.stderr)
	}
	log := p.stderr.String()
	for _, never := range []string{wrong, "ready\n", "483921", "98123000"} {
		if strings.Contains(log, never) {
			t.Errorf("stderr holds %q:\n%s", never, log)
		}
	}
	if c := s.smsc.Counters(); c.Submits != 0 || c.BindsRefused != 1 {
		t.Errorf("the SMSC saw %d submit_sm and refused %d binds; want none, and 1 without a retry", c.Submits, c.BindsRefused)
	}

	config = s.config(t, smscPassword)
	p = serve(config)
	defer p.stop()
	if err := p.stderr.await("ready\n"); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		settled(t, config, fmt.Sprintf("wait-%d", i), "delivered")
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit status %d\n%s", code, p.stderr)
	}
	if c := s.smsc.Counters(); c.Accepted != n || c.Duplicates != 0 || c.ReceiptsAcked != n {
		t.Errorf("the SMSC accepted %d, %d of them twice, and %d receipts were acked; want %d, 0, %d", c.Accepted, c.Duplicates, c.ReceiptsAcked, n, n)
	}
	if log := p.stderr.String(); strings.Count(log, "ready\n") != 1 {
		t.Errorf("not ready exactly once:\n%s", log)
	}
}

// TestServeDrains: SIGTERM while submits are on the wire. Each gets its answer before the bind ends, and its receipt after
// the next start on the same folder; none is sent twice.
func TestServeDrains(t *testing.T) {
	s := newSite(t, "drains")
	s.smsc.Change(func(c *smsctest.Config) { c.Latency, c.ReceiptDelay = 300*time.Millisecond, 300*time.Millisecond })
	config := s.config(t, smscPassword)
	must(t, "dlt", "import", "--config", config, "--kind", "templates", "../../deploy/samples/register.csv")
	p := serve(config)
	defer p.stop()
	if err := p.stderr.await("ready\n"); err != nil {
		t.Fatal(err)
	}
	conn, err := nats.Connect(s.nats, nats.UserInfo("acme", acmePassword))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	const n = 30 // fewer than the window of 32
	for i := range n {
		if _, err := js.Publish(t.Context(), "sms.acme.send.otp", fmt.Appendf(nil,
			`{"id": "drain-%d", "to": "98124000%02d", "template": %q, "vars": ["483921", "10"]}`, i, i, loginOTP)); err != nil {
			t.Fatal(err)
		}
	}
	conn.Close()
	eventually(t, "all are on the wire", func() bool { return s.smsc.Counters().Submits == n })
	if code := p.stop(); code != 0 {
		t.Errorf("exit status %d\n%s", code, p.stderr)
	}
	if log := p.stderr.String(); !strings.Contains(log, "msg=draining") || strings.Contains(log, "level=ERROR") {
		t.Errorf("stderr\n%s", log)
	}
	if c := s.smsc.Counters(); c.Bound != 0 || c.Accepted != n {
		t.Errorf("at the end %d binds are up and %d of %d are accepted", c.Bound, c.Accepted, n)
	}
	for _, m := range lines[message](t, must(t, "report", "messages", "--config", config, "--format", "json")) {
		if m.State != "submitted" && m.State != "delivered" {
			t.Errorf("%s ended as %s, want its answer", m.ID, m.State)
		}
	}

	p = serve(config)
	defer p.stop()
	if err := p.stderr.await("ready\n"); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		settled(t, config, fmt.Sprintf("drain-%d", i), "delivered")
	}
	if code := p.stop(); code != 0 {
		t.Errorf("exit status %d\n%s", code, p.stderr)
	}
	if c := s.smsc.Counters(); c.Accepted != n || c.Duplicates != 0 || c.ReceiptsAcked != n {
		t.Errorf("the SMSC accepted %d, %d of them twice, %d receipts acked; want %d, none, %d", c.Accepted, c.Duplicates, c.ReceiptsAcked, n, n)
	}
}

// TestServeCannotStart: one line that says what is wrong and what to do, exit status 1, no password.
func TestServeCannotStart(t *testing.T) {
	s := newSite(t, "cannot_start")
	closed := freeAddr()
	host, port, err := net.SplitHostPort(closed)
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	addr := taken.Addr().String()
	const uncopied = "; to start without it: no snapshot of the register is kept in SMS_REGISTER yet: " +
		"a gateway keeps one when it reaches PostgreSQL"
	for _, tt := range []struct {
		name   string
		change []string
		want   string
	}{
		{"PostgreSQL down", []string{s.dsn, "host=" + host + " port=" + port + " user=u password=dsn-secret dbname=d sslmode=disable"},
			"PostgreSQL does not answer: dial tcp " + closed + ": connect: connection refused; is it running, and is postgres.dsn right?" + uncopied},
		{"PostgreSQL down, as a URL", []string{s.dsn, "postgres://u:dsn-secret@" + closed + "/d?sslmode=disable"},
			"PostgreSQL does not answer: dial tcp " + closed + ": connect: connection refused; is it running, and is postgres.dsn right?" + uncopied},
		{"NATS port taken", []string{s.nats, addr}, "nats.listen " + addr + ": listen tcp " + addr +
			": bind: address already in use; stop what listens there or set another address"},
		{"HTTP port taken", []string{s.http, addr}, "http " + addr + ": listen tcp " + addr +
			": bind: address already in use; stop what listens there or set another address"},
		{"tenant's password missing", []string{"password: " + acmePassword, "password_env: HARKARA_TEST_UNSET"},
			"tenant acme: environment variable HARKARA_TEST_UNSET is not set: set it to the password"},
		{"SMSC's password missing", []string{"password: " + smscPassword, "password_file: /nowhere/pw"},
			"SMSC sim-a: read password file: open /nowhere/pw: no such file or directory"},
		{"CA missing", []string{"system_id: harkara", "system_id: harkara, tls: {enabled: true, ca_file: /nowhere/ca.pem}"},
			"FILE:8: smscs[0].tls: ca_file: open /nowhere/ca.pem: no such file or directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := s.config(t, smscPassword, tt.change...)
			code, stdout, stderr := harkara(t, "serve", "--config", file)
			tt.want = strings.Replace(tt.want, "FILE", file, 1)
			if code != 1 || stdout != "" || stderr != "harkara: "+tt.want+"\n" {
				t.Errorf("exit status %d, stdout %q, stderr\n got %swant harkara: %s", code, stdout, stderr, tt.want)
			}
			for _, secret := range []string{"dsn-secret", acmePassword, smscPassword} {
				if strings.Contains(stderr, secret) {
					t.Errorf("stderr shows a password: %s", stderr)
				}
			}
		})
	}
}

// TestSecondGatewayOnTheSameFolder: two would write the same store.
func TestSecondGatewayOnTheSameFolder(t *testing.T) {
	text, err := os.ReadFile(gateway(t))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "second.yaml")
	other := strings.NewReplacer(world.nats, freeAddr(), world.http, freeAddr()).Replace(string(text))
	if err := os.WriteFile(file, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	p := serve(file)
	defer p.stop()
	if err := p.stderr.await("harkara: "); err != nil {
		t.Fatal(err)
	}
	<-p.done
	if want := "harkara: another gateway, or a command on its ledger, works on the data folder " + world.dir + "/data: stop it, or set another one in data\n"; p.code != 1 || p.stderr.String() != want {
		t.Errorf("exit status %d, stderr %q, want %q", p.code, p.stderr, want)
	}
}
