package storage

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"harkara/smpp/sms"
)

// insertBilled counts short messages: "tenant smsc category duplicate accepted in_doubt" of the hour after noon of a day.
func insertBilled(db *sqlx.DB, day int, lines ...string) {
	for _, line := range lines {
		w := strings.Fields(line)
		db.MustExec(`WITH d AS (SELECT hashtextextended(concat_ws(',', $1::text, $2::text, $3::text), 0) AS id),
			dims AS (INSERT INTO harkara.dim SELECT id, $1, '', '', '', $2, '', $3 FROM d ON CONFLICT DO NOTHING)
			INSERT INTO harkara.billing SELECT $4, d.id, $5, $6, $7 FROM d`,
			w[0], w[1], w[2], noon.AddDate(0, 0, day), w[3] == "duplicate", w[4], w[5])
	}
}

func billedLines(t *testing.T, db *sqlx.DB, f BillingFilter) (lines []string) {
	t.Helper()
	rows, err := all(Billing(t.Context(), db, f))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		amounts := "no price"
		if r.Amount != nil {
			amounts = fmt.Sprintf("%.2f and %.2f", *r.Amount, *r.AmountInDoubt)
		}
		lines = append(lines, fmt.Sprintf("%s: %d %d, %d %d, %s, %d", strings.Join(r.Group, " "), r.Accepted, r.InDoubt,
			r.DuplicatesAccepted, r.DuplicatesInDoubt, amounts, r.Unpriced))
	}
	return lines
}

func TestBilling(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	insertBilled(db, 0, "acme a otp first 100 3", "acme a otp duplicate 4 1", "acme b otp first 10 0", "beta a promo first 7 0")
	insertBilled(db, 1, "acme a otp first 1000 0", "acme b otp duplicate 0 2")
	prices := map[sms.SMSCID]float64{"a": 0.5}
	for _, tt := range []struct {
		name   string
		filter BillingFilter
		want   []string
	}{
		{"all", BillingFilter{Prices: prices}, []string{": 1117 3, 4 3, 555.50 and 2.00, 12"}},
		{"no prices", BillingFilter{}, []string{": 1117 3, 4 3, no price, 0"}},
		{"by SMSC", BillingFilter{By: []string{"smsc"}, Prices: prices}, []string{"a: 1107 3, 4 1, 555.50 and 2.00, 0", "b: 10 0, 0 2, no price, 12"}},
		{"by tenant and category", BillingFilter{By: []string{"tenant", "category"}, Prices: prices},
			[]string{"acme otp: 1110 3, 4 3, 552.00 and 2.00, 12", "beta promo: 7 0, 0 0, 3.50 and 0.00, 0"}},
		{"by day, of a tenant", BillingFilter{By: []string{"day"}, Tenant: "acme"},
			[]string{"2026-11-22: 110 3, 4 1, no price, 0", "2026-11-23: 1000 0, 0 2, no price, 0"}},
		{"by hour, from", BillingFilter{By: []string{"hour"}, From: noon.Add(time.Hour)}, []string{"2026-11-23T12:00:00+05:30: 1000 0, 0 2, no price, 0"}},
		{"to", BillingFilter{By: []string{"smsc"}, To: noon}, nil},
		{"none", BillingFilter{Tenant: "nobody", Prices: prices}, []string{": 0 0, 0 0, no price, 0"}},
	} {
		if got := billedLines(t, db, tt.filter); !slices.Equal(got, tt.want) {
			t.Errorf("%s\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
	total := BillingRow{}
	rows, err := all(Billing(t.Context(), db, BillingFilter{By: BillingDimensions(), Prices: prices}))
	for _, r := range rows {
		total.Add(r)
	}
	if err != nil || total.Accepted != 1117 || total.InDoubt != 3 || total.DuplicatesAccepted != 4 || total.DuplicatesInDoubt != 3 ||
		*total.Amount != 555.5 || *total.AmountInDoubt != 2 || total.Unpriced != 12 {
		t.Errorf("total %+v, %v", total, err)
	}
	if _, err := all(Billing(t.Context(), db, BillingFilter{By: []string{"error"}})); err == nil || !strings.Contains(err.Error(), "choose of tenant") {
		t.Errorf("by error: %v", err)
	}
}

func TestSMSCsAndUnmatched(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	insert(t, db, []reported{
		{MessageRow: MessageRow{Tenant: "acme", State: sms.Delivered, SMSC: "a", SubmittedAt: in(0), FinalAt: in(3 * time.Second), RequestedAt: noon}},
		{MessageRow: MessageRow{Tenant: "acme", State: sms.InDoubt, SMSC: "b"}},
		{MessageRow: MessageRow{Tenant: "acme", State: sms.Rejected}},
	})
	insertBilled(db, 0, "acme a otp first 2 1", "acme a otp duplicate 1 1", "acme d otp first 5 0")
	for n, line := range []string{"a 11 DELIVRD 000", "c 12 UNDELIV 633", "c 12 DELIVRD 000"} {
		w := strings.Fields(line)
		db.MustExec(`INSERT INTO harkara.receipt_early (fact, received_at, retryable, smsc, message_id, state, stat, err, reason, done, raw)
			VALUES ($1, $2, false, $3, $4, 'delivered', $5, $6, '', '', '')`, n, noon.Add(time.Duration(n)*time.Hour), w[0], w[1], w[2], w[3])
	}
	rows, err := all(SMSCs(t.Context(), db, SMSCFilter{Tenant: "acme"}))
	var got []string
	for _, r := range rows {
		got = append(got, fmt.Sprint(r.SMSC, " ", r.Requested, r.Delivered, r.InDoubt, " ", r.SegmentsAccepted, r.SegmentsInDoubt, " ", r.UnmatchedReceipts))
	}
	if want := []string{"a 1 1 0 3 2 1", "b 1 0 1 0 0 0", "c 0 0 0 0 0 2", "d 0 0 0 5 0 0"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\n got %q\nwant %q", err, got, want)
	}
	if rows[0].P50 == nil || *rows[0].P50 != *middle(3) || *rows[0].DeliveredPercent != 100 {
		t.Errorf("first row %+v", rows[0])
	}
	for _, tt := range []struct {
		filter UnmatchedFilter
		want   []string
	}{
		{UnmatchedFilter{}, []string{"a 11 DELIVRD 000 6:30", "c 12 UNDELIV 633 7:30", "c 12 DELIVRD 000 8:30"}},
		{UnmatchedFilter{SMSC: "c", To: noon.Add(2 * time.Hour)}, []string{"c 12 UNDELIV 633 7:30"}},
		{UnmatchedFilter{From: noon.Add(2 * time.Hour)}, []string{"c 12 DELIVRD 000 8:30"}},
		{UnmatchedFilter{SMSC: "d"}, nil},
	} {
		list, err := all(Unmatched(t.Context(), db, tt.filter))
		var got []string
		for _, r := range list {
			got = append(got, fmt.Sprintf("%s %s %s %s %s", r.SMSC, r.MessageID, r.Stat, r.Err, r.ReceivedAt.Format("3:04")))
		}
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%+v: %v\n got %q\nwant %q", tt.filter, err, got, tt.want)
		}
	}
}

// Every report is for harkara_reader, who may read no table.
func TestReportsAsReader(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	insert(t, db, []reported{{MessageRow: MessageRow{Tenant: "acme", Template: "1", State: sms.Delivered, SMSC: "a", SubmittedAt: in(0), FinalAt: in(3 * time.Second)}, digest: []byte{1}}})
	insertBilled(db, 0, "acme a otp first 2 1")
	db.SetMaxOpenConns(1) // the one that has the role
	db.MustExec(`SET ROLE harkara_reader`)
	var refused *pq.Error
	if _, err := db.Exec(`SELECT 1 FROM harkara.message`); !errors.As(err, &refused) || refused.Code != "42501" { // insufficient_privilege
		t.Fatalf("it may read tables: %v", err)
	}
	for _, f := range []MessageFilter{{}, {ID: "id-0"}, {Ref: "r"}, {Number: november(1)}, {Tenant: "acme", State: sms.Delivered}} {
		rows, err := all(Messages(t.Context(), db, f))
		if want := 1; err != nil || len(rows) != want && f.Ref == "" {
			t.Errorf("messages %+v: %d rows, %v", f, len(rows), err)
		}
	}
	count := func(what string, n int, err error) {
		if n != 1 || err != nil {
			t.Errorf("%s: %d rows, %v", what, n, err)
		}
	}
	dlr, err := all(DLR(t.Context(), db, DLRFilter{By: DLRDimensions()}))
	count("dlr", len(dlr), err)
	billing, err := all(Billing(t.Context(), db, BillingFilter{By: BillingDimensions()}))
	count("billing", len(billing), err)
	smscs, err := all(SMSCs(t.Context(), db, SMSCFilter{}))
	count("smscs", len(smscs), err)
	templates, err := all(TemplateReport(t.Context(), db, UseFilter{}))
	count("templates", len(templates), err)
	headers, err := all(HeaderReport(t.Context(), db, UseFilter{}))
	count("headers", len(headers), err)
	unmatched, err := all(Unmatched(t.Context(), db, UnmatchedFilter{}))
	count("receipts", len(unmatched)+1, err)
}

// BenchmarkDaily reports on a day of ten million messages, or so many as HARKARA_BENCH_GROUPS templates have, at 4 SMSCs in
// 24 hours with 30 buckets.
func BenchmarkDaily(b *testing.B) {
	groups := 500
	if n, err := strconv.Atoi(os.Getenv("HARKARA_BENCH_GROUPS")); err == nil {
		groups = n
	}
	db := testDB(b)
	for _, statement := range []string{
		`INSERT INTO harkara.dim SELECT t * 4 + s, 'tenant-' || t % 10, (1107000000000000000 + t)::text, 'HDR' || t % 50,
			(1101000000000000000 + t % 50)::text, 'smsc-' || s, 'otp', 'service_implicit' FROM generate_series(0, $1 - 1) t, generate_series(0, 3) s`,
		`INSERT INTO harkara.outcome VALUES (1, 'delivered', '', '', '', true, false),
			(2, 'undelivered', 'receipt', '1', 'absent_subscriber', true, false), (3, 'submitted', '', '', '', true, false)`,
		`INSERT INTO harkara.tally SELECT timestamptz '2026-11-22 00:00+05:30' + h * interval '1 hour', d, CASE b WHEN 0 THEN 2 WHEN 1 THEN 3 ELSE 1 END,
			CASE WHEN b < 2 THEN 0 ELSE 90 + b END, 7, 8 FROM generate_series(0, 23) h, generate_series(0, $1 * 4 - 1) d, generate_series(0, 29) b`,
		`INSERT INTO harkara.tally SELECT hour - interval '1 day', dim, outcome, bucket, messages, segments FROM harkara.tally WHERE $1 > 0`,
	} {
		args := []any{groups}
		if !strings.Contains(statement, "$1") {
			args = nil
		}
		db.MustExec(statement, args...)
	}
	db.MustExec(`VACUUM (FREEZE, ANALYZE) harkara.tally, harkara.dim, harkara.outcome`)
	from := time.Date(2026, 11, 21, 18, 30, 0, 0, time.UTC)
	for _, by := range []string{"tenant,smsc", "template", "template,smsc", "hour,smsc", "error"} {
		b.Run(by, func(b *testing.B) {
			for b.Loop() {
				rows, err := all(DLR(b.Context(), db, DLRFilter{From: from, To: from.AddDate(0, 0, 1), By: strings.Split(by, ",")}))
				var messages int64
				for _, r := range rows {
					messages += r.Requested
				}
				if err != nil || messages != int64(groups)*4*24*30*7 {
					b.Fatalf("%d messages in %d rows, %v", messages, len(rows), err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms")
		})
	}
	b.Run("templates", func(b *testing.B) {
		for b.Loop() {
			if rows, err := all(TemplateReport(b.Context(), db, UseFilter{From: from, To: from.AddDate(0, 0, 1)})); err != nil || len(rows) != groups {
				b.Fatalf("%d rows, %v", len(rows), err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms")
	})
	b.Run("v_dlr_daily", func(b *testing.B) {
		for b.Loop() {
			var n int
			if err := db.Get(&n, `SELECT count(*) FROM (SELECT * FROM harkara.v_dlr_daily WHERE day = '2026-11-22') d`); err != nil || n != groups*4 {
				b.Fatalf("%d rows, %v", n, err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms")
	})
}
