package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/storage/ledger"
)

// replayTries is how often a replay that gets no further begins again.
const replayTries = 5

// Replay projects the whole ledger, up to its end as of now, into an empty database, in which it makes the schema. No
// status is published; so the database is marked, and a gateway refuses it with ErrOtherLedger: it would take the
// statuses as told. It returns how far it came, and leaves what could not be projected in harkara.parked.
func Replay(ctx context.Context, l *ledger.Ledger, into *sqlx.DB) (ledger.Position, error) {
	end, err := l.Last(ctx)
	if err != nil {
		return 0, err
	}
	if err := Migrate(ctx, into.DB); err != nil {
		return 0, err
	}
	var used bool
	err = into.GetContext(ctx, &used, `SELECT EXISTS (SELECT FROM harkara.message) OR EXISTS (SELECT FROM harkara.receipt_early)
		OR EXISTS (SELECT FROM harkara.projection WHERE position > 0 OR done > 0)`)
	if err != nil {
		return 0, fmt.Errorf("replay the ledger: %w", err)
	}
	if used {
		return 0, errors.New("replay the ledger: the database has messages already: name an empty one")
	}
	return end, replayTo(ctx, l, into.DB, end)
}

// replayTo projects frames up to a position into a database in which only replays work, from where it stands.
func replayTo(ctx context.Context, l *ledger.Ledger, into *sql.DB, to ledger.Position) error {
	if first, _, err := l.Oldest(ctx); err != nil || to < first {
		return err // there is nothing to replay
	}
	still, err := l.Until(ctx, to)
	if err != nil {
		return err
	}
	if at, err := Projected(ctx, into); err != nil || at >= still.End() {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	done := errors.New("the end is reached")
	failures := 0
	p := NewProjector(ProjectorConfig{DB: into, Ledger: still, Silent: true, Trace: ProjectorTrace{
		Projected: func(p ledger.Position, _ Stats, _, _ time.Duration) {
			failures = 0
			if p >= still.End() {
				stop(done)
			}
		},
		Failed: func(err error) {
			if failures++; failures >= replayTries {
				stop(err)
			}
		},
	}})
	err = p.Run(ctx)
	if cause := context.Cause(ctx); cause == done {
		return nil
	} else if cause != nil {
		err = cause
	}
	return fmt.Errorf("replay the ledger: stopped behind position %d: %w", p.Position(), err)
}

// lineage is what the projector writes into its database. A replay is nobody's to go on with but a replay's.
func (p *Projector) lineage() string {
	if p.config.Silent {
		return "replay of " + p.config.Ledger.Lineage()
	}
	return p.config.Ledger.Lineage()
}
