package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"harkara/dlt"
)

// run is how many messages of a pair have failed for good, with none delivered between them.
type run struct {
	failures int
	stored   int       // as the database has it
	open     bool      // the pair is in quarantine, and nothing counts
	released time.Time // when it last was released; what was planned before does not count
}

// runs are those that a stretch may change.
type runs map[Pair]*run

// counts says whether a failure counts towards quarantine: where the register, or what the SMSC makes of it, is at fault
// for all messages of the pair. A text that differs from the template is its message's own fault, and so is a URL or
// number that is not whitelisted, which most often stands in a variable: those are in dlt_failure alone.
func (s *signal) counts() bool {
	if s.delivered || s.retryable {
		return false
	}
	switch faultOf(s.reason).class {
	case dlt.ClassEntity, dlt.ClassHeader, dlt.ClassTemplate, dlt.ClassChain, dlt.ClassCategory:
		return true
	}
	return false
}

// quarantined is a pair that goes into quarantine, by the failure that makes it so many in a row.
type quarantined struct {
	by       signal
	failures int
}

// follow lets signals, in order, move the runs, and returns those that reach the measure; none does where it is 0.
func (all runs) follow(signals []signal, after int) (opened []quarantined) {
	for i := range signals {
		s := &signals[i]
		r := all[s.pair]
		switch {
		case r == nil || r.open:
		case s.delivered:
			r.failures = 0
		case s.counts() && s.plannedAt.After(r.released):
			if r.failures++; after > 0 && r.failures >= after {
				opened = append(opened, quarantined{*s, r.failures})
				r.failures, r.open = 0, true
			}
		}
	}
	return opened
}

// readRuns returns the runs of the pairs that have one already, or may begin one now.
func readRuns(ctx context.Context, tx *sqlx.Tx, failures []signal) (runs, error) {
	all := runs{}
	var templates, smscs pq.StringArray
	for i := range failures {
		if f := &failures[i]; f.counts() && all[f.pair] == nil {
			all[f.pair] = &run{}
			templates, smscs = append(templates, string(f.pair.Template)), append(smscs, string(f.pair.SMSC))
		}
	}
	found, err := tx.QueryContext(ctx, `
		SELECT template, smsc, failures, false, NULL::timestamptz FROM harkara.quarantine_run
		UNION ALL
		SELECT template, smsc, 0, bool_or(released_at IS NULL), max(released_at) FROM harkara.quarantine
		WHERE (template, smsc) IN (SELECT * FROM unnest($1::text[], $2::text[])) GROUP BY 1, 2`, templates, smscs)
	if err != nil {
		return nil, fmt.Errorf("read the runs of failures: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var pair Pair
		var failures int
		var open bool
		var released *time.Time
		if err := found.Scan(&pair.Template, &pair.SMSC, &failures, &open, &released); err != nil {
			return nil, fmt.Errorf("read the runs of failures: %w", err)
		}
		all.know(pair, failures, open, released)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("read the runs of failures: %w", err)
	}
	return all, nil
}

// know adds what one row says of a pair.
func (all runs) know(pair Pair, failures int, open bool, released *time.Time) {
	r := all[pair]
	if r == nil {
		r = &run{}
		all[pair] = r
	}
	r.failures += failures
	r.stored += failures
	r.open = r.open || open
	if released != nil {
		r.released = *released
	}
}

// writeRuns writes what has changed of the runs, and the quarantines that they led to.
func writeRuns(ctx context.Context, tx *sqlx.Tx, all runs, opened []quarantined) error {
	var templates, smscs pq.StringArray
	var failures pq.Int64Array
	for pair, r := range all {
		if r.failures != r.stored {
			templates, smscs = append(templates, string(pair.Template)), append(smscs, string(pair.SMSC))
			failures = append(failures, int64(r.failures))
		}
	}
	if len(templates) > 0 {
		if _, err := tx.ExecContext(ctx, `DELETE FROM harkara.quarantine_run
			WHERE (template, smsc) IN (SELECT * FROM unnest($1::text[], $2::text[]))`, templates, smscs); err != nil {
			return fmt.Errorf("write the runs of failures: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO harkara.quarantine_run
			SELECT * FROM unnest($1::text[], $2::text[], $3::integer[]) AS r(template, smsc, failures)
			WHERE failures > 0`, templates, smscs, failures); err != nil {
			return fmt.Errorf("write the runs of failures: %w", err)
		}
	}
	for _, q := range opened {
		if _, err := tx.ExecContext(ctx, `INSERT INTO harkara.quarantine
			(template, smsc, reason, code, detail, failures, quarantined_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			q.by.pair.Template, q.by.pair.SMSC, q.by.reason, q.by.code, faultOf(q.by.reason).detail, q.failures,
			q.by.at); err != nil {
			return fmt.Errorf("put template %s into quarantine on %s: %w", q.by.pair.Template, q.by.pair.SMSC, err)
		}
	}
	return nil
}
