package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"

	"github.com/jmoiron/sqlx"
)

// LearnConfig says what follows from what is learnt.
type LearnConfig struct {
	// After is how many messages in a row, of one template on one SMSC, may fail for good before the pair is put into
	// quarantine; 0: it never is.
	After int
}

// stretchFrames is how many frames of the ledger one transaction learns at most. Of a busy gateway's frames, a hundred
// messages each, that is a second or two where every message failed, and still catches up with a day in minutes.
const stretchFrames = 256

// Learn takes what receipts and answers tell of the register from where it was left towards where the projection stands:
// failures at an SMSC's scrubber, pairs of template and SMSC that go into quarantine, and when templates and headers
// were last used. It goes one stretch of the ledger, in one transaction, and returns how many messages were found to
// have failed at a scrubber, and whether more waits. Any number of gateways may call it, every second or so: of those
// that do at once one learns. A failure is learnt once, whatever is restarted, restored or projected again. A release
// that a restored database does not know is lost with it, which leaves the pair in quarantine.
func Learn(ctx context.Context, db *sqlx.DB, cfg LearnConfig) (learnt int, more bool, err error) {
	if learnt, more, err = learnStretch(ctx, db, cfg); err != nil {
		return 0, false, fmt.Errorf("learn from receipts: %w", err)
	}
	return learnt, more, nil
}

// selectStretch finds the facts that are to be learnt next: after the first number, up to the second, of at most $1;
// whether others wait behind them; and when the last frame was appended that all before is learnt from, and the last that
// is projected. Beyond the projection's position facts may be missing. There is no row where all is learnt, or another
// learns.
const selectStretch = `
	SELECT f.fact, least(f.fact + $1, e.fact), f.fact + $1 < e.fact, f.frame_at, e.frame_at
	FROM harkara.feedback f,
	     (SELECT (position + 1) * 65536 + done - 1 AS fact, frame_at FROM harkara.projection WHERE partition = 0) e
	WHERE f.fact < e.fact
	FOR UPDATE OF f SKIP LOCKED`

func learnStretch(ctx context.Context, db *sqlx.DB, cfg LearnConfig) (learnt int, more bool, err error) {
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return 0, false, err
	}
	defer tx.Rollback() // an error after Commit is expected
	var s stretch
	var learntAt, projectedAt sql.NullTime
	err = tx.QueryRowContext(ctx, selectStretch, stretchFrames<<indexBits).Scan(&s.after, &s.until, &more, &learntAt, &projectedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	if learntAt.Valid {
		s.oldest = KeyAt(learntAt.Time.Add(-oldestReported))
	}
	if !more {
		learntAt = projectedAt
	}
	if _, err := tx.ExecContext(ctx, pinPlans); err != nil {
		return 0, false, err
	}
	failures, err := readFailures(ctx, tx, s)
	if err != nil {
		return 0, false, err
	}
	opened, err := judge(ctx, tx, s, failures, cfg.After)
	if err != nil {
		return 0, false, err
	}
	if err := writeFailures(ctx, tx, failures); err != nil {
		return 0, false, err
	}
	if _, err := tx.ExecContext(ctx, upsertLastUse, s.after, s.until, s.oldest); err != nil {
		return 0, false, fmt.Errorf("note what was used: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE harkara.feedback SET fact = $1, frame_at = $2, quarantine_version = quarantine_version + $3`,
		s.until, learntAt, min(opened, 1)); err != nil {
		return 0, false, err
	}
	if err := tx.Commit(); err != nil {
		return 0, false, err
	}
	return len(failures), more, nil
}

// pinPlans keeps the planner, as in the projector's session, from reading whole tables where it has no statistics, and
// leaves the other processors to those who send.
const pinPlans = `SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off;
	SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0`

// judge lets the signals of a stretch move the runs of failures, and opens quarantines: it returns how many.
func judge(ctx context.Context, tx *sqlx.Tx, s stretch, failures []signal, after int) (opened int, err error) {
	runs, err := readRuns(ctx, tx, failures)
	maps.DeleteFunc(runs, func(_ Pair, r *run) bool { return r.open }) // whatever comes, people release them
	if err != nil || len(runs) == 0 {
		return 0, err
	}
	deliveries, err := readDeliveries(ctx, tx, s, runs)
	if err != nil {
		return 0, err
	}
	quarantines := runs.follow(inOrder(failures, deliveries), after)
	return len(quarantines), writeRuns(ctx, tx, runs, quarantines)
}
