package dispatch

import (
	"strings"
	"testing"

	"harkara/dlt"
	"harkara/router"
	"harkara/smpp/sms"
)

func TestCheck(t *testing.T) {
	const text = "483921 is your OTP -ACMEBK"
	tests := []struct {
		name    string
		change  func(*Config)
		request func(*sms.Request)
		slots   int
		text    string
		reason  string // of the failure; empty: none
		stage   sms.Stage
	}{
		{name: "goes out", slots: 1, text: text},
		{name: "unknown template", request: func(r *sms.Request) { r.Template = "1107160000000000000" }, slots: -1,
			reason: "unknown_template", stage: sms.StageDLT},
		{name: "no variables yet", request: func(r *sms.Request) { r.Vars = nil }, slots: 1, reason: "wrong_variable_count", stage: sms.StageDLT},
		{name: "another's header", request: func(r *sms.Request) { r.Header = "OTHERS" }, slots: 1, reason: "header_not_allowed",
			stage: sms.StageDLT},
		{name: "a letter in a number", request: func(r *sms.Request) { r.Template, r.Vars = lined, []sms.Secret{"48392x"} }, slots: 1,
			reason: "variable_wrong_type", stage: sms.StageDLT},
		{name: "no route", request: func(r *sms.Request) { r.Tenant = "stray" }, slots: 1, reason: "no_route", stage: sms.StageRoute},
		{name: "no SMSC takes the category", change: func(c *Config) {
			c.Table, _ = router.NewTable([]router.Route{{Targets: []router.Target{{SMSC: "a", Weight: 1}}}},
				[]router.SMSC{{ID: "a", Categories: []dlt.Category{dlt.Promotional}}})
		}, slots: 1, reason: "category_not_allowed", stage: sms.StageDLT},
		{name: "one is to be avoided", request: avoiding("a"), slots: 1, text: text},
		{name: "all are to be avoided", request: avoiding("a", "b"), slots: 1, reason: "no_route", stage: sms.StageRoute},
		{name: "held back at one", change: hold("a"), slots: 1, text: text},
		{name: "held back at all", change: hold("a", "b"), slots: 1, reason: "quarantined", stage: sms.StageDLT},
		{name: "held back at the one that is not to be avoided", change: hold("a"), request: avoiding("b"), slots: 1,
			reason: "quarantined", stage: sms.StageDLT},
		{name: "as the SMSC that takes it wants it", change: func(c *Config) {
			hold("a")(c)
			lf := dlt.RulesOf("")
			lf.Newline = dlt.LF
			c.SMSCs["b"].Rules = &lf
		}, request: func(r *sms.Request) { r.Template, r.Avoid = lined, []sms.SMSCID{"a"} }, slots: 1, text: "483921 is your OTP\n-ACMEBK"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, tt.change)
			slots, got, f := b.Check(otp(tt.request))
			reason, stage := "", sms.Stage("")
			if f != nil {
				reason, stage = f.Reason, f.Stage
			}
			if slots != tt.slots || got.Reveal() != tt.text || reason != tt.reason || stage != tt.stage {
				t.Errorf("%d slots, text %q, failure %q of stage %q; want %d, %q, %q of %q", slots, got.Reveal(), reason, stage,
					tt.slots, tt.text, tt.reason, tt.stage)
			}
			if f != nil && strings.Contains(f.Detail, "48392") {
				t.Errorf("the code is in the clear: %s", f.Detail)
			}
		})
	}
}

// A check leaves nothing behind: neither in the ledger, nor at an SMSC, nor of the daily limit; nor do SMSCs that are down
// make it fail.
func TestCheckHasNoEffect(t *testing.T) {
	b := newBench(t, func(c *Config) {
		c.Tenants["acme"] = Tenant{Headers: []dlt.Header{"ACMEBK"}, Daily: router.NewDaily(1)}
	})
	b.a.down.Store(true)
	b.b.down.Store(true)
	for range 3 {
		if _, _, f := b.Check(otp(nil)); f != nil {
			t.Fatalf("failure %+v", f)
		}
	}
	b.expect(t)
	b.a.down.Store(false)
	b.send(t, nil)
	b.expect(t, "planned 1 a 1", "submitted 1 a 1:accepted final")
	if _, _, f := b.Check(otp(nil)); f != nil {
		t.Errorf("failure %+v: the limit is the send's to look at", f)
	}
}
