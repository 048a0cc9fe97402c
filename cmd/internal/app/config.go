package app

import (
	"fmt"
	"time"

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
}

// SMSC is one peer with its contract.
type SMSC struct {
	ID           sms.SMSCID `koanf:"id"`
	Addr         string     `koanf:"addr"`
	TLS          TLS        `koanf:"tls"`
	SystemID     string     `koanf:"system_id"`
	Password     sms.Secret `koanf:"password"`
	PasswordEnv  string     `koanf:"password_env"`
	PasswordFile string     `koanf:"password_file"`
	SystemType   string     `koanf:"system_type"`
	Mode         string     `koanf:"mode"`
	Binds        int        `koanf:"binds"`
	Window       int        `koanf:"window"`
	TPS          int        `koanf:"tps"`
	Categories   []string   `koanf:"categories"`
	Source       Address    `koanf:"source"`
	Destination  Address    `koanf:"destination"`
	Encoding     Encoding   `koanf:"encoding"`
	DLT          DLT        `koanf:"dlt"`
	Receipts     Receipts   `koanf:"receipts"`
	Timeouts     Timeouts   `koanf:"timeouts"`
}

// TLS is how the connection to an SMSC is secured.
type TLS struct {
	Enabled    bool   `koanf:"enabled"`
	CAFile     string `koanf:"ca_file"`
	ServerName string `koanf:"server_name"`
}

// Address is a pair of type of number and numbering plan (SMPP 3.4 §5.2.5-5.2.6).
type Address struct {
	TON int `koanf:"ton"`
	NPI int `koanf:"npi"`
}

// Encoding is how this SMSC takes texts.
type Encoding struct {
	GSM7 string `koanf:"gsm7"`
	Long string `koanf:"long"`
}

// DLT is how this SMSC takes the register's ids.
type DLT struct {
	EntityTag   int    `koanf:"entity_tag"`
	TemplateTag int    `koanf:"template_tag"`
	ChainTag    int    `koanf:"chain_tag"`
	Type        string `koanf:"type"`
	Chain       string `koanf:"chain"`
}

// Receipts is this SMSC's dialect.
type Receipts struct {
	SubmitID  string `koanf:"submit_id"`
	ReceiptID string `koanf:"receipt_id"`
	Errors    string `koanf:"errors"`
}

// Timeouts of one SMSC's binds.
type Timeouts struct {
	Bind        time.Duration `koanf:"bind"`
	Response    time.Duration `koanf:"response"`
	EnquireLink time.Duration `koanf:"enquire_link"`
}

// Chain is the PE-TM chain of one entity at one SMSC.
type Chain struct {
	Entity string     `koanf:"entity"`
	SMSC   sms.SMSCID `koanf:"smsc"`
	IDs    []string   `koanf:"ids"`
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
}

func (s *SMSC) withDefaults(at *lines, path string) {
	fill(at, path+"mode", &s.Mode, "transceiver")
	fill(at, path+"binds", &s.Binds, 1)
	fill(at, path+"window", &s.Window, 32)
	if len(s.Categories) == 0 {
		s.Categories = []string{"transactional", "service_implicit"}
	}
	fill(at, path+"source.ton", &s.Source.TON, 5)
	fill(at, path+"destination.ton", &s.Destination.TON, 1)
	fill(at, path+"destination.npi", &s.Destination.NPI, 1)
	fill(at, path+"encoding.gsm7", &s.Encoding.GSM7, "unpacked")
	fill(at, path+"encoding.long", &s.Encoding.Long, "udh")
	fill(at, path+"dlt.entity_tag", &s.DLT.EntityTag, 0x1400)
	fill(at, path+"dlt.template_tag", &s.DLT.TemplateTag, 0x1401)
	fill(at, path+"dlt.chain_tag", &s.DLT.ChainTag, 0x1402)
	fill(at, path+"dlt.type", &s.DLT.Type, "octet")
	fill(at, path+"dlt.chain", &s.DLT.Chain, "none")
	fill(at, path+"receipts.submit_id", &s.Receipts.SubmitID, "text")
	fill(at, path+"receipts.receipt_id", &s.Receipts.ReceiptID, "text")
	fill(at, path+"receipts.errors", &s.Receipts.Errors, "generic")
	fill(at, path+"timeouts.bind", &s.Timeouts.Bind, 10*time.Second)
	fill(at, path+"timeouts.response", &s.Timeouts.Response, 10*time.Second)
	fill(at, path+"timeouts.enquire_link", &s.Timeouts.EnquireLink, 30*time.Second)
}

// fill sets what the file does not hold to its default.
func fill[T any](at *lines, path string, v *T, to T) {
	if _, given := at.byPath[path]; !given {
		*v = to
	}
}
