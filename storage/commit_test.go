package storage

import (
	"bytes"
	"context"
	"database/sql"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lib/pq"

	"harkara/smpp/sms"
)

// cutter dials PostgreSQL. When armed, it cuts a connection at its next COMMIT: before PostgreSQL gets that, or when it
// has done it and before its answer.
type cutter struct {
	armed  atomic.Bool
	behind bool
	done   func() bool // says that PostgreSQL has committed
	cuts   atomic.Int32
}

func (c *cutter) Dial(network, address string) (net.Conn, error) {
	conn, err := net.Dial(network, address)
	return &cutConn{conn, c}, err
}

func (c *cutter) DialTimeout(network, address string, _ time.Duration) (net.Conn, error) {
	return c.Dial(network, address)
}

type cutConn struct {
	net.Conn
	cutter *cutter
}

func (c *cutConn) Write(p []byte) (int, error) {
	if !bytes.Contains(p, []byte("COMMIT\x00")) || !c.cutter.armed.CompareAndSwap(true, false) {
		return c.Conn.Write(p)
	}
	c.cutter.cuts.Add(1)
	if c.cutter.behind {
		n, err := c.Conn.Write(p)
		for deadline := time.Now().Add(10 * time.Second); !c.cutter.done() && time.Now().Before(deadline); { // each asks PostgreSQL
		}
		c.Close()
		return n, err
	}
	c.Close()
	return 0, net.ErrClosed
}

// TestAConnectionCutInCOMMIT: whether PostgreSQL committed is not known then. The next session finds out, and there is
// never a row or a status twice.
func TestAConnectionCutInCOMMIT(t *testing.T) {
	t.Parallel()
	for name, behind := range map[string]bool{"not committed": false, "committed": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, 100*time.Millisecond)
			connector, err := pq.NewConnector(dsnOf(query(t, b.db, `SELECT current_database()`)[0]))
			if err != nil {
				t.Fatal(err)
			}
			position := func() string { return query(t, b.db, `SELECT position FROM harkara.projection`)[0] }
			var before string
			cut := &cutter{behind: behind, done: func() bool { return position() != before }}
			connector.Dialer(cut)
			cfg := b.config()
			cfg.DB = sql.OpenDB(connector)
			defer cfg.DB.Close()
			cfg.Trace.Step = func(step string) error {
				if step == "commit" && cut.cuts.Load() < 3 {
					before = position()
					cut.armed.Store(true)
				}
				return nil
			}
			failures := 0
			cfg.Trace.Failed = func(error) { failures++ }
			cfg.MaxEvents = 1
			for n := range 5 {
				h := newHistory(n).receipt(1, "a", 1, sms.Delivered).planned(1, "a", 1, 1).submitted(1, "a", 1).receipt(1, "a", 1, sms.Expired)
				for _, e := range h.events {
					b.append(t, e)
				}
			}
			b.project(t, cfg)
			if cut.cuts.Load() != 3 || failures != 3 {
				t.Errorf("%d cuts, %d failures", cut.cuts.Load(), failures)
			}
			if got := query(t, b.db, `SELECT count(*), count(DISTINCT key), count(*) FILTER (WHERE state = 'delivered') FROM harkara.v_message`); got[0] != "5|5|5" {
				t.Errorf("messages %s", got[0])
			}
			if got := query(t, b.db, `SELECT (SELECT count(*) FROM harkara.attempt), (SELECT count(*) FROM harkara.receipt), (SELECT count(*) FROM harkara.receipt_early)`); got[0] != "5|10|0" {
				t.Errorf("attempts, receipts and early receipts: %s", got[0])
			}
			statuses := b.statuses(t)
			if len(statuses) != 10 || len(slices.Compact(slices.Clone(statuses))) != 10 {
				t.Errorf("%d statuses: %s", len(statuses), strings.Join(statuses, "\n"))
			}
			have, want := b.tallies(t)
			sameLines(t, "tallies", have, want)
		})
	}
}

// TestALockedTableEndsTheSession: with an error that people see, instead of a projection that hangs.
func TestALockedTableEndsTheSession(t *testing.T) {
	t.Parallel()
	b := newBench(t, 100*time.Millisecond)
	b.append(t, newHistory(1).rejected().events...)
	tx, err := b.db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`LOCK TABLE harkara.message IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	cfg := b.config()
	cfg.Timeout = 50 * time.Millisecond
	var first error
	cfg.Trace.Failed = func(err error) {
		if first == nil {
			first = err
			if err := tx.Rollback(); err != nil {
				t.Error(err)
			}
		}
	}
	b.project(t, cfg)
	if first == nil || !strings.Contains(first.Error(), "timeout") {
		t.Errorf("the session ended with %v", first)
	}
	if got := query(t, b.db, `SELECT state FROM harkara.v_message`); !slices.Equal(got, []string{"rejected"}) {
		t.Errorf("states %v", got)
	}
}
