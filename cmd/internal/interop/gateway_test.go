//go:build interop

package interop

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"text/template"

	"harkara/cmd/internal/loopback"
)

// Everything here is made up.
const (
	systemID       = "harkara"
	smscPassword   = "smscpass"
	tenantPassword = "tenantpass"
)

// secrets is the environment that the configuration names.
var secrets = []string{"INTEROP_SMSC_PASSWORD=" + smscPassword, "INTEROP_TENANT_PASSWORD=" + tenantPassword}

var configFile = template.Must(template.New("").Parse(`node: interop
data: {{.Dir}}/data
nats: {listen: "{{.NATS}}", sync: always}
http: {{.HTTP}}
tenants:
  - {id: acme, password_env: INTEROP_TENANT_PASSWORD, headers: [ACMEBK, ACMEIN]}
  - {id: zipkart, password_env: INTEROP_TENANT_PASSWORD, headers: [ZIPKRT]}
smscs:
{{- range .Peer.SMSCs}}
  - id: {{.ID}}
    addr: {{.Addr}}
    {{- if .TLS}}
    tls: {enabled: true, ca_file: {{$.Peer.Certificates}}/ca.pem, server_name: ` + serverName + `,
      cert_file: {{$.Peer.Certificates}}/client.pem, key_file: {{$.Peer.Certificates}}/client-key.pem}
    {{- end}}
    system_id: ` + systemID + `
    password_env: INTEROP_SMSC_PASSWORD
    system_type: {{.ID}}
    mode: {{.Mode}}
    binds: {{.Binds}}
    window: 8
    categories: [transactional, service_implicit]
    source: {ton: 5, npi: 0}
    destination: {ton: 1, npi: 1}
    timeouts: {response: 2s, enquire_link: 1s}
    {{- range .Settings}}
    {{.}}
    {{- end}}
{{- end}}
routes:
{{- range .Peer.SMSCs}}
  - {match: {prefixes: ["{{.Prefix}}"]}, targets: [{smsc: {{.ID}}}]}
{{- end}}
`))

// gateway is harkara serve with a folder of its own.
type gateway struct {
	*process
	nats string
}

// serve configures a gateway against a peer, imports the register and runs it until it is ready.
func serve(ctx context.Context, t *testing.T, binary string, peer *peer) *gateway {
	t.Helper()
	dir, err := os.MkdirTemp("", "harkara-interop-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	// PostgreSQL runs as another user when the gateway runs as root, and must be able to pass.
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	nats := freeAddr(t)
	var text bytes.Buffer
	err = configFile.Execute(&text, map[string]any{"Dir": dir, "NATS": nats, "HTTP": freeAddr(t), "Peer": peer})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "harkara.yaml")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	run(ctx, t, secrets, binary, "config", "check", file)
	for _, register := range []string{"../../../deploy/samples/register.csv", "testdata/register.csv"} {
		run(ctx, t, secrets, binary, "dlt", "import", "--config", file, "--kind", "templates", register)
	}
	g := &gateway{start(ctx, t, "harkara serve", "", secrets, binary, "serve", "--config", file), nats}
	g.await(ctx, t, g.err, `"ready"`, func() bool { return slices.Contains(g.err.get(), "ready") })
	return g
}

// drain stops the gateway as a service manager does and checks that it ended well and kept its secrets.
func (g *gateway) drain(t *testing.T, requests []*request) {
	t.Helper()
	if code := g.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("harkara serve ended with status %d after SIGTERM, want 0\n%s", code, g.tail())
	}
	log := strings.Join(append(g.out.get(), g.err.get()...), "\n")
	for _, secret := range secretsOf(requests) {
		if strings.Contains(log, secret) {
			t.Errorf("harkara serve printed the secret %q", secret)
		}
	}
}

// freeAddr finds a port of loopback that nobody listens on now.
func freeAddr(t *testing.T) string {
	t.Helper()
	addr, err := loopback.Addr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}
