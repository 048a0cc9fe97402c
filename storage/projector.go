package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
	"github.com/nats-io/nats.go/jetstream"

	"harkara/storage/ledger"
)

// ProjectorConfig is what a projector needs and may be told.
type ProjectorConfig struct {
	DB     *sql.DB
	Ledger *ledger.Ledger
	JS     jetstream.JetStream // for SMS_STATUS; see OpenStatuses
	Log    *slog.Logger
	Trace  ProjectorTrace

	// SyncAlways says that the NATS server syncs every write, so that statuses go in atomic batches, one sync each.
	SyncAlways bool
	Replicas   int           // of SMS_STATUS; 0 means 1
	MaxEvents  int           // of a batch, about; 0 means 8,000
	MaxAge     time.Duration // how long a batch gathers; 0 means 40 ms
	Remember   int           // messages in memory; 0 means 200,000 (about 1 KB each)
	EarlyLimit int           // early receipts in memory; 0 means 100,000
}

// ProjectorTrace has hooks for metrics; each may be nil. They are called from Run and must not block.
type ProjectorTrace struct {
	// Projected is called after each commit with the position reached, what the batch was made of, how long it took
	// after it had gathered, and how long ago its last frame was appended.
	Projected func(p ledger.Position, stats Stats, took, lag time.Duration)
	// Failed is called when a session ends on an error; the projector starts another.
	Failed func(err error)
	// Step is called before each step of a batch: recall, publish, commit. An error ends the session as if the step had failed.
	Step func(name string) error
}

// Projector writes the ledger into PostgreSQL and publishes the statuses. Of all that run, one works.
type Projector struct {
	config   ProjectorConfig
	position atomic.Uint64
	tables   *tables
	care     care
	failing  bool // the last session failed, and that was logged
	waiting  bool // another projector works, and that was logged
}

// care is how carefully a projector goes where the database has refused its data before.
type care struct {
	level int             // 0: batches; 1: batches that look everything up; 2: event by event
	until ledger.Position // where it ends
}

// NewProjector returns a projector that Run starts.
func NewProjector(cfg ProjectorConfig) *Projector {
	if cfg.MaxEvents == 0 {
		cfg.MaxEvents = 8000
	}
	if cfg.MaxAge == 0 {
		cfg.MaxAge = 40 * time.Millisecond
	}
	if cfg.Remember == 0 {
		cfg.Remember = 200_000
	}
	if cfg.EarlyLimit == 0 {
		cfg.EarlyLimit = 100_000
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Projector{config: cfg, tables: newTables()}
}

// Position returns how far this projector has come.
func (p *Projector) Position() ledger.Position { return ledger.Position(p.position.Load()) }

// Run projects until ctx ends, and returns ctx.Err() then. Whatever fails, it begins again from the position in the
// database, with a pause that grows to five seconds.
func (p *Projector) Run(ctx context.Context) error {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		before := p.Position()
		err := p.session(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if p.Position() > before {
			pause = 100 * time.Millisecond
		}
		if !p.failing {
			p.failing = true
			p.config.Log.Error("the projection into PostgreSQL stands still; it is tried again until it goes on", "position", p.Position(), "error", err)
		}
		if p.config.Trace.Failed != nil {
			p.config.Trace.Failed(err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

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
	if w.statuses, err = openStatusStream(ctx, p.config.JS, p.config.SyncAlways); err != nil {
		return err
	}
	if err := p.checkLedger(ctx, w); err != nil {
		return err
	}
	if err := recallEarlyReceipts(ctx, conn, w.memory, time.Now()); err != nil {
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
		return fmt.Errorf("the ledger ends at position %d, but position %d was projected or told to tenants before: restore the stream %s, "+
			"or start with an empty database and an empty %s", end, seen, ledger.Stream, StatusStream)
	}
	return nil
}

// gather waits for a frame and takes those that come within MaxAge, up to about MaxEvents; one frame where care is needed.
func (p *Projector) gather(ctx context.Context, w *work) ([]ledger.Frame, error) {
	first, err := w.reader.Next(ctx)
	if err != nil {
		return nil, err
	}
	frames, events := []ledger.Frame{first}, first.Events
	if p.care.level == 2 && first.Position <= p.care.until {
		return frames, nil
	}
	young, cancel := context.WithTimeout(ctx, p.config.MaxAge)
	defer cancel()
	for events < p.config.MaxEvents {
		next, err := w.reader.Next(young)
		if err != nil {
			if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
				break
			}
			return nil, err
		}
		frames, events = append(frames, next), events+next.Events
	}
	return frames, nil
}

// project takes frames into PostgreSQL, in one transaction or, where care is needed, event by event.
func (p *Projector) project(ctx context.Context, w *work, frames []ledger.Frame) error {
	if p.care.level > 0 && w.at.position >= p.care.until {
		p.care = care{}
	}
	items := w.decode(frames)
	last := frames[len(frames)-1]
	end := progress{position: last.Position}
	if p.care.level < 2 {
		return p.step(ctx, w, items, end, last.At)
	}
	for i := range items {
		to := progress{items[i].fact.position() - 1, items[i].fact.index() + 1}
		err := p.step(ctx, w, items[i:i+1], to, last.At)
		if dataFault(err) {
			return p.parkRefused(ctx, w, items[i], to, err)
		}
		if err != nil {
			return err
		}
	}
	return p.step(ctx, w, nil, end, last.At)
}

// decode reads the events of frames, from where the projection stands.
func (w *work) decode(frames []ledger.Frame) []item {
	var items []item
	for _, f := range frames {
		w.decoder.DecodeFrame(f.Payload, func(index int, e *ledger.Event, line []byte, err error) {
			if f.Position == w.at.position+1 && index < w.at.done {
				return
			}
			it := item{factOf(f.Position, min(index, maxIndex)), e, line, err}
			if index > maxIndex {
				it.err = fmt.Errorf("a frame of more than %d events", maxIndex)
			}
			items = append(items, it)
		})
	}
	return items
}

// step takes events through recall, fold, publish and commit.
func (p *Projector) step(ctx context.Context, w *work, items []item, to progress, appended time.Time) error {
	began := time.Now()
	if err := p.before("recall"); err != nil {
		return err
	}
	recalled, err := recall(ctx, w.conn, w.memory, items, p.care.level > 0)
	if err != nil {
		return err
	}
	b := &batch{memory: w.memory}
	for _, it := range items {
		b.fold(it)
	}
	b.stats.Recalled = recalled
	if err := p.before("publish"); err != nil {
		return err
	}
	if b.stats.Statuses, err = w.statuses.publish(ctx, b.statuses); err != nil {
		return err
	}
	if err := p.before("commit"); err != nil {
		return err
	}
	p.tables.gather(b)
	if err := p.tables.commit(ctx, w.conn, w.at, to); err != nil {
		return err
	}
	for _, parked := range b.parked {
		p.config.Log.Error("an event could not be projected; it is in harkara.parked", "position", parked.fact.position(),
			"index", parked.fact.index(), "reason", parked.reason)
	}
	b.done()
	w.memory.trim(appended)
	b.stats.Remembers, b.stats.Waiting = len(w.memory.messages), w.memory.earlyCount
	w.at = to
	p.position.Store(uint64(to.position))
	if p.config.Trace.Projected != nil {
		p.config.Trace.Projected(to.position, b.stats, time.Since(began), time.Since(appended))
	}
	return nil
}

func (p *Projector) before(step string) error {
	if p.config.Trace.Step == nil {
		return nil
	}
	return p.config.Trace.Step(step)
}

// parkRefused sets an event aside that the database will not take, and ends the session: memory has what the event did.
func (p *Projector) parkRefused(ctx context.Context, w *work, it item, to progress, cause error) error {
	b := &batch{memory: w.memory}
	b.park(it, cause.Error())
	p.tables.gather(b)
	if err := p.tables.commit(ctx, w.conn, w.at, to); err != nil {
		return fmt.Errorf("park an event: %w", err)
	}
	p.config.Log.Error("an event could not be projected; it is in harkara.parked", "position", it.fact.position(), "index", it.fact.index(), "reason", cause)
	return fmt.Errorf("parked position %d index %d: %w", it.fact.position(), it.fact.index(), cause)
}

// worry decides how carefully the next session goes, after an error with frames up to a position.
func (p *Projector) worry(err error, until ledger.Position) error {
	if dataFault(err) {
		p.care = care{min(p.care.level+1, 2), max(p.care.until, until)}
	}
	return err
}

// dataFault says whether the database refused the data (SQLSTATE classes 22 and 23) rather than failed.
func dataFault(err error) bool {
	var refused *pq.Error
	return errors.As(err, &refused) && (refused.Code.Class() == "22" || refused.Code.Class() == "23")
}
