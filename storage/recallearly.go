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
	SELECT r.fact, r.smsc, r.message_id, r.raw_id, r.user_ref, r.from_digest, r.received_at, r.state, r.stat, r.err,
	       r.reason, r.retryable FROM harkara.receipt r
	WHERE r.key IS NULL AND NOT EXISTS (SELECT FROM harkara.receipt_match x WHERE x.receipt = r.fact)`

// recallEarlyReceipts fills a new memory with the receipts that still wait for their attempt: those of the last
// days before the newest, as many as it holds.
func recallEarlyReceipts(ctx context.Context, conn *sql.Conn, w *memory) error {
	found, err := conn.QueryContext(ctx, earlySelect+` AND (r.message_id <> '' OR r.user_ref IS NOT NULL)
		ORDER BY r.fact DESC LIMIT $1`, w.early.limit+1)
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
		var from []byte
		var state sms.State
		var stat, code, reason string
		var retryable bool
		if err := found.Scan(&e.fact, &e.handle.smsc, &e.handle.id, &raw, &ref, &from, &e.at, &state, &stat, &code,
			&reason, &retryable); err != nil {
			return nil, fmt.Errorf("look up early receipts: %w", err)
		}
		e.raw, e.ref, e.from = raw.String, uint16(ref.Int32), digestOf(from)
		e.state, e.failure = verdict(state, stat, code, reason, retryable)
		receipts = append(receipts, e)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("look up early receipts: %w", err)
	}
	return receipts, nil
}
