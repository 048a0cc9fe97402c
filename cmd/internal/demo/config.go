package demo

import "text/template"

// TestNumber takes no SMS: its codes are all TestCode, so that a person can try everything by hand.
const (
	TestNumber = "+919999900001"
	TestCode   = "000000"
)

// configTemplate is the demo's configuration file; `harkara report`, `send` and the rest work with it while the demo
// is up.
var configTemplate = template.Must(template.New("config").Parse(`# Made by harkara demo: everything on loopback, made-up tenants and passwords.
node: demo
data: {{.Data}}
nats: {listen: "{{.NATS}}", sync: {{.Sync}}}
http: {{.HTTP}}{{with .DSN}}
postgres: {dsn: "{{.}}"}{{end}}
tenants:
  - id: acme
    password: {{.Password}}
    headers: [ACMEBK]
    weight: 1
    api_keys: [{id: demo, sha256: "{{.APIKeys.acme}}"}]   # acme.key, beside this file
  - id: zipkart
    password: {{.Password}}
    headers: [ZIPKRT]
    weight: 1
    api_keys: [{id: demo, sha256: "{{.APIKeys.zipkart}}"}]
smscs:{{range $id, $addr := .SMSCs}}
  - id: {{$id}}
    addr: {{$addr}}
    system_id: harkara
    password: {{$.Password}}
    binds: {{$.Binds}}
    window: {{$.Window}}
    categories: [transactional, service_implicit]
{{$.Extra}}{{end}}
routes:
  - match: {tenants: [acme]}
    targets: [{smsc: sim-a, weight: 3}, {smsc: sim-b, weight: 1}]
  - match: {tenants: [zipkart]}
    targets: [{smsc: sim-b}]
    failover: [sim-a]
otp:
  production: false
  policies:                      # short cool-downs and few tries, so that a demo has them all
    - {tries: 3, lock_after: 3, lock: [1m, 5m], cooldown: [1s, 30s]}
  test_numbers: [{number: "` + TestNumber + `", code: "` + TestCode + `"}]   # no SMS goes there
`))
