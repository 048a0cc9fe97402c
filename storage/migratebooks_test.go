package storage

import (
	"fmt"
	"testing"
	"time"

	"harkara/smpp/sms"
)

// TestMigrationCounts: what an older database has is counted as the projection would have counted it, and what comes
// afterwards is counted on top of it.
func TestMigrationCounts(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.db.SetMaxIdleConns(1) // a temporary table is its connection's
	migrateTo(t, b.db, 13)
	for _, statement := range []string{
		`CREATE TEMP TABLE made AS SELECT n, ` + madeKey + ` AS key, at, (ARRAY['planned', 'submitted', 'delivered', 'undelivered', 'in_doubt', 'rejected'])[1 + n % 6] AS state
			FROM generate_series(1, 3000) n, LATERAL (SELECT date_trunc('day', now()) - interval '5 days' + n * interval '97 s' AS at) t`,
		`INSERT INTO harkara.message (key, fact, requested_at, deadline, submitted_at, segments, possible_duplicate, tenant, id, ref, state, class, template, header,
				entity, category, encoding, smsc, to_last4)
			SELECT key, n, at, at, at, 1 + n % 3, n % 14 = 0, 'acme', 'id-' || n, '', 'submitted', 'otp', '1107' || n % 4, 'ACMEBK', '', 'é', '',
				CASE n % 5 WHEN 0 THEN NULL ELSE 'sim-' || n % 5 END, '5678' FROM made`,
		`INSERT INTO harkara.transition (key, fact, submitted_at, final_at, possible_duplicate, state, smsc, error_code, error_reason)
			SELECT key, n + 9000, CASE WHEN n % 3 <> 0 THEN at END, at + CASE n % 4 WHEN 0 THEN interval '1.21 s' WHEN 1 THEN interval '-1 s' ELSE n * interval '1.7 ms' END,
				n % 7 = 0, state, 'sim-a', CASE WHEN n % 2 = 0 THEN '69' END, NULL FROM made WHERE n % 10 < 8`,
		`INSERT INTO harkara.attempt (key, fact, planned_at, status, attempt, segment, smsc, verdict)
			SELECT key, n, at, 0, 1 + a, 1, 'sim-' || n % 4, CASE n % 3 WHEN 0 THEN 'planned' WHEN 1 THEN 'in_doubt' ELSE 'accepted' END FROM made, generate_series(0, 1) a`,
		`INSERT INTO harkara.answer (key, fact, status, attempt, segment, smsc, verdict, message_id)
			SELECT key, n + 9000, 0, 1, 1, 'sim-' || n % 4, 'accepted', n::text FROM made WHERE n % 6 < 2`,
		`INSERT INTO harkara.receipt (fact, received_at, key, attempt, segment, smsc, message_id, state, stat, err, reason, done, raw, retryable)
			SELECT n + 9000, at, CASE WHEN n % 6 = 0 THEN key END, 1, 1, 'sim-' || n % 4, n::text, 'delivered', '', '', '', '', '', false FROM made WHERE n % 6 < 3`,
		`INSERT INTO harkara.receipt_match (receipt, fact, key, attempt, segment) SELECT n + 9000, n + 19000, key, 1, 1 FROM made WHERE n % 6 = 1`,
		`DROP TABLE made`,
	} {
		if _, err := b.db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if err := Migrate(t.Context(), b.db); err != nil {
		t.Fatal(err)
	}
	have, want := b.tallies(t)
	sameLines(t, "migrated", have, want)
	if len(want) < 100 {
		t.Errorf("%d rows of counts: the test shows little", len(want))
	}
	for _, row := range query(t, b.db, `SELECT (SELECT count(*) FROM harkara.message_default), (SELECT count(*) FROM harkara.receipt),
		(SELECT count(*) FROM harkara.receipt WHERE given > fact), (SELECT count(*) FROM harkara.receipt_early)`) {
		if row != "0|1000|500|500" {
			t.Errorf("rows without a day, receipts, of them early, waiting: %s", row)
		}
	}
	if got := query(t, b.db, `SELECT DISTINCT a.attempt, m.possible_duplicate, a.possible_duplicate
		FROM harkara.attempt a JOIN harkara.v_message m ON m.key = a.key ORDER BY 1, 2`); fmt.Sprint(got) !=
		"[1|false|false 1|true|false 2|false|false 2|true|true]" { // the message's last word, not its first
		t.Errorf("attempts that may be a second copy: %v", got)
	}
	found, err := b.db.Query(`SELECT id, tenant, template, header, entity, smsc, class, category FROM harkara.dim`)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var id int64
		var c dimColumns
		if err := found.Scan(&id, &c.tenant, &c.template, &c.header, &c.entity, &c.smsc, &c.class, &c.category); err != nil || id != c.id() {
			t.Fatal(fmt.Sprint(c), id, c.id(), err)
		}
	}
	b.append(t, newHistory(1).planned(1, "sim-a", 1, 1).submitted(1, "sim-a", 1).receipt(1, "sim-a", 1, sms.Delivered).events...)
	b.project(t, b.config())
	have, want = b.tallies(t)
	sameLines(t, "projected", have, want)
}
