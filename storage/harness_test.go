package storage

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/storage/internal/natstest"
	"harkara/storage/ledger"
)

// bench is a ledger, a status stream and a database of a test's own.
type bench struct {
	db     *sql.DB
	js     jetstream.JetStream
	ledger *ledger.Ledger
	server *natstest.Server
}

func newBench(t testing.TB, sync time.Duration) *bench {
	t.Helper()
	b := &bench{db: testDB(t).DB, server: natstest.Start(t, t.TempDir(), sync)}
	b.js = b.server.JetStream(t)
	l, err := ledger.Open(t.Context(), b.js, ledger.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	b.ledger = l
	return b
}

func (b *bench) append(t testing.TB, events ...ledger.Event) ledger.Position {
	t.Helper()
	p, err := b.ledger.Append(t.Context(), events...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (b *bench) config() ProjectorConfig {
	return ProjectorConfig{DB: b.db, Ledger: b.ledger, JS: b.js, MaxAge: time.Millisecond}
}

// project runs a projector until it has reached the ledger's end, or its trace's Step has failed for good.
func (b *bench) project(t testing.TB, cfg ProjectorConfig) *Projector {
	t.Helper()
	end := b.ledger.End()
	reached := make(chan struct{})
	var once sync.Once
	traced := cfg.Trace.Projected
	cfg.Trace.Projected = func(p ledger.Position, stats Stats, took, lag time.Duration) {
		if traced != nil {
			traced(p, stats, took, lag)
		}
		if p >= end {
			once.Do(func() { close(reached) })
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	p := NewProjector(cfg)
	go func() { ended <- p.Run(ctx) }()
	select {
	case <-reached:
	case <-time.After(time.Minute):
		t.Error("the projection does not reach the end of the ledger")
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
	return p
}

// statuses reads the whole status stream: subject, id and payload of each.
func (b *bench) statuses(t testing.TB) (all []string) {
	t.Helper()
	stream, err := b.js.Stream(t.Context(), StatusStream)
	if err != nil {
		t.Fatal(err)
	}
	for seq := uint64(1); seq <= stream.CachedInfo().State.LastSeq; seq++ {
		m, err := stream.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m.Subject+" "+m.Header.Get("Nats-Msg-Id")+" "+string(m.Data))
	}
	return all
}

// query returns rows as text, columns between bars.
func query(t testing.TB, db *sql.DB, statement string, args ...any) (lines []string) {
	t.Helper()
	found, err := db.QueryContext(t.Context(), statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer found.Close()
	names, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for found.Next() {
		cells := make([]sql.NullString, len(names))
		into := make([]any, len(names))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := found.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, c := range cells {
			if c.Valid {
				texts = append(texts, c.String)
			} else {
				texts = append(texts, "∅")
			}
		}
		lines = append(lines, strings.Join(texts, "|"))
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// views is all that reports can see.
func (b *bench) views(t testing.TB) (all []string) {
	t.Helper()
	for _, statement := range []string{
		`SELECT * FROM harkara.v_message ORDER BY key`, `SELECT * FROM harkara.v_attempt ORDER BY key, attempt, segment`,
		`SELECT * FROM harkara.v_receipt ORDER BY received_at, smsc, message_id, stat, id`, `SELECT * FROM harkara.v_dlr_daily ORDER BY 1, 2, 3, 4, 5, 6`,
		`SELECT * FROM harkara.v_otp_event ORDER BY key`, `SELECT * FROM harkara.v_otp_daily ORDER BY 1, 2, 3, 4, 5`,
		`SELECT position, index, reason FROM harkara.parked ORDER BY 1, 2`,
	} {
		all = append(all, query(t, b.db, statement)...)
	}
	return all
}

// sameLines fails at the first line that differs.
func sameLines(t testing.TB, what string, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Errorf("%s, line %d:\n got %s\nwant %s", what, i, g, w)
			return
		}
	}
}
