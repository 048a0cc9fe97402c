package storage

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/smpp/sms"
	"harkara/storage/internal/natstest"
	"harkara/storage/ledger"
)

// explainedDays and explainedMessages are the size of the database that plans are looked at on; the days that are still to
// come are empty.
const (
	explainedDays     = 42
	explainedMessages = 42_000 // with their rows in the other tables a quarter of a million
)

// TestPlans runs all that reads or changes rows by day on a database of many days, and looks at the plans that
// PostgreSQL makes: no day is read from end to end, and none that the query is not about.
func TestPlans(t *testing.T) {
	t.Parallel()
	dsn := testDSN(t)
	admin, err := sqlx.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	now := dayOf(time.Now()).AddDate(0, 0, 1).Add(-time.Second) // so that all days are full
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	admin.MustExec(`UPDATE harkara.projection SET frame_at = $1`, day(2-explainedDays))
	if _, err := Maintain(t.Context(), admin, time.Now(), Retention{}); err != nil {
		t.Fatal(err)
	}
	const step = explainedDays * 24 * time.Hour / explainedMessages
	filled := &bench{db: admin.DB}
	fillDays(t, filled, explainedMessages, now.Add(-explainedMessages*step), step)
	filled.count(t)
	admin.MustExec(`UPDATE harkara.projection SET frame_at = $1`, now)
	admin.MustExec(`UPDATE harkara.feedback SET frame_at = $1`, now)
	admin.MustExec(`ANALYZE`)
	db, plans := openExplained(t, dsn)
	x := sqlx.NewDb(db, "postgres")

	keyOf := func(n int) sms.Key {
		var key sms.Key
		if err := admin.Get(&key, `SELECT key FROM harkara.message WHERE tenant = 'acme' AND id = 'id-' || $1::int`, n); err != nil {
			t.Fatal(err)
		}
		return key
	}
	newest := explainedMessages // of today; step apart
	message := []string{"message", "transition"}
	segments := []string{"answer", "attempt", "message", "transition"}
	all := []string{"answer", "attempt", "message", "receipt", "transition"}
	ever, soon := day(-explainedDays), day(daysAhead)
	lookup := NewLookup(db)
	key := keyOf(newest)
	for name, c := range map[string]struct {
		run      func(ctx context.Context) error
		from, to time.Time
		read     []string
	}{
		"recall by keys": {func(ctx context.Context) error {
			conn, err := db.Conn(ctx)
			if err != nil {
				return err
			}
			defer conn.Close()
			n, err := recallMessages(ctx, conn, newMemory(10, 10), map[sms.Key]bool{key: true, keyOf(newest - 1): true})
			if n != 2 {
				err = errors.Join(err, errors.New("not found"))
			}
			return err
		}, now.Add(-2 * step), now, all},
		"look up a key": {func(ctx context.Context) error { _, err := lookup.ByKey(ctx, key, 0); return err }, now.Add(-step), now, segments},
		"look up an id": {func(ctx context.Context) error { _, err := lookup.ByID(ctx, "acme", "id-77", 0); return err }, ever, soon, segments},
		"no such id": {func(ctx context.Context) (err error) {
			for range 8 { // until PostgreSQL keeps a plan
				_, failed := lookup.ByID(ctx, "acme", "none", 0)
				err = errors.Join(err, failed)
			}
			return err
		}, ever, soon, message[:1]},
		"the newest ids": {func(ctx context.Context) error { return drain(RecentIDs(ctx, db, 100)) }, ever, soon, message[:1]},
		"silent segments": {func(ctx context.Context) error {
			_, err := Silent(ctx, db, "sim-1", day(-1), day(-1).Add(time.Hour), 100)
			return err
		}, day(-9), day(-1).Add(2 * time.Hour), []string{"answer", "attempt", "message", "receipt"}},
		"sent today": {func(ctx context.Context) error { _, err := SentToday(ctx, x, "acme", now); return err }, now, now, nil},
		"reveal": {func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, `SELECT * FROM harkara.reveal('acme', 'id-77', 'a', 'b')`)
			return err
		}, ever, soon, message[:1]},
		"keys of a number": {func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, `SELECT harkara.keys_of_number(ARRAY['\x0102'::bytea], $1, $2)`, KeyAt(day(-20)), KeyAt(day(-10)))
			return err
		}, day(-20), day(-10), message[:1]},
		"report by id": {func(ctx context.Context) error {
			return drain(Messages(ctx, x, MessageFilter{Tenant: "acme", ID: "id-77"}))
		}, ever, soon, message},
		"report by ref": {func(ctx context.Context) error { return drain(Messages(ctx, x, MessageFilter{Ref: "ref-78"})) }, ever, soon, message},
		"report by number": {func(ctx context.Context) error {
			n := newest - 15*explainedMessages/explainedDays
			month := MonthDigests{Month: dayOf(day(-20)), Digests: [][]byte{binary.BigEndian.AppendUint64(make([]byte, 8), uint64(n%(1+n/3)))}}
			return drain(Messages(ctx, x, MessageFilter{From: day(-20), To: day(-10), Number: []MonthDigests{month}}))
		}, day(-20), day(-10), message},
		"report by time": {func(ctx context.Context) error {
			return drain(Messages(ctx, x, MessageFilter{From: day(-7).Add(-time.Hour), To: day(-7), State: sms.Undelivered}))
		}, day(-7), day(-7), message},
		"report dlr": {func(ctx context.Context) error {
			return drain(DLR(ctx, x, DLRFilter{From: day(-7), To: day(0), By: []string{"day", "smsc"}}))
		}, now, now, nil},
		"report otp": {func(ctx context.Context) error {
			return drain(OTPReport(ctx, x, OTPFilter{From: day(-7), To: day(0), By: []string{"day", "route"}}))
		}, now, now, nil},
		"events of a challenge": {func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, `SELECT * FROM harkara.v_otp_event WHERE challenge = $1 ORDER BY at`, "challenge-77")
			return err
		}, ever, soon, []string{"otp_event"}},
		"events of an hour": {func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, `SELECT * FROM harkara.v_otp_event WHERE key >= $1 AND key < $2`, KeyAt(day(-7).Add(-time.Hour)), KeyAt(day(-7)))
			return err
		}, day(-7), day(-7), []string{"otp_event"}},
		"unreported": {func(ctx context.Context) error {
			admin.MustExec(`INSERT INTO harkara.outcome VALUES (7, 'submitted', '', '', '', true, false) ON CONFLICT DO NOTHING`)
			admin.MustExec(`INSERT INTO harkara.tally SELECT harkara.hour_start($1), min(id), 7, 0, 1, 1 FROM harkara.dim WHERE smsc = 'sim-1' ON CONFLICT DO NOTHING`, day(-4))
			_, err := Unreported(ctx, db, "sim-1", day(-3), 10)
			return err
		}, day(-4).Add(-time.Hour), day(-4).Add(time.Hour), segments},
		"shred a month": {func(ctx context.Context) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer tx.Rollback()
			return shred(ctx, tx, &ledger.Shred{Month: now.Format(shredMonth), Keys: []sms.Key{KeyAt(now)}})
		}, now.AddDate(0, 0, -31), soon, message[:1]},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			plans.take()
			if err := c.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if read := plans.check(t, now, c.from, c.to); !slices.Equal(read, c.read) {
				t.Errorf("it read %v, not %v", read, c.read)
			}
		})
	}
	t.Run("projector", func(t *testing.T) { projectExplained(t, db, plans, now) })
	t.Run("learn", func(t *testing.T) {
		admin.MustExec(`UPDATE harkara.projection SET position = $1`, newest+10)
		admin.MustExec(`UPDATE harkara.feedback SET fact = $1`, factOf(ledger.Position(newest-100), 0))
		plans.take()
		if _, more, err := Learn(t.Context(), x, LearnConfig{After: 3}); err != nil || more {
			t.Fatal(more, err)
		}
		if read := plans.check(t, now, now.Add(-oldestReported), soon); !slices.Equal(read, []string{"answer", "attempt", "message", "receipt"}) {
			t.Errorf("it read %v", read)
		}
	})
	// An index that nothing uses would cost the projector for nothing.
	if idle := plans.idleIndexes(t, admin.DB); len(idle) != 0 {
		t.Errorf("no query uses %v", idle)
	}
	t.Run("keep the days", func(t *testing.T) {
		if done, err := Maintain(t.Context(), x, time.Now(), Retention{Messages: 40 * 24 * time.Hour}); err != nil || done.Dropped == 0 {
			t.Fatal(done, err)
		}
		if read := plans.check(t, now, now, now); len(read) != 0 {
			t.Errorf("it read %v", read)
		}
	})
}

// idleIndexes are the B-trees of partitioned tables that none of the plans has used. The BRIN indexes are for days of
// millions of rows, and no use for these of a thousand: BenchmarkSilent prints the plans that need them.
func (p *plans) idleIndexes(t *testing.T, db *sql.DB) (idle []string) {
	t.Helper()
	for _, line := range query(t, db, `
		SELECT above.relname, c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class above ON above.oid = i.inhparent
		JOIN pg_am am ON am.oid = above.relam AND am.amname = 'btree' WHERE above.relkind = 'I' AND above.relnamespace = 'harkara'::regnamespace`) {
		parent, child, _ := strings.Cut(line, "|")
		if !slices.Contains(idle, parent) {
			idle = append(idle, parent)
		}
		if p.indexes[child] {
			p.indexes[parent] = true
		}
	}
	slices.Sort(idle)
	return slices.DeleteFunc(idle, func(parent string) bool { return p.indexes[parent] })
}

// drain reads all of a sequence.
func drain[T any](all func(func(T, error) bool)) (err error) {
	all(func(_ T, e error) bool { err = errors.Join(err, e); return true })
	return err
}

// projectExplained takes events through a projector whose memory is too small for anything, so that it looks things up in
// all the ways there are: by key, by the SMSC's id, by a reference, and the receipts that wait under either.
func projectExplained(t *testing.T, db *sql.DB, plans *plans, now time.Time) {
	b := &bench{db: db, server: natstest.Start(t, t.TempDir(), 100*time.Millisecond)}
	b.js = b.server.JetStream(t)
	l, err := ledger.Open(t.Context(), b.js, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b.ledger = l
	fresh := func(n byte) sms.Key { k := KeyAt(now); k[15] = n; return k }
	planned := func(n byte) ledger.Event {
		f := testFacts(int(n), 1)
		f.Requested = now
		return ledger.Event{Kind: ledger.Planned, At: now, Key: fresh(n), Facts: f, Attempt: 1, SMSC: "sim-2", Answers: []ledger.Answer{{Segment: 1}}}
	}
	answered := func(n byte, kind ledger.Kind, id sms.MessageID, verdict string) ledger.Event {
		return ledger.Event{Kind: kind, At: now, Key: fresh(n), Attempt: 1, SMSC: "sim-2", Answers: []ledger.Answer{{Segment: 1, MessageID: id, Verdict: verdict, At: now}}}
	}
	receipt := func(id sms.MessageID, ref uint16) ledger.Event {
		return ledger.Event{Kind: ledger.Receipt, At: now, Report: &ledger.Report{SMSC: "sim-2", MessageID: id, State: sms.Delivered, Stat: "DELIVRD", UserRef: ref, From: 42}}
	}
	known := explainedMessages - 50 // a multiple of 50 and, less 48, one that the SMSC sim-2 has given an id
	for _, e := range []ledger.Event{
		receipt("waits-1", 0), receipt("waits-2", 7), receipt("waits-3", 8),
		receipt(sms.MessageID(strconv.FormatInt(int64(known-48), 16)), 0), receipt("", uint16(known%65535)),
		planned(1), answered(1, ledger.Submitted, "waits-1", accepted), planned(2), answered(2, ledger.InDoubt, "", inDoubt),
	} {
		b.append(t, e)
	}
	plans.take()
	cfg, recalled, matched := b.config(), 0, 0
	cfg.MaxEvents, cfg.Remember, cfg.EarlyLimit = 1, 1, 1
	cfg.Trace.Projected = func(_ ledger.Position, s Stats, _, _ time.Duration) {
		recalled, matched = recalled+s.Recalled, matched+s.Matched
	}
	b.project(t, cfg)
	if recalled < 2 || matched != 1 {
		t.Errorf("recalled %d messages, matched %d receipts", recalled, matched)
	}
	if read := plans.check(t, now, now.Add(-oldestReported), now.AddDate(0, 0, daysAhead)); !slices.Equal(read, slices.Sorted(slices.Values(dayTables[:6]))) { // not otp_event: that is only written
		t.Errorf("it read %v", read)
	}
}
