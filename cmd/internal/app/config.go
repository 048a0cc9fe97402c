package app

import (
	"fmt"

	"harkara/smpp/sms"
)

// Config is the configuration file, decoded. Field names follow the file's keys; see deploy/samples/harkara.yaml.
type Config struct {
	Node     string   `koanf:"node"`
	Data     string   `koanf:"data"`
	NATS     NATS     `koanf:"nats"`
	Postgres Postgres `koanf:"postgres"`
	HTTP     string   `koanf:"http"`
	Tenants  []Tenant `koanf:"tenants"`
	SMSCs    []SMSC   `koanf:"smscs"`
	Chains   []Chain  `koanf:"chains"`
	Routes   []Route  `koanf:"routes"`
	InDoubt  InDoubt  `koanf:"in_doubt"`

	Register   Register   `koanf:"register"`
	Quarantine Quarantine `koanf:"quarantine"`

	Ledger     Ledger     `koanf:"ledger"`
	Retention  Retention  `koanf:"retention"`
	Keys       Keys       `koanf:"keys"`
	Projection Projection `koanf:"projection"`

	OTP OTP `koanf:"otp"`
	API API `koanf:"api"`
}

// NATS says where JetStream is: an embedded server when URL is empty.
type NATS struct {
	URL       sms.Secret `koanf:"url"`        // may hold a password
	CredsFile string     `koanf:"creds_file"` // of the gateway, for an external server
	Listen    string     `koanf:"listen"`
	Sync      string     `koanf:"sync"` // "always" or an interval such as "100ms"
	Replicas  int        `koanf:"replicas"`
}

// Postgres says where the database is: a private cluster under the data folder when DSN is empty.
type Postgres struct {
	DSN sms.Secret `koanf:"dsn"` // may hold a password
}

// Tenant is one publisher.
type Tenant struct {
	ID           sms.TenantID `koanf:"id"`
	Password     sms.Secret   `koanf:"password"`
	PasswordEnv  string       `koanf:"password_env"`
	PasswordFile string       `koanf:"password_file"`
	NKey         string       `koanf:"nkey"`
	Headers      []string     `koanf:"headers"`
	TPS          int          `koanf:"tps"`
	DailyLimit   int          `koanf:"daily_limit"`
	Weight       int          `koanf:"weight"`
	APIKeys      []APIKey     `koanf:"api_keys"` // for /v1
	Events       Hook         `koanf:"events"`   // where events of its challenges are posted; no URL: nowhere
}

// Chain is the PE-TM chain of one entity at one SMSC.
type Chain struct {
	Entity string     `koanf:"entity"`
	SMSC   sms.SMSCID `koanf:"smsc"`
	IDs    []string   `koanf:"ids"`
	From   string     `koanf:"from"`  // the first day, IST; empty: always was
	Until  string     `koanf:"until"` // the day after the last; empty: still is
}

// Route is one line of the route table.
type Route struct {
	Match    Match        `koanf:"match"`
	Targets  []Target     `koanf:"targets"`
	Failover []sms.SMSCID `koanf:"failover"`
}

// Match is what a request must be for the route to hold; an empty list holds for all.
type Match struct {
	Tenants  []sms.TenantID `koanf:"tenants"`
	Classes  []string       `koanf:"classes"`
	Headers  []string       `koanf:"headers"`
	Prefixes []string       `koanf:"prefixes"`
}

// Target is one SMSC of a route with its share.
type Target struct {
	SMSC   sms.SMSCID `koanf:"smsc"`
	Weight int        `koanf:"weight"`
}

// InDoubt is the policy by class for what was written and never answered: hold or resend_once.
type InDoubt struct {
	OTP  string `koanf:"otp"`
	Txn  string `koanf:"txn"`
	Bulk string `koanf:"bulk"`
}

// withDefaults fills what the file left out, as at knows it: what stands there stays, a zero too.
func (c *Config) withDefaults(at *lines) {
	fill(at, "node", &c.Node, "node-1")
	fill(at, "data", &c.Data, "./data")
	fill(at, "http", &c.HTTP, "127.0.0.1:8080")
	fill(at, "nats.listen", &c.NATS.Listen, "127.0.0.1:4222")
	fill(at, "nats.sync", &c.NATS.Sync, "always")
	fill(at, "nats.replicas", &c.NATS.Replicas, 1)
	for i := range c.Tenants {
		fill(at, fmt.Sprintf("tenants[%d].weight", i), &c.Tenants[i].Weight, 1)
	}
	for i := range c.SMSCs {
		c.SMSCs[i].withDefaults(at, fmt.Sprintf("smscs[%d].", i))
	}
	for i := range c.Routes {
		for j := range c.Routes[i].Targets {
			fill(at, fmt.Sprintf("routes[%d].targets[%d].weight", i, j), &c.Routes[i].Targets[j].Weight, 1)
		}
	}
	fill(at, "in_doubt.otp", &c.InDoubt.OTP, "resend_once")
	fill(at, "in_doubt.txn", &c.InDoubt.Txn, "hold")
	fill(at, "in_doubt.bulk", &c.InDoubt.Bulk, "hold")
	fill(at, "quarantine.after", &c.Quarantine.After, 3)
	c.booksDefaults(at)
	c.otpDefaults(at)
}

// fill sets what the file does not hold to its default.
func fill[T any](at *lines, path string, v *T, to T) {
	if _, given := at.byPath[path]; !given {
		*v = to
	}
}
