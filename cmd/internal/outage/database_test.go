package outage

import (
	"context"
	"testing"
	"time"

	"harkara/storage/ledger"
)

const (
	warm  = 1500 * time.Millisecond // of load before an outage
	after = time.Second             // of load after it
	// recovery is what may pass from a cause's end to a projection that has caught up, on a machine that does much else:
	// the pause between two tries grows to five seconds.
	recovery = 20 * time.Second
	// calm is what may pass until the metric says that nothing waits: the load goes on, and where other tests have the
	// processor the projection is a second behind it for longer.
	calm = time.Minute
)

// TestPostgreSQL takes PostgreSQL away in the ways that it goes: sending and receipts go on.
func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	run(t, []row{
		{name: "stopped", happens: func(t *testing.T, w *world) { w.stopped(t, "fast", 5*time.Second) }},
		{name: "stopped at once", long: true, happens: func(t *testing.T, w *world) { w.stopped(t, "immediate", 20*time.Second) }},
		{name: "locked", happens: func(t *testing.T, w *world) { w.locked(t, 4*time.Second, "harkara.message") }},
		{name: "locked beyond the time-out", long: true, happens: func(t *testing.T, w *world) { w.locked(t, 45*time.Second, "harkara.message") }},
		{name: "a day locked", long: true, happens: func(t *testing.T, w *world) { w.locked(t, 5*time.Second, today) }},
		{name: "a day locked beyond the time-out", long: true, happens: func(t *testing.T, w *world) { w.locked(t, 45*time.Second, today) }},
		{name: "the projection's row locked", long: true, happens: rowLocked},
		{name: "read only by default", long: true, happens: readOnly},
		{name: "a standby", long: true, happens: standby},
		{name: "no room for tables", long: true, happens: tablesFull},
		{name: "no room for anything", long: true, database: smallCluster, happens: allFull},
		{name: "cut at COMMIT", happens: cutAtCommit},
		{name: "killed at COMMIT", long: true, happens: killedAtCommit},
		{name: "sessions terminated", long: true, happens: terminated},
	})
}

// recovered waits until the database has what the ledger has at this moment, and says how long that took.
func (w *world) recovered(t *testing.T) {
	t.Helper()
	var end int64
	eventually(t, recovery, "the ledger tells its end", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		stream, err := w.load.Load().clients[kinds[0].tenant].Stream(ctx, ledger.Stream)
		if err != nil {
			return false
		}
		end = int64(stream.CachedInfo().State.LastSeq)
		return true
	})
	db := w.database.open(t)
	took := eventually(t, recovery, "the projection has caught up", func() bool {
		var at int64
		return db.Get(&at, `SELECT position FROM harkara.projection`) == nil && at >= end
	})
	eventually(t, calm, "the metric says so", func() bool { lag := w.watch.last().lag; return lag >= 0 && lag < 1 })
	t.Logf("caught up after %s", took.Round(10*time.Millisecond))
}

// outage lets an outage of PostgreSQL happen and asserts what holds in it and after it.
func (w *world) outage(t *testing.T, length time.Duration, begin, end func()) {
	t.Helper()
	from := time.Now()
	begin()
	pass(length - time.Since(from))
	w.watch.wentOn(t, from, time.Now(), true)
	end()
	w.recovered(t)
	pass(after)
}

func (w *world) stopped(t *testing.T, mode string, length time.Duration) {
	w.outage(t, length, func() { w.database.stop(t, mode) }, func() { w.database.start(t) })
}

// today is the name of the partition that holds today's messages.
const today = "today"

// locked holds a table so that nobody can even read it, as a careless ALTER TABLE does.
func (w *world) locked(t *testing.T, length time.Duration, table string) {
	db := w.database.open(t)
	if table == today {
		err := db.Get(&table, `SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'harkara.message'::regclass
			AND inhrelid::regclass::text LIKE '%' || to_char(now() AT TIME ZONE 'Asia/Kolkata', 'YYYYMMDD')`)
		if err != nil {
			t.Fatal(err)
		}
	}
	w.lockedBy(t, length, "LOCK TABLE "+table+" IN ACCESS EXCLUSIVE MODE")
}

// rowLocked is an administrator who looks at the position FOR UPDATE and goes to lunch.
func rowLocked(t *testing.T, w *world) {
	w.lockedBy(t, 45*time.Second, "SELECT FROM harkara.projection FOR UPDATE")
}

// lockedBy holds what a statement locks.
func (w *world) lockedBy(t *testing.T, length time.Duration, statement string) {
	t.Helper()
	tx, err := w.database.open(t).Beginx()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() // after the Commit that is expected it does nothing
	w.outage(t, length, func() {
		if _, err := tx.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}, func() {
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
	})
}

// readOnly makes new transactions read only unless they say otherwise. lib/pq's say so (SET TRANSACTION READ WRITE), so
// the projection may go on; what it must not do is lose anything.
func readOnly(t *testing.T, w *world) {
	from := time.Now()
	w.database.exec(t, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
	pass(8 * time.Second)
	w.watch.wentOn(t, from, time.Now(), false)
	w.database.exec(t, "SET default_transaction_read_only = off", "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")
	w.recovered(t)
	pass(after)
}

// standby is what a failover leaves behind the DSN for a while: a server that takes no writes at all, until it is promoted.
func standby(t *testing.T, w *world) {
	w.outage(t, 6*time.Second, func() {
		w.database.stop(t, "fast")
		w.database.write(t, "standby.signal")
		w.database.start(t)
	}, func() { w.database.control(t, "promote") })
}
