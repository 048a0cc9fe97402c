package storage

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
	"harkara/storage/internal/natstest"
)

// BenchmarkLookup asks for one request that is there.
func BenchmarkLookup(b *testing.B) {
	w := newBench(b, 100*time.Millisecond)
	fillLedger(b, w, 1000, 0)
	w.project(b, w.config())
	l := NewLookup(w.db)
	for b.Loop() {
		if k, err := l.ByKey(context.Background(), testKey(500), 1); err != nil || k.State != sms.Delivered {
			b.Fatal(k, err)
		}
	}
}

// BenchmarkSilent looks for silent segments of one minute an hour ago in a database of 200,000 messages, 200 a second,
// of which each hundredth is silent. With -v it prints the plan.
func BenchmarkSilent(b *testing.B) {
	db := testDB(b)
	db.SetMaxOpenConns(1) // a temporary table is its connection's
	for _, statement := range []string{
		`CREATE TEMP TABLE made AS SELECT n, ` + madeKey + ` AS key, at
			FROM generate_series(1, 200000) n, LATERAL (SELECT timestamptz '2026-11-22 10:00Z' + n * interval '5 ms' AS at) t`,
		`INSERT INTO harkara.message (key, fact, requested_at, deadline, segments, possible_duplicate, tenant, id, ref, state, class, template, header,
			entity, category, encoding, to_last4) SELECT key, n, at, at, 1, false, 'acme', n::text, '', 'submitted', 'otp', '1107', 'ACMEBK', '1101', '', '', '5678' FROM made`,
		`INSERT INTO harkara.attempt (key, fact, planned_at, status, attempt, segment, smsc, verdict, parts) SELECT key, n, at, 0, 1, 1, 'a', 'planned', 1 FROM made`,
		`INSERT INTO harkara.answer (key, fact, answered_at, status, attempt, segment, smsc, verdict, message_id)
			SELECT key, n, at + interval '50 ms', 0, 1, 1, CASE WHEN n % 2 = 0 THEN 'a' ELSE 'b' END, 'accepted', n::text FROM made`,
		`INSERT INTO harkara.receipt (fact, given, received_at, key, attempt, segment, smsc, message_id, state, stat, err, reason, done, raw, retryable)
			SELECT n, n, at + interval '5 s', key, 1, 1, CASE WHEN n % 2 = 0 THEN 'a' ELSE 'b' END, n::text, 'delivered', 'DELIVRD', '', '', '', '', false FROM made WHERE n % 100 > 1`,
		`VACUUM ANALYZE harkara.message, harkara.attempt, harkara.answer, harkara.receipt`,
	} {
		if _, err := db.Exec(statement); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
	from := time.Date(2026, 11, 22, 10, 5, 0, 0, time.UTC)
	if testing.Verbose() {
		for _, line := range query(b, db.DB, `EXPLAIN (ANALYZE, BUFFERS) `+silentQuery, "a", from, from.Add(time.Minute), 1000,
			KeyAt(from.Add(-oldestAnswered)), KeyAt(from.Add(clockSkew))) {
			b.Log(line)
		}
	}
	for b.Loop() {
		silent, err := Silent(b.Context(), db.DB, "a", from, from.Add(time.Minute), 1000)
		if err != nil || len(silent) != 120 {
			b.Fatal(len(silent), err)
		}
	}
}

// benchExport is an export of n made-up templates of about 110 characters, each with a link.
func benchExport(n int) export {
	words := strings.Fields("{#num#} {#var#} {#alp#} is the OTP code for your login order payment of Rs account ending with valid minutes do not " +
		"share it anyone Dear customer bill due on delivered today thank you call help visit branch Acme Bank - ACMEBK")
	random := rand.New(rand.NewPCG(1, 2))
	e := exportOf(dlt.KindTemplate)
	for i := range n {
		text := make([]string, 20)
		for w := range text {
			text[w] = words[random.IntN(len(words))]
		}
		e.template(i+1, entityA, strings.Join(text, " "), "ACMEBK")
	}
	return e
}

// BenchmarkRegister imports, loads and refreshes a register of 100,000 templates with a link each. heap-MB is what a
// loaded snapshot keeps alive.
func BenchmarkRegister(b *testing.B) {
	db := testDB(b)
	all := benchExport(100_000)
	run := func(name string, do func(n int) error) {
		b.Run(name, func(b *testing.B) {
			for n := 0; b.Loop(); n++ {
				if err := do(n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	take := func(e export) error {
		_, err := ImportRegister(b.Context(), db, e.Import, source, ImportOptions{})
		return err
	}
	run("ImportNew", func(int) error {
		emptyRegister(b, db)
		return take(all)
	})
	run("ImportUnchanged", func(int) error { return take(all) })
	run("ImportOne", func(n int) error {
		return take(exportOf(dlt.KindTemplate).template(7, entityA, fmt.Sprint("one ", n), "ACMEBK"))
	})
	var have *dlt.Register
	run("Load", func(int) (err error) {
		have, err = LoadRegister(b.Context(), db)
		return err
	})
	b.Run("Refresh", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			b.StopTimer()
			if err := take(exportOf(dlt.KindTemplate).template(7, entityA, fmt.Sprint("two ", n), "ACMEBK")); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			fresh, changed, err := RefreshRegister(b.Context(), db, have)
			if err != nil || len(changed) != 1 {
				b.Fatal(changed, err)
			}
			have = fresh
		}
	})
	b.Run("Heap", func(b *testing.B) {
		have = nil
		empty := liveHeap()
		for b.Loop() {
			if have, _ = LoadRegister(b.Context(), db); have == nil {
				b.Fatal("not loaded")
			}
		}
		b.ReportMetric(float64(liveHeap()-empty)/1e6, "heap-MB")
		runtime.KeepAlive(have)
	})
	run("Version", func(int) error { _, _, err := RegisterVersion(b.Context(), db); return err })
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkSnapshot keeps a register of 100,000 templates in JetStream and reads it back; MB is what is kept.
func BenchmarkSnapshot(b *testing.B) {
	js := natstest.Start(b, b.TempDir(), 0).JetStream(b)
	var c dlt.Contents
	e := benchExport(100_000)
	for i := range e.Templates {
		c.Templates = append(c.Templates, e.Templates[i].Value)
		c.Links = append(c.Links, e.Links[i].Value)
	}
	version := int64(0)
	b.Run("Save", func(b *testing.B) {
		for b.Loop() {
			version++
			if err := SaveSnapshot(b.Context(), js, 1, dlt.NewRegister(version, c)); err != nil {
				b.Fatal(err)
			}
		}
		packed, err := pack(dlt.NewRegister(version, c).Contents())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(packed))/1e6, "MB")
	})
	b.Run("Load", func(b *testing.B) {
		for b.Loop() {
			if r, err := LoadSnapshot(b.Context(), js); err != nil || r.Size() != len(c.Templates) {
				b.Fatal(err)
			}
		}
	})
}
