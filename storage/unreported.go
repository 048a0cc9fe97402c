package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"harkara/smpp/sms"
)

// Unreported returns the keys of messages that one SMSC accepted, all of it before a time, and that no receipt has decided
// since: at most limit, oldest first. Whoever appends ledger.Unreported for them asks again when those are projected. The
// tally says in which hours there are any, so that only those are read; an hour that is not over yet is read each time, so
// ask every few minutes.
func Unreported(ctx context.Context, db *sql.DB, smsc sms.SMSCID, before time.Time, limit int) ([]sms.Key, error) {
	hours, err := unreportedHours(ctx, db, smsc, before)
	var keys []sms.Key
	for _, hour := range hours {
		if len(keys) == limit || err != nil {
			break
		}
		end := hour.Add(time.Hour)
		if end.After(before) {
			end = before
		}
		keys, err = unreportedIn(ctx, db, smsc, hour, end, before, keys, limit)
	}
	if err != nil {
		return nil, fmt.Errorf("look for messages that nobody reports on: %w", err)
	}
	return keys, nil
}

// unreportedHours returns the hours of requests in which the tally has messages that an SMSC accepted and no more.
func unreportedHours(ctx context.Context, db *sql.DB, smsc sms.SMSCID, before time.Time) (hours []time.Time, err error) {
	found, err := db.QueryContext(ctx, `
		SELECT t.hour FROM harkara.outcome o
		JOIN harkara.tally t ON t.outcome = o.id AND t.bucket = 0 AND t.hour < $1
		JOIN harkara.dim d ON d.id = t.dim
		WHERE o.state = $2 AND d.smsc = $3 GROUP BY t.hour HAVING sum(t.messages) > 0 ORDER BY t.hour`,
		before, string(sms.Submitted), string(smsc))
	if err != nil {
		return nil, err
	}
	defer found.Close()
	for found.Next() {
		var hour time.Time
		if err := found.Scan(&hour); err != nil {
			return nil, err
		}
		hours = append(hours, hour)
	}
	return hours, found.Err()
}

// unreportedIn adds the keys of such messages of a part of an hour.
func unreportedIn(ctx context.Context, db *sql.DB, smsc sms.SMSCID, from, to, before time.Time, keys []sms.Key, limit int) ([]sms.Key, error) {
	found, err := db.QueryContext(ctx, `
		SELECT m.key FROM harkara.message m
		LEFT JOIN LATERAL (SELECT t.state, t.smsc FROM harkara.transition t WHERE t.key = m.key AND t.key >= $1 AND t.key < $2
		                   ORDER BY t.fact DESC LIMIT 1) t ON true
		WHERE m.key >= $1 AND m.key < $2 AND coalesce(t.state, m.state) = $3 AND CASE WHEN t.state IS NULL THEN m.smsc ELSE t.smsc END = $4
		AND NOT EXISTS (SELECT FROM harkara.attempt a WHERE a.key = m.key AND a.key >= $1 AND a.key < $2 AND a.answered_at >= $5)
		AND NOT EXISTS (SELECT FROM harkara.answer a WHERE a.key = m.key AND a.key >= $1 AND a.key < $2 AND a.answered_at >= $5)
		ORDER BY m.key LIMIT $6`,
		KeyAt(from), KeyAt(to), string(sms.Submitted), string(smsc), before, limit-len(keys))
	if err != nil {
		return nil, err
	}
	defer found.Close()
	for found.Next() {
		var key sms.Key
		if err := found.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, found.Err()
}
