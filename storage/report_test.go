package storage

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"pgregory.net/rapid"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// reported is a message of a test; what it leaves empty is filled by insert. The values are made up.
type reported struct {
	MessageRow
	digest []byte
	later  bool // its state came after its row was written
}

// noon is 12:00 in India.
var noon = time.Date(2026, 11, 22, 6, 30, 0, 0, time.UTC)

func in(d time.Duration) *time.Time {
	t := noon.Add(d)
	return &t
}

// insert writes messages, and counts them, as the projector does: unless it says, the n-th was requested n minutes after
// noon. It returns the rows that a report should have.
func insert(t *testing.T, db *sqlx.DB, messages []reported) []MessageRow {
	t.Helper()
	tx := db.MustBegin()
	defer tx.Rollback()
	rows := make([]MessageRow, len(messages))
	for n, m := range messages {
		if m.RequestedAt.IsZero() {
			m.RequestedAt = noon.Add(time.Duration(n) * time.Minute)
		}
		if m.ID == "" {
			m.ID = sms.RequestID(fmt.Sprint("id-", n))
		}
		key := KeyAt(m.RequestedAt)
		key[6], key[8], key[14], key[15] = 0x70, 0x80, byte(n>>8), byte(n)
		null := func(s string) any {
			if s == "" {
				return nil
			}
			return s
		}
		standing := []any{m.SubmittedAt, m.FinalAt, m.PossibleDuplicate, string(m.State), null(string(m.SMSC)),
			null(string(m.ErrorStage)), null(m.ErrorCode), null(m.ErrorReason)}
		first := standing
		if m.later {
			first = []any{nil, nil, false, "planned", nil, nil, nil, nil}
			for fact := 2; fact < 4; fact++ { // the newest counts
				values := append([]any{key, fact}, standing...)
				if fact == 2 {
					values = []any{key, fact, noon, nil, false, "submitted", "sim-x", nil, nil, nil}
				}
				tx.MustExec(`INSERT INTO harkara.transition (key, fact, submitted_at, final_at, possible_duplicate, state, smsc,
					error_stage, error_code, error_reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, values...)
			}
		}
		tx.MustExec(`INSERT INTO harkara.message (submitted_at, final_at, possible_duplicate, state, smsc, error_stage,
			error_code, error_reason, key, fact, requested_at, deadline, segments, tenant, id, ref, class, template, header,
			entity, category, encoding, to_last4, to_digest)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 'gsm7', $20, $21)`,
			append(slices.Clone(first), key, m.RequestedAt, m.Segments, m.Tenant, m.ID, m.Ref, m.Class, m.Template, m.Header,
				m.Entity, m.Category, m.ToLast4, m.digest)...)
		insertCount(tx, &m.MessageRow)
		rows[n] = m.MessageRow
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// insertCount counts a message.
func insertCount(tx *sqlx.Tx, m *MessageRow) {
	bucket := int16(0)
	if m.State == sms.Delivered && m.FinalAt != nil {
		bucket = Bucket(m.FinalAt.Sub(m.RequestedAt))
	}
	hour, _ := WholeHours(m.RequestedAt, time.Time{})
	tx.MustExec(`WITH d AS (SELECT hashtextextended(concat_ws(',', $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text), 0) AS id),
		o AS (SELECT hashtextextended(concat_ws(',', $8::text, $9::text, $10::text, $11::text, $12::boolean, $13::boolean), 0) AS id),
		dims AS (INSERT INTO harkara.dim SELECT id, $1, $2, $3, $4, $5, $6, $7 FROM d ON CONFLICT DO NOTHING),
		outcomes AS (INSERT INTO harkara.outcome SELECT id, $8, $9, $10, $11, $12, $13 FROM o ON CONFLICT DO NOTHING)
		INSERT INTO harkara.tally AS t SELECT $14, d.id, o.id, $15, 1, $16 FROM d, o
		ON CONFLICT (hour, dim, outcome, bucket) DO UPDATE SET messages = t.messages + 1, segments = t.segments + $16`,
		m.Tenant, m.Template, m.Header, m.Entity, m.SMSC, m.Class, m.Category, m.State, m.ErrorStage, m.ErrorCode, m.ErrorReason,
		m.SubmittedAt != nil, m.PossibleDuplicate, hour, bucket, m.Segments)
}

func messages(t *testing.T, db *sqlx.DB, f MessageFilter) (rows []MessageRow) {
	t.Helper()
	for row, err := range Messages(t.Context(), db, f) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func TestMessages(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	db.SetMaxOpenConns(1) // the one that has the time zone
	db.MustExec(`SET TIME ZONE 'Asia/Kolkata'`)
	all := insert(t, db, []reported{
		{MessageRow: MessageRow{Tenant: "acme", Ref: "r1", State: sms.Delivered, Class: "otp", Template: templateID(1), Header: "ACMEBK",
			Entity: entityA, Category: dlt.ServiceImplicit, SMSC: "sim-a", Segments: 1, ToLast4: "0001", SubmittedAt: in(time.Second),
			FinalAt: in(1500 * time.Millisecond)}, digest: []byte{1}, later: true},
		{MessageRow: MessageRow{Tenant: "acme", State: sms.Undelivered, Class: "txn", Template: templateID(2), SMSC: "sim-b", Segments: 2,
			ErrorStage: sms.StageReceipt, ErrorCode: "633", ErrorReason: "template_not_matched", PossibleDuplicate: true,
			SubmittedAt: in(time.Minute), FinalAt: in(time.Hour)}, digest: []byte{2}},
		{MessageRow: MessageRow{Tenant: "beta", ID: "id-0", Ref: "r1", State: sms.Planned, Template: templateID(1)}, digest: []byte{1}},
		{MessageRow: MessageRow{Tenant: "beta", ID: "it's", State: sms.Rejected, ErrorStage: sms.StageDLT, ErrorCode: "bad_request",
			ErrorReason: "bad_request", FinalAt: in(3 * time.Minute)}},
		{MessageRow: MessageRow{Tenant: "beta", State: sms.Delivered, RequestedAt: noon.Add(-time.Hour), FinalAt: in(0)}, later: true},
	})
	tests := []struct {
		name   string
		filter MessageFilter
		want   []int
	}{
		{"all, oldest first", MessageFilter{}, []int{4, 0, 1, 2, 3}},
		{"from", MessageFilter{From: noon.Add(time.Minute)}, []int{1, 2, 3}},
		{"to", MessageFilter{To: noon.Add(time.Minute)}, []int{4, 0}},
		{"from, to", MessageFilter{From: noon, To: noon.Add(2 * time.Minute)}, []int{0, 1}},
		{"from, in another zone", MessageFilter{From: noon.In(time.FixedZone("IST", 19800)).Add(time.Minute)}, []int{1, 2, 3}},
		{"tenant", MessageFilter{Tenant: "acme"}, []int{0, 1}},
		{"id", MessageFilter{ID: "id-0"}, []int{0, 2}},
		{"tenant, id", MessageFilter{Tenant: "beta", ID: "id-0"}, []int{2}},
		{"id with a quote", MessageFilter{ID: "it's"}, []int{3}},
		{"id that would be SQL", MessageFilter{ID: "' OR '1'='1"}, nil},
		{"ref", MessageFilter{Ref: "r1"}, []int{0, 2}},
		{"template", MessageFilter{Template: templateID(1)}, []int{0, 2}},
		{"state of the row", MessageFilter{State: sms.Undelivered}, []int{1}},
		{"state that came later", MessageFilter{State: sms.Delivered}, []int{4, 0}},
		{"header", MessageFilter{Header: "ACMEBK"}, []int{0}},
		{"class", MessageFilter{Class: "txn"}, []int{1}},
		{"SMSC of the row", MessageFilter{SMSC: "sim-b"}, []int{1}},
		{"SMSC that came later", MessageFilter{SMSC: "sim-a"}, []int{0}},
		{"SMSC that has passed", MessageFilter{SMSC: "sim-x"}, nil},
		{"state that has passed", MessageFilter{State: sms.Submitted}, nil},
		{"number", MessageFilter{Number: november(1)}, []int{0, 2}},
		{"number of two digests", MessageFilter{Number: november(1, 2)}, []int{0, 1, 2}},
		{"number, from", MessageFilter{Number: november(1), From: noon.Add(2 * time.Minute)}, []int{2}},
		{"number, to", MessageFilter{Number: november(1), To: noon.Add(2 * time.Minute)}, []int{0}},
		{"number, state", MessageFilter{Number: november(1), State: sms.Planned}, []int{2}},
		{"number in another month", MessageFilter{Number: []MonthDigests{{november(1)[0].Month.AddDate(0, 1, 0), [][]byte{{1}}}}}, nil},
		{"number that no row can have", MessageFilter{Number: []MonthDigests{}}, nil},
		{"all together", MessageFilter{From: noon, To: noon.Add(time.Second), Tenant: "acme", ID: "id-0", Ref: "r1", Template: templateID(1),
			Header: "ACMEBK", SMSC: "sim-a", Class: "otp", State: sms.Delivered, Number: november(1)}, []int{0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var want []MessageRow
			for _, n := range tt.want {
				want = append(want, all[n])
			}
			if got := messages(t, db, tt.filter); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// november is the search for a number that has these digests then.
func november(digests ...byte) []MonthDigests {
	m := MonthDigests{Month: time.Date(2026, 11, 1, 0, 0, 0, 0, dlt.IST)}
	for _, d := range digests {
		m.Digests = append(m.Digests, []byte{d})
	}
	return []MonthDigests{m}
}

// Messages of many days come oldest first, whether their day has tables of its own or not, and each in its place once.
func TestMessagesOverDays(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	db.MustExec(`SELECT harkara.make_day(p, d::date) FROM unnest(ARRAY['message', 'transition']) p, unnest(ARRAY['2026-10-30', '2026-10-31', '2026-11-02']) d`)
	var all []reported
	for hours := range 24 * 6 { // 28 October to 3 November
		at := time.Date(2026, 10, 28, 23-hours%2*12, 30, 0, 0, dlt.IST).AddDate(0, 0, hours/2%7).Add(time.Duration(hours/14) * 10 * time.Minute)
		digest := byte(1) // as the month's key has it
		if at.Month() == time.November {
			digest = 2
		}
		all = append(all, reported{MessageRow: MessageRow{Tenant: "acme", Ref: "r", State: sms.Planned, RequestedAt: at.UTC()}, digest: []byte{digest}})
	}
	rows := insert(t, db, all)
	slices.SortStableFunc(rows, func(a, b MessageRow) int { return a.RequestedAt.Compare(b.RequestedAt) })
	october := MonthDigests{Month: time.Date(2026, 10, 1, 0, 0, 0, 0, dlt.IST), Digests: [][]byte{{1}}}
	for _, f := range []MessageFilter{{}, {Ref: "r"}, {Number: append([]MonthDigests{october}, november(2)...)}} {
		for _, from := range []time.Time{{}, rows[0].RequestedAt, rows[20].RequestedAt, rows[20].RequestedAt.Add(time.Microsecond),
			time.Date(2026, 10, 31, 0, 0, 0, 0, dlt.IST)} {
			for _, to := range []time.Time{{}, rows[90].RequestedAt, rows[90].RequestedAt.Add(time.Microsecond), time.Date(2026, 11, 2, 0, 0, 0, 0, dlt.IST)} {
				f.From, f.To = from, to
				var want []MessageRow
				for _, r := range rows {
					if !r.RequestedAt.Before(from) && (to.IsZero() || r.RequestedAt.Before(to)) {
						want = append(want, r)
					}
				}
				if got := messages(t, db, f); !reflect.DeepEqual(got, want) {
					t.Errorf("%+v: %d rows, want %d", f, len(got), len(want))
				}
			}
		}
	}
}

// A report is of one moment: what is written while it is read is not in it.
func TestMessagesAreOfOneMoment(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	two := []reported{{MessageRow: MessageRow{Tenant: "acme", State: sms.Planned}},
		{MessageRow: MessageRow{Tenant: "acme", State: sms.Planned, RequestedAt: noon.AddDate(0, 0, 1)}}}
	insert(t, db, two)
	n := 0
	for row, err := range Messages(t.Context(), db, MessageFilter{}) {
		if n++; err != nil || row.State != sms.Planned {
			t.Errorf("%+v, %v", row, err)
		}
		if n == 1 {
			db.MustExec(`INSERT INTO harkara.transition (key, fact, possible_duplicate, state) SELECT key, 9, false, 'lapsed' FROM harkara.message`)
			insert(t, db, []reported{{MessageRow: MessageRow{Tenant: "acme", RequestedAt: noon.AddDate(0, 0, 2)}}})
		}
	}
	if n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func TestMessagesEnd(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	db.SetMaxOpenConns(1) // so that a connection that is not given back is waited for in vain
	many(t, db, 1000)
	for range Messages(t.Context(), db, MessageFilter{}) {
		break
	}
	if got := len(messages(t, db, MessageFilter{})); got != 1000 {
		t.Errorf("after stopping early: %d messages, want 1000", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var n int
	var failed []error
	for _, err := range Messages(ctx, db, MessageFilter{}) {
		if n++; err != nil {
			failed = append(failed, err)
		}
		cancel()
	}
	if n != 2 || len(failed) != 1 || !errors.Is(failed[0], context.Canceled) {
		t.Errorf("cancelled at the first row: %d pairs, errors %v; want one more, with %v", n, failed, context.Canceled)
	}
	db.Close()
	n = 0
	for row, err := range Messages(t.Context(), db, MessageFilter{}) {
		if n++; err == nil || row != (MessageRow{}) || !strings.HasPrefix(err.Error(), "report messages: ") {
			t.Errorf("database closed: %+v, %v", row, err)
		}
	}
	if n != 1 {
		t.Errorf("database closed: %d pairs, want one", n)
	}
}

// many inserts n delivered messages of 16 templates, one in eight with a state that came later.
func many(t testing.TB, db *sqlx.DB, n int) {
	t.Helper()
	for _, statement := range []string{`INSERT INTO harkara.message (key, fact, requested_at, deadline, submitted_at, final_at, segments,
			possible_duplicate, tenant, id, ref, state, class, template, header, entity, category, encoding, smsc, to_last4, to_digest)
		SELECT (left(harkara.key_at(at)::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, n, at, at, at, at + n % 100 * interval '100 ms', 1,
			false, 'acme', 'id-' || n, repeat('r', 128), 'delivered', 'otp', (1107000000000000000 + n % 16)::text, 'ACMEBK',
			'1101000000000000011', 'service_implicit', 'gsm7', 'sim-a', '0001', '\x0102030405060708090a0b0c0d0e0f10'
		FROM (SELECT n, timestamptz '2026-11-22 06:30Z' + n * interval '1 ms' AS at FROM generate_series(1, $1) n) g`,
		`INSERT INTO harkara.transition (key, fact, submitted_at, final_at, possible_duplicate, state, smsc)
		SELECT key, fact + $1, submitted_at, final_at, false, 'delivered', 'sim-b' FROM harkara.message WHERE fact % 8 = 0 AND fact <= $1`,
	} {
		if _, err := db.Exec(statement, n); err != nil {
			t.Fatal(err)
		}
	}
	db.MustExec(`ANALYZE harkara.message, harkara.transition`)
}

// Half-way through a large report hardly more memory is in use than at its beginning.
func TestMessagesStream(t *testing.T) {
	const all, some = 50_000, 8 << 20 // the report's rows would take over 30 MB
	db := testDB(t)
	many(t, db, all)
	inUse := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, n := inUse(), 0
	var last MessageRow
	for row, err := range Messages(t.Context(), db, MessageFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == all/2 {
			if now := inUse(); now > before+some {
				t.Errorf("%d bytes in use half-way, %d before", now, before)
			}
		}
		if !row.RequestedAt.After(last.RequestedAt) {
			t.Fatalf("%s comes after %s", row.ID, last.ID)
		}
		last = row
	}
	if n != all {
		t.Errorf("%d rows, want %d", n, all)
	}
}

// all gathers a report's rows before its error.
func all[T any](report iter.Seq2[T, error]) (rows []T, err error) {
	for row, err := range report {
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// middle is what a report says of so many seconds.
func middle(seconds float64) *float64 {
	m := math.Pow(1.1, float64(Bucket(time.Duration(seconds*1e9)))-100.5)
	return &m
}

func TestDLR(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	message := func(tenant sms.TenantID, state sms.State, smsc sms.SMSCID, submitted, final *time.Time, failure ...string) reported {
		m := reported{MessageRow: MessageRow{Tenant: tenant, State: state, SMSC: smsc, RequestedAt: noon, SubmittedAt: submitted, FinalAt: final}}
		if len(failure) > 0 {
			m.ErrorStage, m.ErrorCode, m.ErrorReason = sms.Stage(failure[0]), failure[1], failure[2]
		}
		return m
	}
	second := in(time.Second)
	insert(t, db, []reported{
		message("acme", sms.Delivered, "sim-a", second, in(2*time.Second)),
		message("acme", sms.Delivered, "sim-a", second, in(4*time.Second)),
		message("acme", sms.Delivered, "sim-b", second, in(12*time.Second)),
		message("acme", sms.Undelivered, "sim-b", second, second, "receipt", "633", "template_not_matched"),
		message("acme", sms.Expired, "sim-b", second, second, "receipt", "004", ""),
		message("acme", sms.Submitted, "sim-a", second, nil),
		message("acme", sms.Planned, "sim-a", nil, nil),
		message("acme", sms.Rejected, "", nil, second, "dlt", "unknown_template", "unknown_template"),
		message("acme", sms.Rejected, "", nil, second, "route", "no_route", "no_route"),
		message("beta", sms.Refused, "sim-a", nil, second, "smsc", "0x0000000B", ""),
		message("beta", sms.Lapsed, "", nil, second, "deadline", "", ""),
		message("beta", sms.InDoubt, "sim-b", nil, nil),
		message("beta", sms.Unreported, "sim-b", second, second),
		message("gama", sms.Rejected, "", nil, second, "dlt", "bad_number", "bad_number"),
	})
	number := func(f float64) *float64 { return &f }
	tests := []struct {
		name   string
		filter DLRFilter
		want   []DLRRow
	}{
		{"all", DLRFilter{}, []DLRRow{{Group: []string{}, Counts: Counts{Requested: 14, Submitted: 7, Pending: 2, Delivered: 3, Undelivered: 1, Expired: 1,
			Unreported: 1, Refused: 1, Rejected: 3, Lapsed: 1, InDoubt: 1}, DeliveredPercent: number(300. / 11), P50: middle(4), P95: middle(12), P99: middle(12)}}},
		{"none", DLRFilter{Tenant: "nobody"}, []DLRRow{{Group: []string{}}}},
		{"none, by tenant", DLRFilter{Tenant: "nobody", By: []string{"tenant"}}, nil},
		{"by tenant", DLRFilter{By: []string{"tenant"}}, []DLRRow{
			{Group: []string{"acme"}, Counts: Counts{Requested: 9, Submitted: 6, Pending: 2, Delivered: 3, Undelivered: 1, Expired: 1, Rejected: 2},
				DeliveredPercent: number(300. / 7), P50: middle(4), P95: middle(12), P99: middle(12)},
			{Group: []string{"beta"}, Counts: Counts{Requested: 4, Submitted: 1, Unreported: 1, Refused: 1, Lapsed: 1, InDoubt: 1}, DeliveredPercent: number(0)},
			{Group: []string{"gama"}, Counts: Counts{Requested: 1, Rejected: 1}},
		}},
		{"by smsc and tenant, of one tenant", DLRFilter{Tenant: "acme", By: []string{"smsc", "tenant"}}, []DLRRow{
			{Group: []string{"", "acme"}, Counts: Counts{Requested: 2, Rejected: 2}},
			{Group: []string{"sim-a", "acme"}, Counts: Counts{Requested: 4, Submitted: 3, Pending: 2, Delivered: 2}, DeliveredPercent: number(50),
				P50: middle(2), P95: middle(4), P99: middle(4)},
			{Group: []string{"sim-b", "acme"}, Counts: Counts{Requested: 3, Submitted: 3, Delivered: 1, Undelivered: 1, Expired: 1},
				DeliveredPercent: number(100. / 3), P50: middle(12), P95: middle(12), P99: middle(12)},
		}},
		{"by error, of one tenant", DLRFilter{Tenant: "beta", By: []string{"error"}}, []DLRRow{
			{Group: []string{""}, Counts: Counts{Requested: 2, Submitted: 1, InDoubt: 1, Unreported: 1}, DeliveredPercent: number(0)},
			{Group: []string{"deadline"}, Counts: Counts{Requested: 1, Lapsed: 1}, DeliveredPercent: number(0)},
			{Group: []string{"smsc 0x0000000B"}, Counts: Counts{Requested: 1, Refused: 1}, DeliveredPercent: number(0)},
		}},
		{"from", DLRFilter{From: noon.Add(time.Hour), By: []string{"tenant"}}, nil},
		{"to", DLRFilter{To: noon, By: []string{"tenant"}}, nil},
		{"from and to within the hour", DLRFilter{From: noon.Add(time.Hour - 1), To: noon.Add(time.Hour - 1), Tenant: "gama"},
			[]DLRRow{{Group: []string{}, Counts: Counts{Requested: 1, Rejected: 1}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := all(DLR(t.Context(), db, tt.filter))
			if err != nil || !sameReport(got, tt.want) {
				t.Errorf("%v\ngot  %s\nwant %s", err, showReport(got), showReport(tt.want))
			}
		})
	}
	rows, err := all(DLR(t.Context(), db, DLRFilter{By: []string{"error"}}))
	var groups []string
	for _, r := range rows {
		groups = append(groups, r.Group[0])
	}
	want := []string{"", "deadline", "dlt bad_number", "dlt unknown_template", "receipt 004", "receipt 633 template_not_matched",
		"route no_route", "smsc 0x0000000B"}
	if err != nil || !slices.Equal(groups, want) {
		t.Errorf("errors %q, %v; want %q", groups, err, want)
	}
}

// sameReport compares reports; seconds and percent to nine digits, since they are computed in another order.
func sameReport(a, b []DLRRow) bool {
	near := func(a, b *float64) bool {
		return a == nil && b == nil || a != nil && b != nil && math.Abs(*a-*b) <= 1e-9*math.Max(1, math.Abs(*b))
	}
	return slices.EqualFunc(a, b, func(a, b DLRRow) bool {
		if !near(a.DeliveredPercent, b.DeliveredPercent) || !near(a.P50, b.P50) || !near(a.P95, b.P95) || !near(a.P99, b.P99) {
			return false
		}
		a.DeliveredPercent, a.P50, a.P95, a.P99 = b.DeliveredPercent, b.P50, b.P95, b.P99
		return reflect.DeepEqual(a, b)
	})
}

func showReport(rows []DLRRow) string {
	var b strings.Builder
	show := func(f *float64) string {
		if f == nil {
			return "-"
		}
		return fmt.Sprint(*f)
	}
	for _, r := range rows {
		percent, p50, p95, p99 := show(r.DeliveredPercent), show(r.P50), show(r.P95), show(r.P99)
		r.DeliveredPercent, r.P50, r.P95, r.P99 = nil, nil, nil, nil
		fmt.Fprintf(&b, "%+v %s%% %s %s %s\n", r, percent, p50, p95, p99)
	}
	return b.String()
}

// Days and hours are those of India: at 18:29:59 UTC it is still the same day there, a second later the next.
func TestDLRByTimeInIndia(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	at := func(hour, minute, second int) reported {
		return reported{MessageRow: MessageRow{State: sms.Planned, RequestedAt: time.Date(2026, 11, 22, hour, minute, second, 0, time.UTC)}}
	}
	insert(t, db, []reported{at(18, 29, 59), at(18, 30, 0), at(18, 45, 0), at(19, 30, 0)})
	for _, tt := range []struct{ by, want string }{
		{"day", "2026-11-22=1 2026-11-23=3"},
		{"hour", "2026-11-22T23:00:00+05:30=1 2026-11-23T00:00:00+05:30=2 2026-11-23T01:00:00+05:30=1"},
	} {
		rows, err := all(DLR(t.Context(), db, DLRFilter{By: []string{tt.by}}))
		var got []string
		for _, r := range rows {
			got = append(got, fmt.Sprintf("%s=%d", r.Group[0], r.Requested))
		}
		if joined := strings.Join(got, " "); err != nil || joined != tt.want {
			t.Errorf("by %s: %s, %v; want %s", tt.by, joined, err, tt.want)
		}
	}
}

func TestDLRGroupsByNothingElse(t *testing.T) {
	t.Parallel()
	listed := slices.Sorted(slices.Values(slices.Concat(DLRDimensions(), OTPDimensions())))
	if got, want := slices.Compact(listed), slices.Sorted(maps.Keys(dimensions)); !slices.Equal(got, want) {
		t.Errorf("listed %v, known %v", got, want)
	}
	db := testDB(t)
	for _, by := range []string{"", "to_last4", "tenant, id", "1", "Tenant", "tenant; DROP SCHEMA harkara CASCADE"} {
		rows, err := all(DLR(t.Context(), db, DLRFilter{By: []string{"tenant", by}}))
		if rows != nil || err == nil || !strings.Contains(err.Error(), "choose of tenant, template") {
			t.Errorf("by %q: %v, %v", by, rows, err)
		}
	}
	db.Close()
	if rows, err := all(DLR(t.Context(), db, DLRFilter{})); rows != nil || err == nil || !strings.HasPrefix(err.Error(), "report delivery: ") {
		t.Errorf("database closed: %v, %v", rows, err)
	}
}

// Whatever the messages and the grouping, the report has what counting the listed messages gives.
func TestDLRCountsWhatMessagesLists(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	states := []sms.State{sms.Planned, sms.Submitted, sms.Delivered, sms.Undelivered, sms.Expired, sms.Unreported, sms.Rejected,
		sms.Refused, sms.Lapsed, sms.InDoubt}
	groupOf := map[string]func(MessageRow) string{
		"tenant":   func(m MessageRow) string { return string(m.Tenant) },
		"template": func(m MessageRow) string { return string(m.Template) },
		"header":   func(m MessageRow) string { return string(m.Header) },
		"entity":   func(m MessageRow) string { return string(m.Entity) },
		"smsc":     func(m MessageRow) string { return string(m.SMSC) },
		"class":    func(m MessageRow) string { return m.Class },
		"category": func(m MessageRow) string { return string(m.Category) },
	}
	draw := rapid.Custom(func(t *rapid.T) reported {
		word := rapid.SampledFrom([]string{"a", "b"})
		m := reported{later: rapid.Bool().Draw(t, "later"), MessageRow: MessageRow{
			Tenant: sms.TenantID(word.Draw(t, "tenant")), Template: dlt.TemplateID(word.Draw(t, "template")), Header: dlt.Header(word.Draw(t, "header")),
			Entity: dlt.EntityID(word.Draw(t, "entity")), Class: word.Draw(t, "class"), Category: dlt.Category(word.Draw(t, "category")),
			State: rapid.SampledFrom(states).Draw(t, "state"), RequestedAt: noon}}
		if rapid.Bool().Draw(t, "tried") {
			m.SMSC, m.SubmittedAt = sms.SMSCID(word.Draw(t, "smsc")), in(time.Second)
		}
		if final(m.State) {
			m.FinalAt = in(time.Duration(rapid.IntRange(0, 999_999).Draw(t, "took")) * time.Millisecond)
		}
		return m
	})
	rapid.Check(t, func(rt *rapid.T) {
		db.MustExec(`DELETE FROM harkara.message; DELETE FROM harkara.transition; DELETE FROM harkara.tally`)
		insert(t, db, rapid.SliceOfN(draw, 0, 20).Draw(rt, "messages"))
		by := rapid.SliceOfNDistinct(rapid.SampledFrom(slices.Sorted(maps.Keys(groupOf))), 1, 3, rapid.ID[string]).Draw(rt, "by")
		members := map[string][]MessageRow{}
		for _, m := range messages(t, db, MessageFilter{}) {
			var group []string
			for _, b := range by {
				group = append(group, groupOf[b](m))
			}
			members[strings.Join(group, "\x00")] = append(members[strings.Join(group, "\x00")], m)
		}
		var want []DLRRow
		for _, group := range slices.Sorted(maps.Keys(members)) {
			want = append(want, count(strings.Split(group, "\x00"), members[group]))
		}
		got, err := all(DLR(t.Context(), db, DLRFilter{By: by}))
		if err != nil || !sameReport(got, want) {
			rt.Fatalf("%v\ngot  %s\nwant %s", err, showReport(got), showReport(want))
		}
		for _, r := range got {
			if sum := r.Pending + r.Delivered + r.Undelivered + r.Expired + r.Unreported + r.Refused + r.Rejected + r.Lapsed + r.InDoubt; sum != r.Requested {
				rt.Fatalf("the states of %v add up to %d, not %d", r.Group, sum, r.Requested)
			}
		}
	})
}

// count is the plain way to what DLR lets PostgreSQL compute.
func count(group []string, messages []MessageRow) DLRRow {
	row := DLRRow{Group: group, Counts: Counts{Requested: int64(len(messages))}}
	counts := map[sms.State]*int64{sms.Planned: &row.Pending, sms.Submitted: &row.Pending, sms.Delivered: &row.Delivered,
		sms.Undelivered: &row.Undelivered, sms.Expired: &row.Expired, sms.Unreported: &row.Unreported, sms.Refused: &row.Refused,
		sms.Rejected: &row.Rejected, sms.Lapsed: &row.Lapsed, sms.InDoubt: &row.InDoubt}
	var seconds []float64
	for _, m := range messages {
		*counts[m.State]++
		if m.SubmittedAt != nil {
			row.Submitted++
		}
		if m.State == sms.Delivered {
			seconds = append(seconds, m.FinalAt.Sub(m.RequestedAt).Seconds())
		}
	}
	if rest := row.Requested - row.Rejected; rest > 0 {
		percent := float64(row.Delivered) / float64(rest) * 100
		row.DeliveredPercent = &percent
	}
	slices.Sort(seconds)
	for p, into := range map[float64]**float64{0.5: &row.P50, 0.95: &row.P95, 0.99: &row.P99} {
		if len(seconds) == 0 {
			continue
		}
		value := seconds[int(math.Ceil(p*float64(len(seconds))))-1]
		near := middle(value)
		if value > 0.0001 && math.Abs(*near-value) > 0.05*value {
			panic(fmt.Sprintf("%v s are reported as %v s", value, *near))
		}
		*into = near
	}
	return row
}

func BenchmarkReport(b *testing.B) {
	const all = 200_000
	db := testDB(b)
	many(b, db, all)
	b.Run("Messages", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			for _, err := range Messages(b.Context(), db, MessageFilter{}) {
				if n++; err != nil {
					b.Fatal(err)
				}
			}
			if n != all {
				b.Fatalf("%d rows", n)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/all, "ns/row")
	})
}
