package router

import (
	"slices"
	"testing"

	"harkara/smpp/sms"
)

func TestReach(t *testing.T) {
	tab := table(t,
		Route{Match: Match{Tenants: []sms.TenantID{"acme"}, Classes: []sms.Class{sms.OTP}, Prefixes: []string{"9170"}}, Targets: targets("sim-a", 1)},
		Route{Match: Match{Classes: []sms.Class{sms.OTP, sms.Txn}}, Targets: targets("sim-b", 1, "sim-a", 2), Failover: []sms.SMSCID{"sim-c"}},
		Route{Match: Match{Tenants: []sms.TenantID{"zipkart"}}, Targets: targets("sim-p", 1)},
	)
	tests := []struct {
		tenant sms.TenantID
		class  sms.Class
		want   []sms.SMSCID
	}{
		{"acme", sms.OTP, []sms.SMSCID{"sim-a", "sim-b", "sim-c"}},
		{"acme", sms.Txn, []sms.SMSCID{"sim-a", "sim-b", "sim-c"}},
		{"zipkart", sms.Txn, []sms.SMSCID{"sim-a", "sim-b", "sim-c", "sim-p"}},
		{"zipkart", sms.Bulk, []sms.SMSCID{"sim-p"}},
		{"acme", sms.Bulk, nil},
	}
	for _, tt := range tests {
		if got := tab.Reach(tt.tenant, tt.class); !slices.Equal(got, tt.want) {
			t.Errorf("%s %s: %v, want %v", tt.tenant, tt.class, got, tt.want)
		}
	}
}
