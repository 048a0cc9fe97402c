package storage

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"harkara/smpp/sms"
)

// earlySelect finds receipts that no attempt was found for, of those that came since $1.
const earlySelect = `
	SELECT r.fact, r.smsc, r.message_id, r.raw_id, r.user_ref, r.from_mark, r.received_at, r.state, r.stat, r.err,
	       r.reason, r.retryable FROM harkara.receipt_early r
	WHERE r.received_at >= $1`

// earlySince is when the oldest receipt came that the answers of a batch may be about. An answer that a receipt with a
// reference stands for is as old as that receipt, which may have waited as long again.
func earlySince(items []item) time.Time {
	var oldest time.Time
	for _, it := range items {
		if it.err != nil {
			continue
		}
		if oldest.IsZero() || it.event.At.Before(oldest) {
			oldest = it.event.At
		}
		for i := range it.event.Answers {
			if at := it.event.Answers[i].At; !at.IsZero() && at.Before(oldest) {
				oldest = at
			}
		}
	}
	return oldest.Add(-2 * reuseAfter)
}

// recallEarlyReceipts fills a new memory with the receipts that still wait for their attempt: those of the last
// days before the newest, as many as it holds.
func recallEarlyReceipts(ctx context.Context, conn *sql.Conn, w *memory) error {
	var frameAt sql.NullTime // no receipt of the frames up to it is much younger
	err := conn.QueryRowContext(ctx, `SELECT frame_at FROM harkara.projection WHERE partition = 0`).Scan(&frameAt)
	if err != nil {
		return fmt.Errorf("read when the last frame was appended: %w", err)
	}
	var since time.Time
	if frameAt.Valid {
		since = frameAt.Time.Add(-reuseAfter - 24*time.Hour)
	}
	found, err := conn.QueryContext(ctx, earlySelect+` AND (r.message_id <> '' OR r.user_ref IS NOT NULL)
		ORDER BY r.fact DESC LIMIT $2`, since, w.early.limit+1)
	if err != nil {
		return fmt.Errorf("look up early receipts: %w", err)
	}
	receipts, err := scanEarly(found)
	if err != nil {
		return err
	}
	young := len(receipts)
	for young > 0 && receipts[0].at.Sub(receipts[young-1].at) > reuseAfter {
		young--
	}
	w.early.lost = young > w.early.limit
	w.unnamed.lost = w.early.lost
	for _, e := range slices.Backward(receipts[:young]) { // oldest first
		w.wait(e)
	}
	return nil
}

// recallEarly finds the receipts that memory lost and that the answers of a batch are about.
func recallEarly(ctx context.Context, conn *sql.Conn, w *memory, answers []handle, since time.Time) error {
	var smscs, ids []string
	for _, h := range answers {
		smscs = append(smscs, string(h.smsc))
		ids = append(ids, string(h.id))
	}
	found, err := conn.QueryContext(ctx, earlySelect+`
		AND (r.message_id, r.smsc) IN (SELECT * FROM unnest($2::text[], $3::text[])) ORDER BY r.fact`,
		since, pq.Array(ids), pq.Array(smscs))
	if err != nil {
		return fmt.Errorf("look up early receipts: %w", err)
	}
	return waitAgain(w, found)
}

// waitAgain lets the receipts found wait, where they do not already.
func waitAgain(w *memory, found *sql.Rows) error {
	receipts, err := scanEarly(found)
	if err != nil {
		return err
	}
	for _, e := range receipts {
		w.waitAgain(e)
	}
	return nil
}

func scanEarly(found *sql.Rows) (receipts []*early, err error) {
	defer found.Close()
	for found.Next() {
		e := new(early)
		var raw sql.NullString
		var ref sql.NullInt32
		var from sql.NullInt16
		var state sms.State
		var stat, code, reason string
		var retryable bool
		if err := found.Scan(&e.fact, &e.handle.smsc, &e.handle.id, &raw, &ref, &from, &e.at, &state, &stat, &code,
			&reason, &retryable); err != nil {
			return nil, fmt.Errorf("look up early receipts: %w", err)
		}
		e.raw, e.ref, e.from = raw.String, uint16(ref.Int32), uint8(from.Int16)
		e.state, e.failure = verdict(state, stat, code, reason, retryable)
		receipts = append(receipts, e)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("look up early receipts: %w", err)
	}
	return receipts, nil
}
