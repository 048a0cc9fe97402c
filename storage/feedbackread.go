package storage

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// stretch is the facts after one and up to another. The messages that they are about have keys from oldest on.
type stretch struct {
	after, until fact
	oldest       sms.Key
}

// signal is the final word on one segment, as far as it tells what an SMSC's scrubber thinks of a template.
type signal struct {
	pair             Pair
	seen, fact       fact // when its segment got it, and when it came
	attempt, segment int
	delivered        bool
	// Of failures only:
	header       dlt.Header
	entity       dlt.EntityID
	code, reason string
	retryable    bool
	at           time.Time // when it was reported
	plannedAt    time.Time // its attempt
}

// inOrder joins signals in the order in which their segments got them.
func inOrder(failures, deliveries []signal) []signal {
	return slices.SortedFunc(slices.Values(slices.Concat(failures, deliveries)), func(a, b signal) int {
		return cmp.Or(cmp.Compare(a.seen, b.seen), cmp.Compare(a.fact, b.fact), cmp.Compare(a.attempt, b.attempt),
			cmp.Compare(a.segment, b.segment))
	})
}

// selectFailures finds the messages that failed at a scrubber, each once per SMSC: its other segments, a second
// attempt there and a repeated receipt tell nothing new. OFFSET 0 keeps the planner from joining all earlier ones, so
// that they are looked up by their key, one failure after the other.
const selectFailures = `
	SELECT s.seen, s.fact, s.attempt, s.segment, s.smsc, s.code, s.reason, s.retryable,
	       coalesce(s.at, a.planned_at, m.requested_at), coalesce(a.planned_at, m.requested_at),
	       m.template, m.header, m.entity
	FROM harkara.dlt_signal s
	JOIN harkara.message m ON m.key = s.key AND m.key >= $4
	LEFT JOIN harkara.attempt a ON a.key = s.key AND a.key >= $4 AND a.attempt = s.attempt AND a.segment = s.segment
	WHERE s.seen > $1 AND s.seen <= $2 AND s.key >= $4 AND NOT s.delivered AND s.reason = ANY($3)
	AND NOT EXISTS (
		SELECT FROM harkara.dlt_signal e
		WHERE e.key = s.key AND e.key >= $4 AND e.smsc = s.smsc AND NOT e.delivered AND e.reason = ANY($3)
		AND (e.seen, e.fact, e.attempt, e.segment) < (s.seen, s.fact, s.attempt, s.segment)
		OFFSET 0)`

func readFailures(ctx context.Context, tx *sqlx.Tx, s stretch) (failures []signal, err error) {
	reasons, err := faultReasons()
	if err != nil {
		return nil, err
	}
	found, err := tx.QueryContext(ctx, selectFailures, s.after, s.until, pq.Array(reasons), s.oldest)
	if err != nil {
		return nil, fmt.Errorf("look for failures: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var f signal
		if err := found.Scan(&f.seen, &f.fact, &f.attempt, &f.segment, &f.pair.SMSC, &f.code, &f.reason, &f.retryable, &f.at,
			&f.plannedAt, &f.pair.Template, &f.header, &f.entity); err != nil {
			return nil, fmt.Errorf("look for failures: %w", err)
		}
		failures = append(failures, f)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("look for failures: %w", err)
	}
	return failures, nil
}

const selectDeliveries = `
	SELECT s.seen, s.fact, s.attempt, s.segment, m.template, s.smsc
	FROM harkara.dlt_signal s
	JOIN harkara.message m ON m.key = s.key AND m.key >= $5
	WHERE s.seen > $1 AND s.seen <= $2 AND s.key >= $5 AND s.delivered AND s.smsc = ANY($3) AND m.template = ANY($4)`

// readDeliveries finds what was delivered of the pairs, and perhaps of others of their templates and SMSCs.
func readDeliveries(ctx context.Context, tx *sqlx.Tx, s stretch, of runs) (deliveries []signal, err error) {
	templates, smscs := map[string]bool{}, map[string]bool{}
	for pair := range of {
		templates[string(pair.Template)], smscs[string(pair.SMSC)] = true, true
	}
	found, err := tx.QueryContext(ctx, selectDeliveries, s.after, s.until, pq.Array(slices.Collect(maps.Keys(smscs))),
		pq.Array(slices.Collect(maps.Keys(templates))), s.oldest)
	if err != nil {
		return nil, fmt.Errorf("look for deliveries: %w", err)
	}
	defer found.Close()
	for found.Next() {
		d := signal{delivered: true}
		if err := found.Scan(&d.seen, &d.fact, &d.attempt, &d.segment, &d.pair.Template, &d.pair.SMSC); err != nil {
			return nil, fmt.Errorf("look for deliveries: %w", err)
		}
		deliveries = append(deliveries, d)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("look for deliveries: %w", err)
	}
	return deliveries, nil
}
