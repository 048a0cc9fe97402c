package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// SilentSegment is an accepted segment that no final receipt has come for, with what query_sm asks by (SMPP 3.4 §4.8).
type SilentSegment struct {
	Key        sms.Key
	Attempt    int
	Segment    int
	MessageID  sms.MessageID // as the SMSC wrote it
	Canonical  sms.MessageID // as ledger.Report names it
	Header     dlt.Header    // the source address
	AnsweredAt time.Time
}

// Silent returns the segments that an SMSC accepted in [from, to) and that it has not reported on for good, oldest
// first, at most limit; those without a message id, which it cannot be asked about, are left out. Its cost grows with
// what was answered between from and to, not with what the database holds.
func Silent(ctx context.Context, db *sql.DB, smsc sms.SMSCID, from, to time.Time, limit int) ([]SilentSegment, error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("look for segments without a receipt: %w", err)
	}
	defer tx.Rollback() // nothing is written
	if _, err := tx.ExecContext(ctx, pinPlans); err != nil {
		return nil, fmt.Errorf("look for segments without a receipt: %w", err)
	}
	found, err := tx.QueryContext(ctx, silentQuery, string(smsc), from, to, limit, KeyAt(from.Add(-oldestAnswered)),
		KeyAt(to.Add(clockSkew)))
	if err != nil {
		return nil, fmt.Errorf("look for segments without a receipt: %w", err)
	}
	defer found.Close()
	var silent []SilentSegment
	for found.Next() {
		var s SilentSegment
		if err := found.Scan(&s.Key, &s.Attempt, &s.Segment, &s.MessageID, &s.Canonical, &s.Header, &s.AnsweredAt); err != nil {
			return nil, fmt.Errorf("look for segments without a receipt: %w", err)
		}
		silent = append(silent, s)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("look for segments without a receipt: %w", err)
	}
	return silent, nil
}

// silentQuery reads the answers of the time, most of which are rows of answer. An accepted segment stays accepted, so
// its row counts whatever came later. What decides nothing is not final: see verdict. $5 and $6 are the lowest and the
// highest key that may have been answered then.
const silentQuery = `
	SELECT a.key, a.attempt, a.segment, coalesce(a.raw_id, a.message_id), a.message_id, m.header, a.answered_at
	FROM (
		SELECT key, attempt, segment, message_id, raw_id, answered_at FROM harkara.attempt
		WHERE answered_at >= $2 AND answered_at < $3 AND smsc = $1 AND verdict = 'accepted' AND message_id IS NOT NULL
		AND key BETWEEN $5 AND $6
		UNION ALL
		SELECT key, attempt, segment, message_id, raw_id, answered_at FROM harkara.answer
		WHERE answered_at >= $2 AND answered_at < $3 AND smsc = $1 AND verdict = 'accepted' AND message_id IS NOT NULL
		AND key BETWEEN $5 AND $6
	) a
	JOIN harkara.message m ON m.key = a.key AND m.key BETWEEN $5 AND $6
	WHERE NOT EXISTS (
		SELECT FROM harkara.receipt r WHERE r.key = a.key AND r.key BETWEEN $5 AND $6
		AND r.attempt = a.attempt AND r.segment = a.segment
		AND r.state IN ('delivered', 'undelivered', 'expired', 'unreported', 'refused', 'rejected', 'lapsed'))
	ORDER BY a.answered_at, a.key, a.attempt, a.segment
	LIMIT $4`
