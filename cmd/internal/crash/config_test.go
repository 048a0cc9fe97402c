package crash

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"text/template"
	"time"

	"harkara/cmd/internal/app"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

var configuration = template.Must(template.New("").Parse(`node: crash-{{.N}}
data: {{.Data}}
nats: { {{- with .URL}}url: "{{.}}"{{else}}listen: "{{.NATS}}", sync: always{{end -}} }
{{with .DSN}}postgres: {dsn: "{{.}}"}
{{end}}http: {{.HTTP}}
tenants:
  - {id: acme, password: {{.Password}}, headers: [ACMEBK, ACMEIN]}
  - {id: zipkart, password: {{.Password}}, headers: [ZIPKRT]}
smscs:{{range $id, $s := .SMSCs}}
  - id: {{$id}}
    addr: {{$s.Addr}}
    system_id: harkara
    password: {{$.Password}}
    binds: 2
    window: 16
    categories: [transactional, service_implicit]
    timeouts: {bind: 2s, response: 600ms, enquire_link: 2s}{{end}}
routes:
  - match: {tenants: [acme]}
    targets: [{smsc: sim-a, weight: 3}, {smsc: sim-b, weight: 1}]
  - match: {tenants: [zipkart]}
    targets: [{smsc: sim-b}]
    failover: [sim-a]
quarantine: {after: 0}
in_doubt: {otp: resend_once, txn: hold, bulk: hold}
`))

func (w *world) configure(t *testing.T, n int, set setting) *site {
	t.Helper()
	dsn := ""
	if set.postgres != "" {
		dsn = dsnOf(t, set.postgres)
	}
	var b bytes.Buffer
	err := configuration.Execute(&b, map[string]any{"N": n, "Data": filepath.Join(w.dir, fmt.Sprintf("data%d", n)),
		"URL": set.url, "DSN": dsn, "NATS": freeAddr(t), "HTTP": freeAddr(t), "Password": password, "SMSCs": w.sims})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{file: filepath.Join(w.dir, fmt.Sprintf("harkara%d.yaml", n))}
	if err := os.WriteFile(s.file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.cfg, err = app.Parse(s.file, b.Bytes()); err != nil {
		t.Fatal(err)
	}
	return s
}

// simulator is an SMSC with a book of its own: when submit_sm came for a number, accepted or not.
type simulator struct {
	*smsctest.SMSC
	came *arrivals
}

func listen(t *testing.T, id sms.SMSCID) *simulator {
	t.Helper()
	s := &simulator{came: newArrivals()}
	var err error
	s.SMSC, err = smsctest.Listen("127.0.0.1:0", smsctest.Config{SystemID: "harkara", Password: password,
		Latency: 2 * time.Millisecond, ReceiptDelay: 10 * time.Millisecond, AckTimeout: time.Second, LateBy: 900 * time.Millisecond,
		Undelivered: 0.05, Keep: 1 << 11, Seen: s.came.saw})
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}
