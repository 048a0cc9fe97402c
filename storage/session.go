package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"harkara/storage/ledger"
)

// session projects on one connection, which also holds the lock: when it breaks, the lock and the open transaction go
// with it. It returns on the first error; memory is not trusted beyond it.
func (p *Projector) session(ctx context.Context) error {
	conn, err := p.config.DB.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer closeForGood(conn)
	if err := p.acquire(ctx, conn); err != nil {
		return err
	}
	if err := OpenStatuses(ctx, p.config.JS, p.config.Replicas); err != nil {
		return err
	}
	w := &work{conn: conn, memory: newMemory(p.config.Remember, p.config.EarlyLimit)}
	if err := conn.QueryRowContext(ctx, `SELECT position, done FROM harkara.projection WHERE partition = 0`).Scan(&w.at.position, &w.at.done); err != nil {
		return fmt.Errorf("read the position: %w", err)
	}
	if p.matches.first == 0 {
		p.matches.first = factOf(w.at.position+1, w.at.done)
	}
	if w.statuses, err = openStatusStream(ctx, p.config.JS, p.config.SyncAlways); err != nil {
		return err
	}
	if err := p.checkLedger(ctx, w); err != nil {
		return err
	}
	if err := recallEarlyReceipts(ctx, conn, w.memory); err != nil {
		return err
	}
	if w.reader, err = p.config.Ledger.Read(ctx, w.at.position); err != nil {
		return err
	}
	defer w.reader.Stop()
	p.position.Store(uint64(w.at.position))
	for {
		frames, err := p.gather(ctx, w)
		if err != nil {
			return err
		}
		if err := p.project(ctx, w, frames); err != nil {
			return p.worry(err, frames[len(frames)-1].Position)
		}
		if p.failing {
			p.failing = false
			p.config.Log.Info("the projection into PostgreSQL goes on", "position", p.Position())
		}
	}
}

// work is what a session works with.
type work struct {
	conn     *sql.Conn
	memory   *memory
	statuses *statusStream
	reader   *ledger.Reader
	decoder  ledger.Decoder
	at       progress
}

// lockPause is how often a second projector asks for the lock.
const lockPause = 200 * time.Millisecond

// acquire waits for the lock that makes this projector the one that works, and pins the plans: fresh tables have no
// statistics, and the planner would join a batch against the whole of them.
func (p *Projector) acquire(ctx context.Context, conn *sql.Conn) error {
	for {
		var got bool
		if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, int64(projectionLock)).Scan(&got); err != nil {
			return fmt.Errorf("lock the projection: %w", err)
		}
		if got {
			break
		}
		if !p.waiting {
			p.waiting = true
			p.config.Log.Info("another gateway projects; this one takes over when it ends")
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if p.waiting {
		p.waiting = false
		p.config.Log.Info("this gateway projects now")
	}
	_, err := conn.ExecContext(ctx, `SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off; SET application_name = 'harkara projector'`)
	if err != nil {
		return fmt.Errorf("pin the plans: %w", err)
	}
	return nil
}

// closeForGood closes a connection instead of giving it back to the pool: it has a lock and settings of its own.
func closeForGood(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // so the pool throws it away
	_ = conn.Close()
}

// checkLedger refuses a ledger that ends before what was projected from it or told of it: its positions mean other
// events now.
func (p *Projector) checkLedger(ctx context.Context, w *work) error {
	end, err := p.config.Ledger.Last(ctx)
	if err != nil {
		return err
	}
	if seen := max(w.at.position, w.statuses.lastID.fact.position()); end < seen {
		return lostLedger(end, seen)
	}
	return nil
}
