package router

import (
	"testing"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
)

func TestExplain(t *testing.T) {
	tab := table(t,
		Route{Match: Match{Tenants: []sms.TenantID{"zipkart", "other"}}, Targets: targets("sim-b", 1)},
		Route{Match: Match{Classes: []sms.Class{sms.Bulk}}, Targets: targets("sim-b", 1)},
		Route{Match: Match{Headers: []dlt.Header{"ZIPKRT"}}, Targets: targets("sim-b", 1)},
		Route{Match: Match{Prefixes: []string{"9170", "9171", "9172"}}, Targets: targets("sim-b", 1)},
		Route{Match: Match{Tenants: []sms.TenantID{"acme"}}, Targets: targets("sim-a", 1, "sim-p", 2), Failover: []sms.SMSCID{"sim-c"}},
	)
	acme := Tenant{ID: "acme", Headers: []dlt.Header{"ACMEBK", "ACMEIN"}}
	const missed = "tenant acme may use header ACMEBK\n" +
		"route 1 does not match: tenant acme is not zipkart or other\n" +
		"route 2 does not match: class otp is not bulk\n" +
		"route 3 does not match: header ACMEBK is not ZIPKRT\n" +
		"route 4 does not match: the number's beginning is not 9170, 9171 or 9172\n"
	query := Query{Tenant: "acme", Header: "ACMEBK", Class: sms.OTP, To: "919812345678", Category: dlt.Transactional, At: noon}
	tests := []struct {
		name   string
		tenant Tenant
		table  *Table
		query  func(*Query)
		health health
		want   string
	}{
		{"one goes", acme, tab, func(*Query) {}, health{down: []sms.SMSCID{"sim-c"}}, missed + "route 5 matches\n" +
			"transactional: goes to sim-a\n" +
			"  1. sim-a (target, weight 1): ready, room for 10\n" +
			"  2. sim-p (target, weight 2): may send only promotional\n" +
			"  3. sim-c (failover): down\n"},
		{"none is ready", acme, tab, func(*Query) {}, health{down: []sms.SMSCID{"sim-a"}, full: []sms.SMSCID{"sim-c"}}, missed + "route 5 matches\n" +
			"transactional: waits, none is ready\n" +
			"  1. sim-p (target, weight 2): may send only promotional\n" +
			"  2. sim-a (target, weight 1): down\n" +
			"  3. sim-c (failover): full\n"},
		{"all categories, at night", acme, tab, func(q *Query) { q.Category, q.At = "", noon.Add(10*time.Hour) }, health{}, missed + "route 5 matches\n" +
			"transactional: goes to sim-a\n" +
			"  1. sim-a (target, weight 1): ready, room for 10\n" +
			"  2. sim-c (failover): ready, room for 10\n" +
			"  3. sim-p (target, weight 2): may send only promotional\n" +
			"service_implicit: goes to sim-a\n" +
			"  1. sim-a (target, weight 1): ready, room for 10\n" +
			"  2. sim-c (failover): ready, room for 10\n" +
			"  3. sim-p (target, weight 2): may send only promotional\n" +
			"service_explicit: category_not_allowed\n" +
			"  1. sim-p (target, weight 2): may send only promotional\n" +
			"  2. sim-a (target, weight 1): may send only transactional or service_implicit\n" +
			"  3. sim-c (failover): may send only transactional or service_implicit\n" +
			"promotional: outside_hours: promotional messages go out from 10:00 to 21:00 IST\n" +
			"  1. sim-p (target, weight 2): ready, room for 10\n" +
			"  2. sim-a (target, weight 1): may send only transactional or service_implicit\n" +
			"  3. sim-c (failover): may send only transactional or service_implicit\n" +
			"government: category_not_allowed\n" +
			"  1. sim-p (target, weight 2): may send only promotional\n" +
			"  2. sim-a (target, weight 1): may send only transactional or service_implicit\n" +
			"  3. sim-c (failover): may send only transactional or service_implicit\n"},
		{"no table, no headers", Tenant{ID: "acme"}, table(t), func(*Query) {}, health{},
			"tenant acme may not use header ACMEBK: header_not_allowed; its headers: none\nno route matches: no_route\n"},
	}
	for _, tt := range tests {
		q := query
		tt.query(&q)
		if got := tt.table.Explain(tt.tenant, q, tt.health); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}
