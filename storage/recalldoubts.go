package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/lib/pq"

	"harkara/smpp/sms"
)

// recallDoubts adds the keys of the messages that have a segment which no message id names and which a receipt may be
// about by its reference: one of the batch, or one that waits for a doubt of the batch. It returns the ids that the
// waiting ones would give to their segments. Where no receipt has a reference it asks nothing.
func recallDoubts(ctx context.Context, conn *sql.Conn, w *memory, receipts []item, doubted []reference,
	earlySince time.Time, keys map[sms.Key]bool) ([]handle, error) {
	if w.unnamed.lost && len(doubted) > 0 {
		if err := recallUnnamed(ctx, conn, w, doubted, earlySince); err != nil {
			return nil, err
		}
	}
	since := map[reference]time.Time{}
	ask := func(r reference, at time.Time) {
		at = at.Add(-doubtedFor)
		if earliest, ok := since[r]; !ok || at.Before(earliest) {
			since[r] = at
		}
	}
	for _, it := range receipts {
		ask(reference{it.event.Report.SMSC, it.event.Report.UserRef}, it.event.At)
	}
	var named []handle
	for _, r := range doubted {
		for _, e := range w.unnamed.receipts[r] {
			ask(r, e.at)
			if e.handle.id != "" {
				named = append(named, e.handle)
			}
		}
	}
	return named, findDoubts(ctx, conn, since, keys)
}

// findDoubts adds the keys of the messages that have such a segment, answered since a time.
func findDoubts(ctx context.Context, conn *sql.Conn, since map[reference]time.Time, keys map[sms.Key]bool) error {
	if len(since) == 0 {
		return nil
	}
	var smscs []string
	var refs []int64
	var times []time.Time
	var earliest time.Time
	for r, at := range since {
		if earliest.IsZero() || at.Before(earliest) {
			earliest = at
		}
		smscs, refs, times = append(smscs, string(r.smsc)), append(refs, int64(r.ref)), append(times, at)
	}
	found, err := conn.QueryContext(ctx, `
		SELECT c.key FROM unnest($1::text[], $2::integer[], $3::timestamptz[]) AS q(smsc, ref, since)
		CROSS JOIN LATERAL (
			SELECT a.key FROM harkara.attempt a
			WHERE a.smsc = q.smsc AND a.user_ref = q.ref AND a.user_ref IS NOT NULL AND a.answered_at >= q.since
			AND a.key >= $4
			UNION ALL
			SELECT n.key FROM harkara.answer n
			WHERE n.smsc = q.smsc AND n.user_ref = q.ref AND n.user_ref IS NOT NULL AND n.answered_at >= q.since
			AND n.key >= $4
		) c`, pq.Array(smscs), pq.Array(refs), pq.Array(timestamps(times)), KeyAt(earliest.Add(-oldestAnswered)))
	if err == nil {
		err = addKeys(found, keys)
	}
	if err != nil {
		return fmt.Errorf("look up segments in doubt: %w", err)
	}
	return nil
}

// recallUnnamed finds the receipts that memory lost and that the doubts of a batch are about.
func recallUnnamed(ctx context.Context, conn *sql.Conn, w *memory, doubted []reference, since time.Time) error {
	var smscs []string
	var refs []int64
	for _, r := range doubted {
		smscs, refs = append(smscs, string(r.smsc)), append(refs, int64(r.ref))
	}
	found, err := conn.QueryContext(ctx, earlySelect+` AND r.user_ref IS NOT NULL
		AND (r.smsc, r.user_ref) IN (SELECT * FROM unnest($2::text[], $3::integer[])) ORDER BY r.fact`,
		since, pq.Array(smscs), pq.Array(refs))
	if err != nil {
		return fmt.Errorf("look up early receipts: %w", err)
	}
	return waitAgain(w, found)
}
