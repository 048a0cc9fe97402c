package storage

import (
	"context"
	"database/sql"
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
	Replicas   int           // of SMS_STATUS; 0 means 1
	MaxEvents  int           // of a batch, about; 0 means 8,000
	MaxAge     time.Duration // how long a batch gathers; 0 means 40 ms
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
	// Step is called before each step of a batch: recall, publish, commit. An error ends the session as if the step had failed.
	Step func(name string) error
}

// Projector writes the ledger into PostgreSQL and publishes the statuses. Of all that run, one works.
type Projector struct {
	config   ProjectorConfig
	position atomic.Uint64
	tables   *tables
	care     care
	matches  matches
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
		cfg.Remember = 50_000
	}
	if cfg.EarlyLimit == 0 {
		cfg.EarlyLimit = 20_000
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Projector{config: cfg, tables: newTables(), matches: matches{bySMSC: map[sms.SMSCID]*matchCount{}}}
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
