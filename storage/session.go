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
	defer hangUp(ctx, conn)()
	if err := p.acquire(ctx, conn); err != nil {
		return err
	}
	p.tables = newTables() // what an earlier session has learnt of the database may have changed
	w := &work{conn: conn, memory: newMemory(p.config.Remember, p.config.EarlyLimit)}
	var lineage string
	err = conn.QueryRowContext(ctx, `SELECT position, done, lineage FROM harkara.projection WHERE partition = 0`).Scan(&w.at.position, &w.at.done, &lineage)
	if err != nil {
		return fmt.Errorf("read the position: %w", err)
	}
	w.begin = w.at
	if p.matches.first == 0 {
		p.matches.first = factOf(w.at.position+1, w.at.done)
	}
	if err := sameLineage(lineage, p.lineage()); err != nil {
		return err
	}
	if err := p.openStatuses(ctx, w); err != nil {
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
	return p.work(ctx, w)
}

// work projects batch after batch. While one is written, the next is read and decoded.
func (p *Projector) work(ctx context.Context, w *work) error {
	ctx, cancel := context.WithCancel(ctx)
	batches, ended := make(chan taken), make(chan error, 1)
	defer func() {
		cancel()
		for range batches { // until the reader has ended
		}
	}()
	go func() {
		defer close(batches)
		ended <- p.readAhead(ctx, w, batches)
	}()
	for t := range batches {
		if err := p.project(ctx, w, t); err != nil {
			return err
		}
		if p.failing {
			p.failing = false
			p.config.Log.Info("the projection into PostgreSQL goes on", "position", p.Position())
		}
	}
	return <-ended
}

// readAhead decodes batches until ctx ends.
func (p *Projector) readAhead(ctx context.Context, w *work, batches chan<- taken) error {
	for {
		frames, err := p.gather(ctx, w)
		if err != nil {
			return err
		}
		for i := range frames {
			if at := frames[i].Position; at > w.read+1 {
				p.missed(w.read+1, at-1)
			}
			w.read = frames[i].Position
		}
		select {
		case batches <- w.decode(frames):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// work is what a session works with.
type work struct {
	conn     *sql.Conn
	memory   *memory
	statuses *statusStream // nil: none are published
	begin    progress      // where the session began
	at       progress

	reader  *ledger.Reader // from here on all is the one's who reads ahead
	decoder ledger.Decoder
	read    ledger.Position // up to here frames were read, or missing, and that was said
}

// lockPause is how often a second projector asks for the lock.
const lockPause = 200 * time.Millisecond

// acquire waits for the lock that makes this projector the one that works, and pins the plans: fresh tables have no
// statistics, and the planner would join a batch against the whole of them. Who dies without a word, machine and all, is
// missed by PostgreSQL after five seconds, and the lock is free again.
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
	timeout := p.config.Timeout.Milliseconds()
	_, err := conn.ExecContext(ctx, fmt.Sprintf(`SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off;
		SET application_name = 'harkara projector'; SET statement_timeout = %d; SET lock_timeout = %d;
		SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3`, timeout, timeout))
	if err != nil {
		return fmt.Errorf("set up the session: %w", err)
	}
	return nil
}

// closeForGood closes a connection instead of giving it back to the pool: it has a lock and settings of its own.
func closeForGood(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // so the pool throws it away
	_ = conn.Close()
}

// partingTime is how long a statement has to end after ctx did, and a cancel request to come through.
const partingTime = time.Second

// hangUp closes the raw connection where it is still in use partingTime after ctx has ended: the ends of COPY and of a
// transaction don't heed ctx, and a host that has vanished never answers them. The caller calls stop when it has ended.
func hangUp(ctx context.Context, conn *sql.Conn) (stop func()) {
	var raw driver.Conn
	_ = conn.Raw(func(c any) error { raw, _ = c.(driver.Conn); return nil }) // an error comes with the first statement, too
	if raw == nil {
		return func() {}
	}
	ended := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
		case <-ended:
			return
		}
		select {
		case <-time.After(partingTime):
			_ = raw.Close() // whoever uses it gets the error
		case <-ended:
		}
	}()
	return func() { close(ended) }
}

// openStatuses finds what was published last.
func (p *Projector) openStatuses(ctx context.Context, w *work) (err error) {
	if p.config.Silent {
		return nil
	}
	if err := OpenStatuses(ctx, p.config.JS, p.config.Replicas); err != nil {
		return err
	}
	w.statuses, err = openStatusStream(ctx, p.config.JS, p.config.SyncAlways)
	return err
}

// checkLedger refuses a ledger that ends before what was projected from it or told of it: its positions mean other
// events now. It says where the ledger begins behind what was projected.
func (p *Projector) checkLedger(ctx context.Context, w *work) error {
	end, err := p.config.Ledger.Last(ctx)
	if err != nil {
		return err
	}
	seen := w.at.position
	if w.statuses != nil {
		seen = max(seen, w.statuses.lastID.fact.position())
	}
	if end < seen {
		return lostLedger(end, seen)
	}
	first, _, err := p.config.Ledger.Oldest(ctx)
	if err != nil {
		return err
	}
	if w.read = w.at.position; first > w.read+1 {
		p.missed(w.read+1, first-1)
		w.read = first - 1
	}
	return adoptLineage(ctx, w.conn, p.lineage())
}

// missed says that frames are gone which were never projected; nothing can be done but to go on. Only an empty database
// may begin where the ledger has let go of what was before, as its settings have it.
func (p *Projector) missed(from, to ledger.Position) {
	if from == 1 && p.config.Ledger.CutsItself() {
		p.config.Log.Warn("the ledger has let go of its oldest frames, as its settings have it: what they said is not projected", "from", from, "to", to)
		return
	}
	err := fmt.Errorf("positions %d to %d are not in the ledger and were never projected: restore the NATS store, "+
		"or accept that what these frames said is lost", from, to)
	p.config.Log.Error("frames are missing; the projection goes on behind them", "from", from, "to", to, "error", err)
	p.config.Ledger.Alarm(err)
}
