package dispatch

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"harkara/dlt"
	"harkara/router"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

func avoiding(ids ...sms.SMSCID) func(*sms.Request) {
	return func(r *sms.Request) { r.Avoid = ids }
}

func TestAvoid(t *testing.T) {
	tests := []struct {
		name   string
		a, b   verdicts
		change func(*Config)
		avoid  []sms.SMSCID
		past   Past
		story  []string
	}{
		{name: "the first of the route", avoid: []sms.SMSCID{"a"}, story: []string{"planned 1 b 1", "submitted 1 b 1:accepted final"}},
		{name: "the other", avoid: []sms.SMSCID{"b"}, story: []string{"planned 1 a 1", "submitted 1 a 1:accepted final"}},
		{name: "one that is not configured", avoid: []sms.SMSCID{"nobody"}, story: []string{"planned 1 a 1", "submitted 1 a 1:accepted final"}},
		{name: "all", avoid: []sms.SMSCID{"b", "a"}, story: []string{"rejected no_route final"}},
		{name: "all that take the category", avoid: []sms.SMSCID{"a"}, change: barred("b"), story: []string{"rejected no_route final"}},
		{name: "throttled by the only one left", avoid: []sms.SMSCID{"b"}, a: verdicts{{session.Throttled}, {session.Accepted}},
			story: []string{"planned 1 a 1", "refused 1 a 1:throttled throttled", "planned 2 a 1", "submitted 2 a 1:accepted final"}},
		{name: "the only one left sends it elsewhere", avoid: []sms.SMSCID{"b"}, a: verdicts{{session.Elsewhere}, {session.Accepted}},
			story: []string{"planned 1 a 1", "refused 1 a 1:elsewhere elsewhere", "planned 2 a 1", "submitted 2 a 1:accepted final"}},
		{name: "in doubt at the only one left", avoid: []sms.SMSCID{"b"}, a: verdicts{{session.InDoubt}, {session.Accepted}},
			story: []string{"planned 1 a 1", "in_doubt 1 a 1:in_doubt no_answer", "planned 2 a 1 duplicate",
				"submitted 2 a 1:accepted duplicate final"}},
		{name: "the only one left can't carry it", avoid: []sms.SMSCID{"b"}, change: hold("a"), story: []string{"rejected quarantined final"}},
		{name: "all, brought again", avoid: []sms.SMSCID{"a", "b"}, past: Past{Attempts: 1, Doubt: true},
			story: []string{"in_doubt 1 no_answer final"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, tt.change)
				if tt.a != nil {
					b.a.verdicts = tt.a
				}
				if err := b.Send(t.Context(), otp(avoiding(tt.avoid...)), tt.past); err != nil {
					t.Fatal(err)
				}
				b.expect(t, tt.story...)
			})
		})
	}
}

// barred takes the category from an SMSC of the route.
func barred(id sms.SMSCID) func(*Config) {
	return func(c *Config) {
		takes := map[sms.SMSCID][]dlt.Category{"a": {dlt.ServiceImplicit}, "b": {dlt.ServiceImplicit}}
		takes[id] = []dlt.Category{dlt.Promotional}
		c.Table, _ = router.NewTable(
			[]router.Route{{Targets: []router.Target{{SMSC: "a", Weight: 1}}, Failover: []sms.SMSCID{"b"}}},
			[]router.SMSC{{ID: "a", Categories: takes["a"]}, {ID: "b", Categories: takes["b"]}})
	}
}

func TestAvoidedAllSaysSo(t *testing.T) {
	b := newBench(t, nil)
	b.send(t, avoiding("a", "b"))
	f := b.last().Failure
	if f.Stage != sms.StageRoute || f.Code != "no_route" || f.Retryable || !strings.Contains(f.Detail, "are to be avoided") {
		t.Errorf("failure %+v", f)
	}
}

// What is to be avoided stays so after any wait, and a message waits for the others rather than take one of them.
func TestAvoidOutlastsAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var snap atomic.Pointer[Snapshot]
		b := newBench(t, changing(&snap))
		began := time.Now()
		b.waits(t, avoiding("a"), 30*time.Second, func() {})
		b.expect(t, "planned 1 b 1", "submitted 1 b 1:accepted final")
		if took := time.Since(began); took < 30*time.Second {
			t.Errorf("sent after %s, before its SMSC was up", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.b.down.Store(true)
		b.send(t, avoiding("a"))
		b.expect(t, "lapsed deadline_passed final")
	})
}
