package storage

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/lib/pq"

	"harkara/smpp/sms"
)

// earlySelect finds receipts that no attempt was found for.
const earlySelect = `
	SELECT r.fact, r.smsc, r.message_id, r.received_at, r.state, r.stat, r.err, r.reason, r.retryable FROM harkara.receipt r
	WHERE r.key IS NULL AND r.message_id <> '' AND NOT EXISTS (SELECT FROM harkara.receipt_match x WHERE x.receipt = r.fact)`

// recallEarlyReceipts fills a new memory with the receipts that still wait for their attempt: those of the last
// days before the newest, as many as it holds.
func recallEarlyReceipts(ctx context.Context, conn *sql.Conn, w *memory) error {
	found, err := conn.QueryContext(ctx, earlySelect+` ORDER BY r.fact DESC LIMIT $1`, w.earlyLimit+1)
	if err != nil {
		return fmt.Errorf("look up early receipts: %w", err)
	}
	waiting, handles, err := scanEarly(found)
	if err != nil {
		return fmt.Errorf("look up early receipts: %w", err)
	}
	young := len(waiting)
	for young > 0 && waiting[0].at.Sub(waiting[young-1].at) > reuseAfter {
		young--
	}
	w.earlyLost = young > w.earlyLimit
	for i := young - 1; i >= 0; i-- { // oldest first
		w.wait(handles[i], waiting[i])
	}
	return nil
}

// recallEarly finds the receipts that memory lost and that the answers of a batch are about.
func recallEarly(ctx context.Context, conn *sql.Conn, w *memory, answers []handle) error {
	var smscs, ids []string
	for _, h := range answers {
		smscs = append(smscs, string(h.smsc))
		ids = append(ids, string(h.id))
	}
	found, err := conn.QueryContext(ctx, earlySelect+` AND (r.message_id, r.smsc) IN (SELECT * FROM unnest($1::text[], $2::text[])) ORDER BY r.fact`,
		pq.Array(ids), pq.Array(smscs))
	if err != nil {
		return fmt.Errorf("look up early receipts: %w", err)
	}
	waiting, handles, err := scanEarly(found)
	if err != nil {
		return fmt.Errorf("look up early receipts: %w", err)
	}
	for i, e := range waiting {
		if !slices.ContainsFunc(w.earlyReceipts[handles[i]], func(kept early) bool { return kept.fact == e.fact }) {
			w.wait(handles[i], e)
		}
	}
	return nil
}

func scanEarly(found *sql.Rows) (waiting []early, handles []handle, err error) {
	defer found.Close()
	for found.Next() {
		var e early
		var h handle
		var state sms.State
		var stat, code, reason string
		var retryable bool
		if err := found.Scan(&e.fact, &h.smsc, &h.id, &e.at, &state, &stat, &code, &reason, &retryable); err != nil {
			return nil, nil, err
		}
		e.state, e.failure = verdict(state, stat, code, reason, retryable)
		waiting, handles = append(waiting, e), append(handles, h)
	}
	return waiting, handles, found.Err()
}
