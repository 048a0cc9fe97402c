package storage

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"harkara/smpp/sms"
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
	// Silent says that this is a replay into a database of its own: no status is published, and JS is not used.
	Silent bool
	// Timeout is how long a statement, or its wait for a lock, may take before the session ends with an error. 0 means 30 s.
	Timeout   time.Duration
	Replicas  int           // of SMS_STATUS; 0 means 1
	MaxEvents int           // of a batch, about; 0 means 8,000
	MaxAge    time.Duration // how long a batch gathers; 0 means 40 ms
	// Remember is how many messages are in memory after a batch; others are looked up. 0 means 50,000: 55 MB of
	// one-segment messages, 90 MB where all have three.
	Remember int
	// EarlyLimit is how many early receipts are in memory, by id and once more by reference; others are looked up. 0 means
	// 20,000: 8 MB.
	EarlyLimit int
}

// ProjectorTrace has hooks for metrics; each may be nil. They are called from Run and must not block.
type ProjectorTrace struct {
	// Projected is called after each commit with the position reached, what the batch was made of, how long it took
	// after it had gathered, and how long ago its last frame was appended.
	Projected func(p ledger.Position, stats Stats, took, lag time.Duration)
	// Failed is called when a session ends on an error; the projector starts another.
	Failed func(err error)
	// Step is called before each step of a batch: recall, publish (rows are written meanwhile), commit (statuses and rows
	// are out, the position follows) and end (nothing but COMMIT is left). An error ends the session as if the step had failed.
	Step func(name string) error
}

// Projector writes the ledger into PostgreSQL and publishes the statuses. Of all that run, one works.
type Projector struct {
	config   ProjectorConfig
	position atomic.Uint64
	tables   *tables
	halving  halving
	matches  matches
	failing  bool // the last session failed, and that was logged
	waiting  bool // another projector works, and that was logged
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
		cfg.Remember = 50_000
	}
	if cfg.EarlyLimit == 0 {
		cfg.EarlyLimit = 20_000
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Projector{config: cfg, tables: newTables(), matches: matches{bySMSC: map[sms.SMSCID]*matchCount{}}}
}

// Position returns how far this projector has come.
func (p *Projector) Position() ledger.Position { return ledger.Position(p.position.Load()) }

const shortPause = 100 * time.Millisecond

// Run projects until ctx ends, and returns ctx.Err() then. Whatever fails, it begins again from the position in the
// database, with a pause that grows to five seconds.
func (p *Projector) Run(ctx context.Context) error {
	for pause := shortPause; ; pause = min(max(2*pause, shortPause), 5*time.Second) {
		before := p.Position()
		err := p.session(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if p.Position() > before {
			pause = shortPause
		}
		if errors.Is(err, errRefused) { // the next session goes on elsewhere, or with less
			pause = 0
		}
		if !p.failing && pause > 0 {
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
