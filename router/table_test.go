package router

import (
	"strings"
	"testing"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Tenants, headers and SMSCs of these tests are made up.
var otpOnly = []dlt.Category{dlt.Transactional, dlt.ServiceImplicit}

func smscs() []SMSC {
	any := dlt.RulesOf("")
	return []SMSC{{"sim-a", otpOnly, any}, {"sim-b", otpOnly, any}, {"sim-c", otpOnly, any}, {"sim-p", []dlt.Category{dlt.Promotional}, any}}
}

func targets(pairs ...any) []Target {
	var out []Target
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, Target{sms.SMSCID(pairs[i].(string)), pairs[i+1].(int)})
	}
	return out
}

func table(t testing.TB, routes ...Route) *Table {
	t.Helper()
	tab, err := NewTable(routes, smscs())
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestNewTableRefuses(t *testing.T) {
	a := targets("sim-a", 1)
	tests := []struct {
		name   string
		routes []Route
		smscs  []SMSC
		want   []string
	}{
		{"no targets", []Route{{Failover: []sms.SMSCID{"sim-a"}}}, smscs(), []string{"route 1: it has no targets"}},
		{"not configured", []Route{{Targets: a}, {Targets: targets("sim-x", 1), Failover: []sms.SMSCID{"sim-y"}}}, smscs(),
			[]string{`route 2: smsc "sim-x" is not configured`, `smsc "sim-y" is not configured`}},
		{"twice in targets", []Route{{Targets: targets("sim-a", 1, "sim-a", 2)}}, smscs(), []string{"route 1: smsc sim-a is named twice"}},
		{"target and failover", []Route{{Targets: a, Failover: []sms.SMSCID{"sim-a"}}}, smscs(), []string{"route 1: smsc sim-a is named twice"}},
		{"weights", []Route{{Targets: targets("sim-a", 0, "sim-b", -1, "sim-c", 1001)}}, smscs(),
			[]string{"sim-a has weight 0: write 1 to 1000", "sim-b has weight -1", "sim-c has weight 1001"}},
		{"prefixes", []Route{{Match: Match{Prefixes: []string{"91", "", "+", "9x"}}, Targets: a}}, smscs(),
			[]string{`prefix "" is not digits`, `prefix "+" is not digits`, `prefix "9x" is not digits`}},
		{"smsc twice", nil, append(smscs(), SMSC{ID: "sim-a", Categories: otpOnly}), []string{"smsc sim-a is there twice"}},
		{"no categories", nil, []SMSC{{ID: "sim-a"}}, []string{"smsc sim-a has no categories"}},
	}
	for _, tt := range tests {
		tab, err := NewTable(tt.routes, tt.smscs)
		if err == nil || tab != nil {
			t.Errorf("%s: %v, %v; want an error", tt.name, tab, err)
			continue
		}
		if lines := strings.Split(err.Error(), "\n"); len(lines) != len(tt.want) {
			t.Errorf("%s: %q, want %d faults", tt.name, err, len(tt.want))
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q, want it to say %q", tt.name, err, want)
			}
		}
	}
}

func TestFirstMatchWins(t *testing.T) {
	tab := table(t,
		Route{Match: Match{Tenants: []sms.TenantID{"zipkart"}, Classes: []sms.Class{sms.Bulk}}, Targets: targets("sim-p", 1)},
		Route{Match: Match{Headers: []dlt.Header{"ACMEBK", "ACMEIN"}, Prefixes: []string{"9198", "+9170"}}, Targets: targets("sim-a", 1)},
		Route{Match: Match{Tenants: []sms.TenantID{"acme", "zipkart"}, Classes: []sms.Class{sms.OTP, sms.Txn}}, Targets: targets("sim-b", 1)},
		Route{Match: Match{Tenants: []sms.TenantID{"acme"}, Classes: []sms.Class{sms.OTP}}, Targets: targets("sim-c", 1)}, // never reached
	)
	tests := []struct {
		tenant sms.TenantID
		class  sms.Class
		header dlt.Header
		to     sms.MSISDN
		want   int
	}{
		{"acme", sms.OTP, "ACMEBK", "919812345678", 2},
		{"acme", sms.OTP, "ACMEIN", "917012345678", 2},
		{"nobody", sms.Bulk, "ACMEIN", "917012345678", 2},
		{"acme", sms.OTP, "ACMEBK", "919912345678", 3},
		{"acme", sms.Txn, "ZIPKRT", "919812345678", 3},
		{"acme", sms.OTP, "acmebk", "919812345678", 3},
		{"acme", sms.Bulk, "ZIPKRT", "919812345678", 0},
		{"zipkart", sms.Bulk, "ACMEBK", "919812345678", 1},
		{"nobody", sms.OTP, "ZIPKRT", "919812345678", 0},
	}
	for _, tt := range tests {
		d := tab.Select(Query{tt.tenant, tt.header, tt.class, tt.to, dlt.ServiceImplicit, noon}, health{}, 0)
		if d.Route != tt.want || (tt.want == 0) != (d.Reason == NoRoute) || tt.want == 0 && d.Candidates != nil {
			t.Errorf("%s %s %s: route %d (%s), want %d", tt.tenant, tt.class, tt.header, d.Route, d.Reason, tt.want)
		}
	}
}
