package storage

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// challenges appends what happened to challenges around midnight in India, of two tenants on two routes.
func challenges(t *testing.T) *sqlx.DB {
	t.Helper()
	b := newBench(t, 100*time.Millisecond)
	midnight := dayOf(testStart).AddDate(0, 0, 1)
	for n := range 40 {
		e := func(event ledger.OTPEvent, after time.Duration, smsc sms.SMSCID, send int) ledger.Event {
			x := otpEvent(n, event, 0, func(o *ledger.OTP) {
				o.Requested = midnight.Add(time.Duration(n-20) * time.Minute) // twenty of each day
				o.Send = send
				if n%10 == 0 {
					o.Tenant, o.Purpose = "zipkart", "reset"
				}
			})
			x.At, x.OTP.SMSC = x.OTP.Requested.Add(after), smsc
			return x
		}
		route := []sms.SMSCID{"sim-a", "sim-b"}[n%2]
		events := []ledger.Event{e(ledger.OTPRequested, 0, "", 0), e(ledger.OTPSent, time.Second, route, 1)}
		if n%4 > 0 { // three of four, after 10 s, or a minute on the other route
			events = append(events, e(ledger.OTPVerified, time.Duration(10+50*(n%2))*time.Second, route, 0))
		}
		b.append(t, events...)
	}
	b.project(t, b.config())
	return sqlx.NewDb(b.db, "postgres")
}

func TestOTPReport(t *testing.T) {
	t.Parallel()
	db := challenges(t)
	for _, tt := range []struct {
		f    OTPFilter
		want string
	}{
		{OTPFilter{}, "=40/40/30 75.0% 60s 60s"},
		{OTPFilter{By: []string{"day"}}, "2026-11-22=20/20/15 75.0% 60s 60s, 2026-11-23=20/20/15 75.0% 60s 60s"},
		{OTPFilter{By: []string{"route"}}, "sim-a=20/20/10 50.0% 10s 10s, sim-b=20/20/20 100.0% 60s 60s"},
		{OTPFilter{By: []string{"tenant", "purpose"}}, "acme/login=36/36/28 77.8% 60s 60s, zipkart/reset=4/4/2 50.0% 10s 10s"},
		{OTPFilter{By: []string{"template", "hour"}, Tenant: "zipkart"}, "1107161234567890123/2026-11-22T23:00:00+05:30=2/2/1 50.0% 10s 10s, " +
			"1107161234567890123/2026-11-23T00:00:00+05:30=2/2/1 50.0% 10s 10s"},
		{OTPFilter{From: dayOf(testStart).AddDate(0, 0, 1)}, "=20/20/15 75.0% 60s 60s"},
		{OTPFilter{To: dayOf(testStart)}, "=0/0/0 - - -"},
		{OTPFilter{Tenant: "nobody", By: []string{"tenant"}}, ""},
	} {
		rows, err := all(OTPReport(t.Context(), db, tt.f))
		var got []string
		for _, r := range rows {
			conversion := "-"
			if r.ConversionPercent != nil {
				conversion = fmt.Sprintf("%.1f%%", *r.ConversionPercent)
			}
			got = append(got, fmt.Sprintf("%s=%d/%d/%d %s %s %s", strings.Join(r.Group, "/"), r.Requested, r.Sent, r.Verified, conversion, about(r.P50), about(r.P95)))
		}
		if joined := strings.Join(got, ", "); err != nil || joined != tt.want {
			t.Errorf("%+v:\n got %s, %v\nwant %s", tt.f, joined, err, tt.want)
		}
	}
	// The view says the same.
	if got := query(t, db.DB, `SELECT day::text, tenant, route, requested, sent, verified, conversion FROM harkara.v_otp_daily WHERE day = '2026-11-23' ORDER BY tenant, route`); !slices.Equal(got, []string{
		"2026-11-23|acme|sim-a|8|8|4|50.0", "2026-11-23|acme|sim-b|10|10|10|100.0", "2026-11-23|zipkart|sim-a|2|2|1|50.0"}) {
		t.Errorf("%v", got)
	}
	if rows, err := all(OTPReport(t.Context(), db, OTPFilter{By: []string{"class"}})); rows != nil || err == nil || !strings.Contains(err.Error(), "choose of tenant, purpose") {
		t.Errorf("by class: %v, %v", rows, err)
	}
}

// about is seconds, where they are within 5 % of those of the test.
func about(seconds *float64) string {
	if seconds == nil {
		return "-"
	}
	for _, exact := range []float64{10, 60} {
		if off := *seconds/exact - 1; off > -0.05 && off < 0.05 {
			return fmt.Sprint(exact, "s")
		}
	}
	return fmt.Sprint(*seconds)
}

// Every count has its event, and every event its count.
func TestOTPCounts(t *testing.T) {
	var c OTPCounts
	n := int64(0)
	for event := range otpEvents {
		n++
		*c.of(string(event)) += n
	}
	n++
	*c.of(otpWouldBlock) += n
	each := c.Each()
	slices.Sort(each[:])
	for i, got := range each {
		if got != int64(i+1) {
			t.Fatalf("%v", each)
		}
	}
	if c.of("sung") != nil {
		t.Error("something else is counted")
	}
}

// TestOTPMigrationBack: the schema goes back to what it was, and forward again.
func TestOTPMigrationBack(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	functions := func() []string {
		return query(t, db.DB, `SELECT proname, md5(pg_get_functiondef(oid)) FROM pg_proc WHERE pronamespace = 'harkara'::regnamespace ORDER BY 1`)
	}
	provider := migrateTo(t, db.DB, 16)
	before := functions()
	for range 2 {
		_, up := provider.UpTo(t.Context(), 17)
		after := functions()
		_, down := provider.DownTo(t.Context(), 16)
		if err := errors.Join(up, down); err != nil {
			t.Fatal(err)
		}
		if slices.Equal(before, after) {
			t.Error("nothing was changed")
		}
		sameLines(t, "functions", functions(), before)
	}
}
