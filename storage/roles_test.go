package storage

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// as logs in as a user that has a role, and no other; empty: none at all.
func as(t *testing.T, dsn, role string) *sqlx.DB {
	t.Helper()
	user := strings.ToLower("user_" + strings.NewReplacer("/", "_", "=", "_").Replace(t.Name()) + "_" + role)
	statement := `CREATE ROLE ` + user + ` LOGIN PASSWORD 'made up'`
	if role != "" {
		statement += ` IN ROLE ` + role
	}
	if err := inCluster(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
	db, err := sqlx.Open("postgres", dsn+" user="+user+" password='made up'")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		db.Close()
		if err := inCluster(context.Background(), `DROP ROLE `+user); err != nil {
			t.Error(err)
		}
	})
	return db
}

// TestRoles tries as each role what it is for, and what it must not do.
func TestRoles(t *testing.T) {
	dsn := testDSN(t)
	owner, err := sqlx.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close()
	fillDays(t, &bench{db: owner.DB}, 10, testStart, time.Second)
	owner.MustExec(`UPDATE harkara.message SET to_sealed = '\x0102' WHERE id IN ('id-3', 'id-4')`)
	facts := []string{"message", "transition", "attempt", "answer", "receipt", "receipt_early", "message_default", "parked", "tally", "dim", "outcome",
		"billing", "data_key", "privacy_log", "otp_event", "otp_event_default", "otp_tally"}
	may := map[string][]string{
		"harkara_writer": {
			`SELECT count(*) FROM harkara.message`, `SELECT harkara.make_day('message', '2020-01-01')`, `SELECT harkara.drop_day('message', '2020-01-01')`,
			`SELECT harkara.drop_strays('message', '2001-01-01')`, `INSERT INTO harkara.privacy_log (action, tenant, detail, who, why) VALUES ('rotate', '', '', 'a', 'b')`,
			`UPDATE harkara.message SET to_digest = NULL, to_sealed = NULL, text_digest = NULL, to_last4 = '' WHERE id = 'id-1'`,
			`DELETE FROM harkara.receipt_early WHERE fact = 1`, `SELECT * FROM harkara.feedback FOR UPDATE`,
		},
		"harkara_reader": {
			`SELECT tenant, id, to_last4, key FROM harkara.v_message`, `SELECT * FROM harkara.v_attempt`, `SELECT * FROM harkara.v_receipt`, `SELECT * FROM harkara.v_unmatched`,
			`SELECT * FROM harkara.v_tally`, `SELECT * FROM harkara.v_billing`, `SELECT * FROM harkara.v_dlr_daily`, `SELECT * FROM harkara.v_template`,
			`SELECT * FROM harkara.dlt_failure`, `SELECT * FROM harkara.quarantine`, `SELECT * FROM harkara.v_otp_event`, `SELECT * FROM harkara.v_otp_daily`,
			`SELECT * FROM harkara.v_otp_tally`, `SELECT * FROM harkara.v_otp_route`,
		},
		"harkara_reveal": {`SELECT * FROM harkara.reveal('acme', 'id-1', 'somebody', 'a complaint')`},
		"":               nil,
	}
	mayNot := map[string][]string{
		"harkara_writer": {
			`UPDATE harkara.message SET state = 'delivered'`, `DELETE FROM harkara.message`, `UPDATE harkara.receipt SET stat = ''`, `DELETE FROM harkara.receipt`,
			`UPDATE harkara.attempt SET verdict = ''`, `UPDATE harkara.privacy_log SET why = ''`, `DELETE FROM harkara.privacy_log`, `TRUNCATE harkara.message`,
			`DROP TABLE harkara.message`, `ALTER TABLE harkara.message ADD COLUMN x int`, `CREATE TABLE harkara.x ()`, `CREATE ROLE x`, `DELETE FROM harkara.tally`,
			`UPDATE harkara.otp_event SET event = ''`, `DELETE FROM harkara.otp_event`, `DELETE FROM harkara.otp_tally`,
			`UPDATE harkara.register_row SET line = 0`, `DELETE FROM harkara.data_key`, `SELECT harkara.roll_day('2031-01-01')`,
			`SELECT harkara.make_day('tally', '2020-01-01')`, `SELECT harkara.make_day(NULL, '2020-01-01')`, `SELECT harkara.drop_day('data_key', '2020-01-01')`,
			`SELECT harkara.drop_day('message', (now() AT TIME ZONE 'Asia/Kolkata' - interval '8 days')::date)`, `SELECT harkara.drop_day('message', NULL)`,
			`SELECT harkara.drop_strays('message', (now() AT TIME ZONE 'Asia/Kolkata' - interval '6 days')::date)`, `SELECT harkara.drop_strays('message', NULL)`,
			`SELECT harkara.drop_strays('tally', '2020-01-01')`,
		},
		"harkara_reader": {
			`SELECT to_digest FROM harkara.v_message`, `SELECT 1 FROM harkara.v_message WHERE to_digest IS NULL`, `SELECT * FROM harkara.v_message`,
			`INSERT INTO harkara.dlt_failure DEFAULT VALUES`, `SELECT harkara.make_day('message', '2031-01-01')`,
			`SELECT harkara.drop_day('message', '2026-11-22')`, `SELECT * FROM harkara.reveal('acme', 'id-1', 'a', 'b')`,
		},
		"harkara_reveal": {
			`SELECT id FROM harkara.v_message`, `SELECT harkara.drop_day('message', '2026-11-22')`, `SELECT harkara.keys_of_number('{}', NULL, NULL)`,
			`INSERT INTO harkara.privacy_log (action, tenant, detail, who, why) VALUES ('', '', '', '', '')`,
			`SELECT * FROM harkara.reveal('acme', 'id-1', 'somebody', ' ')`, `SELECT * FROM harkara.reveal('acme', 'id-1', NULL, 'b')`,
		},
		"": {`SELECT 1 FROM harkara.v_message`, `SELECT * FROM harkara.reveal('acme', 'id-1', 'a', 'b')`, `SELECT harkara.make_day('message', '2031-01-01')`},
	}
	for _, table := range facts {
		mayNot["harkara_reader"] = append(mayNot["harkara_reader"], `SELECT FROM harkara.`+table)
		mayNot["harkara_reveal"] = append(mayNot["harkara_reveal"], `SELECT FROM harkara.`+table)
	}
	logins := map[string]*sqlx.DB{}
	for role := range may {
		db := as(t, dsn, role)
		logins[role] = db
		for _, statement := range may[role] {
			if _, err := db.Exec(statement); err != nil {
				t.Errorf("%s may not %s: %v", role, statement, err)
			}
		}
		for _, statement := range mayNot[role] {
			if _, err := db.Exec(statement); err == nil || !strings.Contains(err.Error(), "denied") && !strings.Contains(err.Error(), "must be owner") &&
				!strings.Contains(err.Error(), "say who") && !strings.Contains(err.Error(), "has no days") && !strings.Contains(err.Error(), "not to be dropped") {
				t.Errorf("%s: %s: %v", role, statement, err)
			}
		}
	}
	reveal, reader := logins["harkara_reveal"], logins["harkara_reader"]
	if got := query(t, reveal.DB, `SELECT to_sealed, requested_at IS NOT NULL FROM harkara.reveal('acme', 'id-3', 'somebody', 'a complaint')`); fmt.Sprint(got) != "[\x01\x02|true]" {
		t.Errorf("revealed %q", got)
	}
	if got := query(t, owner.DB, `SELECT action, tenant, detail, who, why FROM harkara.privacy_log ORDER BY id DESC LIMIT 1`); fmt.Sprint(got) !=
		"[reveal|acme|request id-3, by the database user user_testroles_harkara_reveal|somebody|a complaint]" {
		t.Errorf("logged %q", got)
	}
	low, high := KeyAt(testStart), KeyAt(testStart.Add(time.Hour))
	if got := query(t, reader.DB, `SELECT id FROM harkara.v_message WHERE key IN (SELECT harkara.keys_of_number(ARRAY['\x00000000000000000000000000000001'::bytea], $1, $2)) ORDER BY id`,
		low, high); fmt.Sprint(got) != "[id-3 id-5 id-7 id-9]" {
		t.Errorf("messages to the number: %v", got)
	}
}

// TestAWriterIsEnough: a gateway that logs in with harkara_writer starts, projects, learns and keeps the days.
func TestAWriterIsEnough(t *testing.T) {
	owner := newBench(t, 100*time.Millisecond)
	writer := as(t, dsnOf(query(t, owner.db, `SELECT current_database()`)[0]), "harkara_writer")
	b := &bench{db: writer.DB, js: owner.js, ledger: owner.ledger, server: owner.server}
	if err := Migrate(t.Context(), b.db); err != nil {
		t.Fatal(err)
	}
	if err := EnsureRoles(t.Context(), writer); err != nil {
		t.Fatal(err)
	}
	early := newHistory(2).receipt(1, "a", 1, sms.Delivered)
	b.append(t, newHistory(1).planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Delivered).events...)
	b.append(t, early.events...)
	b.project(t, b.config())
	b.append(t, newHistory(2).planned(1, "a", 1, 1).submitted(1, "a", 1).events...)
	b.append(t, newHistory(3).planned(1, "a", 1, 1).ended(ledger.InDoubt, 1, "a", true, 1).events...)
	b.append(t, ledger.Event{Kind: ledger.Submitted, Key: testKey(4), Attempt: 1}) // is parked
	b.append(t, otpEvent(1, ledger.OTPRequested, 0, nil))
	b.append(t, otpEvent(1, ledger.OTPVerified, time.Second, nil), otpEvent(2, ledger.OTPRequested, 0, nil))
	b.project(t, b.config())
	b.learn(t, 3)
	now := time.Now()
	query(t, owner.db, `SELECT harkara.make_day('message', $1)`, dayOf(now).AddDate(0, 0, -12))
	query(t, owner.db, `DROP TABLE harkara.`+partitionOf("message", now, 3))
	if done := b.maintain(t, now, Retention{Messages: 9 * 24 * time.Hour}); done.Made == 0 || done.Dropped == 0 || done.Left != 0 || done.Settled != 0 {
		t.Errorf("%+v", done)
	}
	if got := query(t, owner.db, `SELECT count(*) FROM harkara.receipt`); got[0] != "2" {
		t.Errorf("%v receipts", got)
	}
}

// TestEnsureRoles: who may not create roles is told what is missing; once it is there, it is granted.
func TestEnsureRoles(t *testing.T) {
	db := testDB(t)
	if err := EnsureRoles(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	// The roles are the whole cluster's and in use, so that the check is tried under other names.
	body := query(t, db.DB, `SELECT pg_get_functiondef('harkara.ensure_roles'::regproc)`)[0]
	db.MustExec(strings.ReplaceAll(body, `'harkara_reveal'`, `'harkara_lacking'`))
	plain := as(t, dsnOf(query(t, db.DB, `SELECT current_database()`)[0]), "")
	db.MustExec(`GRANT USAGE ON SCHEMA harkara TO PUBLIC`)
	if err := EnsureRoles(t.Context(), plain); err == nil || !strings.Contains(err.Error(), "run CREATE ROLE harkara_lacking NOLOGIN;") {
		t.Errorf("%v", err)
	}
}

// TestRolesOfManyDatabases: databases of one cluster are migrated at the same time.
func TestRolesOfManyDatabases(t *testing.T) {
	ended := make(chan error, 3)
	for range cap(ended) {
		db := testDB(t)
		db.MustExec(`DROP SCHEMA harkara CASCADE; DROP TABLE harkara_migrations`)
		go func() {
			err := Migrate(t.Context(), db.DB)
			if err == nil {
				err = EnsureRoles(t.Context(), db)
			}
			ended <- err
		}()
	}
	for range cap(ended) {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
