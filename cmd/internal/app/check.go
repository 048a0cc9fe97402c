package app

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/lib/pq"

	"github.com/nats-io/nkeys"

	"harkara/dlt"
	"harkara/router"
	"harkara/smpp/sms"
)

var namePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

const nameRule = "want 1-32 letters, digits, - or _ (it becomes part of NATS subjects and metrics)"

// check finds what is wrong in a configuration of the right shape.
func (c *Config) check(at *lines) Faults {
	c.checkPlaces(at)
	c.checkBooks(at)
	c.checkOTP(at)
	c.checkTenants(at)
	for i := range c.SMSCs {
		c.SMSCs[i].check(at, fmt.Sprintf("smscs[%d]", i))
	}
	unique(at, "smscs", c.SMSCs, func(s SMSC) string { return string(s.ID) })
	c.checkRoutes(at)
	c.checkChains(at)
	c.Register.check(at)
	atLeast(at, "quarantine.after", c.Quarantine.After, 0)
	for path, policy := range map[string]string{"otp": c.InDoubt.OTP, "txn": c.InDoubt.Txn, "bulk": c.InDoubt.Bulk} {
		oneOf(at, "in_doubt."+path, policy, "resend_once", "hold")
	}
	if len(at.faults) == 0 { // the table wants parts that are right; it finds what is wrong with them together
		if _, err := c.table(); err != nil {
			at.add("routes", strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	return at.faults
}

func (c *Config) checkPlaces(at *lines) {
	if !namePattern.MatchString(c.Node) {
		at.add("node", nameRule)
	}
	hostPort(at, "http", c.HTTP)
	if c.NATS.URL == "" {
		hostPort(at, "nats.listen", c.NATS.Listen)
	} else if u, err := url.Parse(c.NATS.URL.Reveal()); err != nil || u.Host == "" {
		at.add("nats.url", "not a URL; want nats://host:4222, or nothing for the embedded server")
	}
	if _, err := pq.NewConfig(c.Postgres.DSN.Reveal()); err != nil { // which may quote a password
		at.add("postgres.dsn", "cannot be read; want postgres://user:password@host/database, or host=... dbname=..., or nothing")
	}
	if _, err := syncInterval(c.NATS.Sync); err != nil {
		at.add("nats.sync", err.Error())
	}
	if c.NATS.Replicas < 1 || c.NATS.Replicas > 5 || c.NATS.URL == "" && c.NATS.Replicas != 1 {
		at.add("nats.replicas", "want 1 for the embedded server, 1 to 5 for a cluster")
	}
}

func (c *Config) checkTenants(at *lines) {
	for i, t := range c.Tenants {
		path := fmt.Sprintf("tenants[%d]", i)
		if !namePattern.MatchString(string(t.ID)) {
			at.add(path+".id", nameRule)
		}
		if t.ID == gatewayUser {
			at.add(path+".id", "the gateway itself logs in by this name; choose another")
		}
		for j, h := range t.Headers {
			if _, err := dlt.ParseHeader(h); err != nil {
				at.add(fmt.Sprintf("%s.headers[%d]", path, j), err.Error())
			}
		}
		if t.Password == "" && t.PasswordEnv == "" && t.PasswordFile == "" && t.NKey == "" {
			at.add(path, "no way to log in: set password_env, password_file or nkey")
		}
		if t.NKey != "" && !nkeys.IsValidPublicUserKey(t.NKey) {
			at.add(path+".nkey", "not a public user key: want the one that begins with U, as nk -gen user -pubout prints it")
		}
		atLeast(at, path+".tps", t.TPS, 0)
		atLeast(at, path+".daily_limit", t.DailyLimit, 0)
		weight(at, path+".weight", t.Weight)
	}
	unique(at, "tenants", c.Tenants, func(t Tenant) string { return string(t.ID) })
}

func (c *Config) checkRoutes(at *lines) {
	for i, r := range c.Routes {
		path := fmt.Sprintf("routes[%d]", i)
		if len(r.Targets) == 0 {
			at.add(path, "no targets: name at least one {smsc: ID, weight: N}")
		}
		for j, t := range r.Targets {
			c.knownSMSC(at, fmt.Sprintf("%s.targets[%d].smsc", path, j), t.SMSC)
			weight(at, fmt.Sprintf("%s.targets[%d].weight", path, j), t.Weight)
		}
		for j, id := range r.Failover {
			c.knownSMSC(at, fmt.Sprintf("%s.failover[%d]", path, j), id)
		}
		for j, id := range r.Match.Tenants {
			if !slices.ContainsFunc(c.Tenants, func(t Tenant) bool { return t.ID == id }) {
				at.add(fmt.Sprintf("%s.match.tenants[%d]", path, j), fmt.Sprintf("no tenant %q under tenants:", id))
			}
		}
		for j, class := range r.Match.Classes {
			if _, err := sms.ParseClass(class); err != nil {
				at.add(fmt.Sprintf("%s.match.classes[%d]", path, j), err.Error())
			}
		}
		for j, h := range r.Match.Headers {
			if _, err := dlt.ParseHeader(h); err != nil {
				at.add(fmt.Sprintf("%s.match.headers[%d]", path, j), err.Error())
			}
		}
	}
}

func (c *Config) knownSMSC(at *lines, path string, id sms.SMSCID) {
	if !slices.ContainsFunc(c.SMSCs, func(s SMSC) bool { return s.ID == id }) {
		at.add(path, fmt.Sprintf("no SMSC %q under smscs:", id))
	}
}

// checkChains looks at the ids too: a chain that carries a template's id, or the ids in the wrong order, fails every message.
func (c *Config) checkChains(at *lines) {
	for i, chain := range c.Chains {
		path := fmt.Sprintf("chains[%d]", i)
		c.knownSMSC(at, path+".smsc", chain.SMSC)
		if _, err := dlt.ParseEntityID(chain.Entity); err != nil {
			at.add(path+".entity", err.Error())
		}
		var operator dlt.Operator
		if j := slices.IndexFunc(c.SMSCs, func(s SMSC) bool { return s.ID == chain.SMSC }); j >= 0 {
			operator, _ = dlt.ParseOperator(c.SMSCs[j].Scrub.Operator) // what it can't read is a fault of its own
		}
		for _, fault := range dlt.CheckChain(operator, chain.IDs) {
			at.add(path+".ids", fault)
		}
		if len(chain.IDs) > 0 && chain.IDs[0] != chain.Entity {
			at.add(path+".ids", "the first id is the entity's own: "+chain.Entity)
		}
		if _, _, err := chain.times(); err != nil {
			at.add(path, err.Error())
		}
	}
}

func hostPort(at *lines, path, addr string) {
	if _, port, err := net.SplitHostPort(addr); err != nil || port == "" {
		at.add(path, fmt.Sprintf("%q is not host:port", addr))
	}
}

func oneOf(at *lines, path, v string, allowed ...string) {
	if !slices.Contains(allowed, v) {
		at.add(path, fmt.Sprintf("%q is not one of %s", v, strings.Join(allowed, ", ")))
	}
}

func octet(at *lines, path string, a Address) {
	if a.TON < 0 || a.TON > 255 || a.NPI < 0 || a.NPI > 255 {
		at.add(path, "ton and npi are octets, 0 to 255")
	}
}

func atLeast[T int | ~int64](at *lines, path string, v, least T) {
	if v < least {
		at.add(path, fmt.Sprintf("%v is too small; want at least %v", v, least))
	}
}

// weight checks a share against the router's bounds.
func weight(at *lines, path string, v int) {
	if v < 1 || v > router.MaxWeight {
		at.add(path, fmt.Sprintf("%d is no weight; want 1 to %d", v, router.MaxWeight))
	}
}

func unique[T any](at *lines, path string, list []T, id func(T) string) {
	seen := map[string]bool{}
	for i, v := range list {
		if seen[id(v)] {
			at.add(fmt.Sprintf("%s[%d].id", path, i), fmt.Sprintf("%q stands twice", id(v)))
		}
		seen[id(v)] = true
	}
}
