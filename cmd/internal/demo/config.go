package demo

import "text/template"

// configTemplate is the demo's configuration file; `harkara report`, `send` and the rest work with it while the demo
// is up.
var configTemplate = template.Must(template.New("config").Parse(`# Made by harkara demo: everything on loopback, made-up tenants and passwords.
node: demo
data: {{.Data}}
nats: {listen: "{{.NATS}}", sync: {{.Sync}}}
http: {{.HTTP}}{{with .DSN}}
postgres: {dsn: "{{.}}"}{{end}}
tenants:
  - {id: acme, password: {{.Password}}, headers: [ACMEBK], weight: 1}
  - {id: zipkart, password: {{.Password}}, headers: [ZIPKRT], weight: 1}
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
`))
