package storage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"harkara/smpp/sms"
)

// fillDays writes messages by SQL as the projector would: n of them from first on, one each step, each with its attempt,
// of which each second one has its answer in its own row and the others in one that came later, and with a receipt, but
// where no id names the segment; each fifth has a receipt that found nothing.
func fillDays(t testing.TB, b *bench, n int, first time.Time, step time.Duration) {
	t.Helper()
	tx, err := b.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for _, statement := range []string{
		fmt.Sprintf(`CREATE TEMP TABLE made ON COMMIT DROP AS SELECT n, `+madeKey+` AS key, at
			FROM generate_series(1, %d) n, LATERAL (SELECT timestamptz '%s' + n * interval '%d microseconds' AS at) t`,
			n, first.Format(time.RFC3339Nano), step.Microseconds()),
		`INSERT INTO harkara.message (key, fact, requested_at, deadline, segments, possible_duplicate, tenant, id, ref, state, class, template,
				header, entity, category, encoding, to_last4, to_digest, smsc)
			SELECT key, n << 16, at, at, 1, false, 'acme', 'id-' || n, CASE WHEN n % 2 = 0 THEN 'ref-' || n ELSE '' END, 'planned', 'otp',
				(1107000000000000000 + n % 500)::text, 'ACMEBK', '1101', 'service_implicit', 'gsm7', '5678',
				decode(lpad(to_hex(n % (1 + n / 3)), 32, '0'), 'hex'), 'sim-' || n % 4 FROM made`,
		`INSERT INTO harkara.transition (key, fact, submitted_at, final_at, possible_duplicate, state, smsc)
			SELECT key, n << 16 | 1, at, at + interval '2 s', false, 'delivered', 'sim-' || n % 4 FROM made`,
		`CREATE TEMP TABLE said ON COMMIT DROP AS SELECT key, n, at, at + interval '50 ms' AS answered_at, CASE WHEN n % 100 < 2 THEN 195 ELSE 0 END AS status,
				CASE WHEN n % 25 = 0 THEN 'in_doubt' ELSE 'accepted' END AS verdict, CASE WHEN n % 25 > 0 THEN to_hex(n) END AS message_id,
				CASE WHEN n % 25 = 0 THEN n % 65535 END AS user_ref FROM made`,
		`INSERT INTO harkara.attempt (key, fact, planned_at, attempt, segment, smsc, parts, answered_at, status, verdict, message_id, user_ref)
			SELECT key, n << 16, at, 1, 1, 'sim-' || n % 4, 1, answered_at, status, verdict, message_id, user_ref FROM said WHERE n % 2 = 1
			UNION ALL SELECT key, n << 16, at, 1, 1, 'sim-' || n % 4, 1, NULL, 0, 'planned', NULL, NULL FROM said WHERE n % 2 = 0`,
		`INSERT INTO harkara.answer (key, fact, attempt, segment, smsc, answered_at, status, verdict, message_id, user_ref)
			SELECT key, n << 16 | 1, 1, 1, 'sim-' || n % 4, answered_at, status, verdict, message_id, user_ref FROM said WHERE n % 2 = 0`,
		`INSERT INTO harkara.receipt (fact, given, received_at, key, attempt, segment, smsc, message_id, state, stat, err, reason, done, raw, retryable)
			SELECT n << 16 | 2, n << 16 | 2, at + interval '2 s', key, 1, 1, 'sim-' || n % 4, to_hex(n), 'delivered', 'DELIVRD', '', '', '', '', false
			FROM made WHERE n % 25 > 0`,
		`INSERT INTO harkara.receipt_early (fact, received_at, smsc, message_id, user_ref, state, stat, err, reason, done, raw, retryable)
			SELECT n << 16 | 3, at, 'sim-' || n % 4, 'early-' || n, n % 65535, 'delivered', 'DELIVRD', '', '', '', '', false FROM made WHERE n % 5 = 0`,
		`INSERT INTO harkara.otp_event (key, fact, at, requested_at, dry_run, tenant, event, challenge, purpose, template, to_last4, smsc)
			SELECT key, n << 16 | 4, at, at, false, 'acme', 'verified', 'challenge-' || n, 'login', '1107', '5678', 'sim-' || n % 4 FROM made`,
	} {
		if _, err := tx.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// days lists a table's partitions with how many rows each has.
func (b *bench) days(t testing.TB, parent string) []string {
	return query(t, b.db, `SELECT relname, count(*) FROM harkara.`+parent+` x JOIN pg_class c ON c.oid = x.tableoid GROUP BY 1 ORDER BY 1`)
}

func (b *bench) partitions(t testing.TB, parent string) []string {
	return query(t, b.db, `SELECT relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE inhparent = ('harkara.' || $1)::regclass ORDER BY 1`, parent)
}

func (b *bench) maintain(t testing.TB, now time.Time, keep Retention) Maintained {
	t.Helper()
	done, err := Maintain(t.Context(), b.x(), now, keep)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// partitionOf is the name of a table's day, so many from now.
func partitionOf(parent string, now time.Time, days int) string {
	return parent + "_" + dayOf(now).AddDate(0, 0, days).Format("20060102")
}

func (b *bench) projectedAt(t testing.TB, at time.Time) {
	t.Helper()
	if _, err := b.db.Exec(`UPDATE harkara.projection SET frame_at = $1`, at); err != nil {
		t.Fatal(err)
	}
}

// TestMaintain lets days come and go: rows that came before their day move into it, rows of days that are over go, and
// the counts by hour of these become one of the day.
func TestMaintain(t *testing.T) {
	t.Parallel()
	b := &bench{db: testDB(t).DB}
	now := time.Now()
	day := func(n int) time.Time { return dayOf(now).AddDate(0, 0, n) }
	first := day(-12).Add(5*time.Hour + 30*time.Minute) // before the days that the schema was made with
	fillDays(t, b, 480, first, time.Hour/5)             // four days, five a day by India's clock
	if got := b.days(t, "message"); !slices.Equal(got, []string{"message_default|480"}) {
		t.Fatal(got)
	}
	b.projectedAt(t, day(-8))
	b.count(t)
	keep := Retention{Messages: 30 * 24 * time.Hour, Receipts: 30 * 24 * time.Hour}
	done := b.maintain(t, now, keep)
	if done.Moved != 480*4+240+461+96 || done.Settled != settleAtOnce || done.Left != 0 || done.Made != 7*12 {
		t.Errorf("%+v", done)
	}
	var want []string
	for i, n := range []int{92, 120, 120, 120, 28} {
		want = append(want, fmt.Sprintf("%s|%d", partitionOf("message", now, i-12), n))
	}
	if got := b.days(t, "message"); !slices.Equal(got, want) {
		t.Errorf("by day %v", got)
	}
	settled := done.Settled
	for done.Settled == settleAtOnce {
		if done = b.maintain(t, now, keep); done != (Maintained{Settled: done.Settled}) {
			t.Errorf("again: %+v", done)
		}
		settled += done.Settled
	}
	if settled != 12*7 && settled != 11*7 { // yesterday only some hours after midnight
		t.Errorf("%d are settled", settled)
	}

	keep = Retention{Messages: 10 * 24 * time.Hour, Receipts: 9 * 24 * time.Hour}
	if done = b.maintain(t, now, keep); done.Dropped != 0 {
		t.Errorf("the ledger's clock says that nothing is over: %+v", done)
	}
	before := b.countedByDay(t)
	b.projectedAt(t, now)
	done = b.maintain(t, now, keep)
	if done.Dropped != 5*2+2*3 || done.Made != 0 || done.Strays != 0 {
		t.Errorf("later: %+v", done)
	}
	if got := b.days(t, "message"); !slices.Equal(got, want[2:]) {
		t.Errorf("messages left %v", got)
	}
	if got := len(b.days(t, "receipt")) + len(b.days(t, "receipt_early")); got != 4 {
		t.Errorf("%d days of receipts are left", got)
	}
	sameLines(t, "counts by day", b.countedByDay(t), before)
	rolled := func() {
		t.Helper()
		for _, table := range []string{"tally", "billing", "otp_tally"} {
			if got := query(t, b.db, `SELECT DISTINCT hour = harkara.day_start((hour AT TIME ZONE 'Asia/Kolkata')::date)
				FROM harkara.`+table+` WHERE hour < $1`, day(-10)); !slices.Equal(got, []string{"true"}) {
				t.Errorf("hours of %s: %v", table, got)
			}
			if got := query(t, b.db, `SELECT count(DISTINCT hour) FROM harkara.`+table); got[0] != fmt.Sprint(2+24+24+6) {
				t.Errorf("%s has %v hours", table, got)
			}
		}
	}
	rolled()

	fillDays(t, b, 10, first, time.Minute) // a replay brings what is over
	query(t, b.db, `INSERT INTO harkara.tally SELECT hour + interval '5 h', dim, outcome, bucket, 10, 10 FROM harkara.tally WHERE hour = $1 LIMIT 1`, day(-12))
	if done = b.maintain(t, now, keep); done.Strays != 10*5+5+2 || done.Made+int(done.Moved) != 0 {
		t.Errorf("strays: %+v", done)
	}
	rolled()
}

// TestMaintainClocks: a clock that is wrong drops nothing, and neither does a database that was never projected into.
func TestMaintainClocks(t *testing.T) {
	t.Parallel()
	b := &bench{db: testDB(t).DB}
	now := time.Now()
	query(t, b.db, `SELECT harkara.make_day('message', $1)`, dayOf(now).AddDate(-2, 0, 0))
	if done := b.maintain(t, now, Retention{}); done.Dropped != 0 {
		t.Errorf("never projected: %+v", done)
	}
	b.projectedAt(t, now)
	for _, wrong := range []time.Time{now.AddDate(2, 0, 0), now.Add(-2 * time.Hour)} {
		done, err := Maintain(t.Context(), b.x(), wrong, Retention{})
		if done != (Maintained{}) || err == nil || !strings.Contains(err.Error(), "set them right") {
			t.Errorf("%+v, %v", done, err)
		}
	}
	if done := b.maintain(t, now, Retention{}); done.Dropped != 1 {
		t.Errorf("%+v", done)
	}
}

// TestMaintainGoesOn: what fails of one table does not keep Maintain from the others.
func TestMaintainGoesOn(t *testing.T) {
	t.Parallel()
	b := &bench{db: testDB(t).DB}
	now := time.Now()
	query(t, b.db, `CREATE TABLE harkara.message_odd PARTITION OF harkara.message FOR VALUES FROM ('00000000-0000-0000-0000-000000000000')
		TO ('00000000-0000-0000-0000-000000000001')`)
	query(t, b.db, `SELECT harkara.make_day('answer', $1)`, dayOf(now).AddDate(-2, 0, 0))
	b.projectedAt(t, now)
	done, err := Maintain(t.Context(), b.x(), now, Retention{})
	if done.Made != 7 || done.Dropped != 1 || err == nil || !strings.Contains(err.Error(), "message_odd") {
		t.Errorf("%+v, %v", done, err)
	}
}

// TestMakeDayAtOnce: of several that make the same day one does, and none fails.
func TestMakeDayAtOnce(t *testing.T) {
	t.Parallel()
	db := testDB(t)
	ended := make(chan error, 4)
	for range cap(ended) {
		go func() {
			_, err := db.Exec(`SELECT harkara.make_day('message', '2020-01-01')`)
			ended <- err
		}()
	}
	for range cap(ended) {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// TestSettleWaitsForNobody: a day that somebody holds is vacuumed next time.
func TestSettleWaitsForNobody(t *testing.T) {
	t.Parallel()
	b := &bench{db: testDB(t).DB}
	now := time.Now()
	query(t, b.db, `SELECT harkara.make_day('answer', $1)`, dayOf(now).AddDate(0, 0, -5))
	holding, err := b.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer holding.Rollback()
	if _, err := holding.Exec(`LOCK TABLE harkara.` + partitionOf("answer", now, -5) + ` IN SHARE UPDATE EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	if done := b.maintain(t, now, Retention{}); done.Left != 1 {
		t.Errorf("%+v", done)
	}
}

// TestStraysMoveUnseen: who reads rows while they move into their day finds them there.
func TestStraysMoveUnseen(t *testing.T) {
	t.Parallel()
	for _, parent := range []string{"message", "transition", "answer", "attempt"} {
		t.Run(parent, func(t *testing.T) {
			b := newBench(t, 100*time.Millisecond)
			h := newHistory(1).planned(1, "sim", 1, 1)
			step := func() {
				b.append(t, h.events...)
				h.events = nil
				b.project(t, b.config())
			}
			step()
			h.submitted(1, "sim", 1)
			step()
			h.receipt(1, "sim", 1, sms.Delivered)
			b.append(t, h.events...)
			day := partitionOf(parent, testStart, 0)
			for _, statement := range []string{
				`ALTER TABLE harkara.` + parent + ` DETACH PARTITION harkara.` + day,
				`INSERT INTO harkara.` + parent + ` SELECT * FROM harkara.` + day, `DROP TABLE harkara.` + day,
			} {
				query(t, b.db, statement)
			}
			moving, err := b.db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			defer moving.Rollback()
			var moved int
			if err := moving.QueryRow(`SELECT harkara.make_day($1, $2)`, parent, dayOf(testStart)).Scan(&moved); err != nil || moved != 1 {
				t.Fatal(moved, err)
			}
			ended := make(chan error, 1)
			go func() {
				for waits := 0; waits == 0; {
					if err := b.db.QueryRow(`SELECT count(*) FROM pg_locks WHERE NOT granted
						AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&waits); err != nil {
						ended <- err
						return
					}
				}
				ended <- moving.Commit()
			}()
			b.project(t, b.config())
			if err := <-ended; err != nil {
				t.Error(err)
			}
			got := query(t, b.db, `SELECT state, (SELECT count(*) FROM harkara.parked), (SELECT count(*) FROM harkara.receipt_early),
				(SELECT state FROM harkara.v_tally), (SELECT count(*) FROM harkara.`+parent+`_default) FROM harkara.v_message`)
			if !slices.Equal(got, []string{"delivered|0|0|delivered|0"}) {
				t.Errorf("%v", got)
			}
		})
	}
}

// TestProjectorMakesDays: a projection that begins anew makes the days that it comes to, as far back as rows are kept.
func TestProjectorMakesDays(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	now := time.Now()
	for i, days := range []int{-500, -40} {
		h := newHistory(1+i).planned(1, "sim", 1, 1).submitted(1, "sim", 1)
		for j := range h.events {
			key, at := KeyAt(now.AddDate(0, 0, days)), now.AddDate(0, 0, days)
			key[15] = byte(1 + i)
			h.events[j].Key, h.events[j].At = key, at
		}
		b.append(t, h.events...)
	}
	b.project(t, b.config())
	for _, parent := range []string{"message", "attempt"} {
		if got := b.days(t, parent); !slices.Equal(got, []string{partitionOf(parent, now, -40) + "|1", parent + "_default|1"}) {
			t.Errorf("%v", got)
		}
	}
	for _, at := range []time.Time{testStart, dayOf(testStart), dayOf(testStart).Add(-time.Millisecond)} {
		if got := time.Unix(dayNumber(keyTime(KeyAt(at)))*86400, 0).UTC().Format(time.DateOnly); got != dayOf(at).Format(time.DateOnly) {
			t.Errorf("%v: %s", at, got)
		}
	}
}

// count fills tally and billing from the rows.
func (b *bench) count(t testing.TB) {
	t.Helper()
	for _, statement := range []string{
		`INSERT INTO harkara.dim SELECT DISTINCT hashtext(template || smsc), tenant, template, header, entity, smsc, class, category FROM harkara.v_message`,
		`INSERT INTO harkara.outcome VALUES (1, 'delivered', '', '', '', true, false)`,
		`INSERT INTO harkara.tally SELECT harkara.hour_start(requested_at), hashtext(template || smsc), 1, 100 + right(id, 1)::int % 2, count(*), 2 * count(*) FROM harkara.v_message GROUP BY 1, 2, 4`,
		`INSERT INTO harkara.billing SELECT harkara.hour_start(requested_at), hashtext(template || smsc), false, count(*), 1 FROM harkara.v_message GROUP BY 1, 2`,
		`INSERT INTO harkara.otp_tally SELECT harkara.hour_start(requested_at), tenant, purpose, template, smsc, event, 100 + right(challenge, 1)::int % 2, count(*)
			FROM harkara.otp_event GROUP BY 1, 2, 3, 4, 5, 6, 7`,
	} {
		if _, err := b.db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func (b *bench) countedByDay(t testing.TB) []string {
	return slices.Concat(query(t, b.db, `SELECT day, template, smsc, state, bucket, sum(messages), sum(segments) FROM harkara.v_tally GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`),
		query(t, b.db, `SELECT day, route, bucket, sum(events) FROM harkara.v_otp_tally GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`),
		query(t, b.db, `SELECT day, template, smsc, sum(accepted), sum(in_doubt) FROM harkara.v_billing GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`))
}

// TestMaintainWaitsForNobody: while somebody reads a table its days are neither made nor dropped, and who writes is not
// held up; they are next time.
func TestMaintainWaitsForNobody(t *testing.T) {
	t.Parallel()
	b := &bench{db: testDB(t).DB}
	now := time.Now()
	b.projectedAt(t, now.AddDate(0, 0, -10))
	b.maintain(t, now, Retention{})
	b.projectedAt(t, now)
	for _, parent := range dayTables {
		query(t, b.db, `DROP TABLE harkara.`+partitionOf(parent, now, 3))
	}
	keep := Retention{Messages: 9 * 24 * time.Hour, Receipts: 9 * 24 * time.Hour}
	reading, err := b.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Rollback()
	if _, err := reading.Exec(`SELECT FROM harkara.message`); err != nil {
		t.Fatal(err)
	}
	writing, err := b.db.Begin() // as a projector that is in the middle of its batch
	if err != nil {
		t.Fatal(err)
	}
	defer writing.Rollback()
	const insert = `INSERT INTO harkara.attempt (key, fact, status, attempt, segment, smsc, verdict) VALUES ($1, 1, 0, $2, 1, 'a', 'planned')`
	if _, err := writing.Exec(insert, KeyAt(now), 1); err != nil {
		t.Fatal(err)
	}
	done := b.maintain(t, now, keep)
	if done.Left == 0 || done.Dropped != 5*2 || done.Made != 6 { // the days -11 and -10; no one writes to the default of attempt
		t.Errorf("%+v", done)
	}
	if got := b.partitions(t, "message"); got[0] != partitionOf("message", now, -11) || got[len(got)-2] != partitionOf("message", now, 2) {
		t.Errorf("a table that is read has now %v", got)
	}
	if _, err := writing.Exec(insert, KeyAt(now), 2); err != nil {
		t.Error(err)
	}
	if err := writing.Commit(); err != nil {
		t.Error(err)
	}
	if err := reading.Commit(); err != nil {
		t.Error(err)
	}
	if done = b.maintain(t, now, keep); done.Left != 0 || done.Dropped != 2*2 || done.Made != 1 {
		t.Errorf("afterwards: %+v", done)
	}
	for _, parent := range dayTables {
		if got := b.partitions(t, parent); got[0] != partitionOf(parent, now, -9) || got[len(got)-2] != partitionOf(parent, now, 3) {
			t.Errorf("afterwards: %v", got)
		}
	}
}

// TestMaintainAtOnce: of several one works, and none fails.
func TestMaintainAtOnce(t *testing.T) {
	t.Parallel()
	b := &bench{db: testDB(t).DB}
	now := time.Now()
	query(t, b.db, `DROP TABLE harkara.`+partitionOf("message", now, 3))
	ended := make(chan error, 4)
	for range cap(ended) {
		go func() {
			_, err := Maintain(t.Context(), b.x(), now, Retention{})
			ended <- err
		}()
	}
	for range cap(ended) {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if got := b.maintain(t, now, Retention{}); got.Made != 0 {
		t.Errorf("%+v", got)
	}
}

// A key's time, day and hour are the same in Go and in SQL.
func TestKeyAt(t *testing.T) {
	t.Parallel()
	db := testDB(t).DB
	for _, at := range []time.Time{testStart, time.Unix(0, 999_000), time.Date(2026, 11, 22, 18, 29, 59, 999_999_000, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		key := KeyAt(at)
		got := query(t, db, `SELECT harkara.key_at($1), harkara.key_time($2::uuid) = date_trunc('milliseconds', $1::timestamptz),
			harkara.day_start(($1 AT TIME ZONE 'Asia/Kolkata')::date) = $3, extract(epoch FROM harkara.hour_start($1))::bigint`, at, key, dayOf(at))
		if want := fmt.Sprintf("%s|true|true|%d", key, hourOf(at)); got[0] != want {
			t.Errorf("%v: got %s, want %s", at, got[0], want)
		}
	}
	if low, high := keySpan(map[sms.Key]bool{testKey(2): true, testKey(1): true, testKey(3): true}); low != testKey(1) || high != testKey(3) {
		t.Errorf("%s to %s", low, high)
	}
}
