package storage

import (
	"bytes"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/smpp/sms"
)

// span is the keys from low on and before high.
type span struct{ low, high sms.Key }

// lastKey is after the key of every request.
var lastKey = sms.Key(bytes.Repeat([]byte{0xFF}, 16))

// spanOf is the keys of the requests of [from, to); a zero time bounds nothing.
func spanOf(from, to time.Time) span {
	s := span{high: lastKey}
	if !from.IsZero() {
		s.low = KeyAt(from)
	}
	if !to.IsZero() {
		s.high = KeyAt(to.Add(time.Millisecond - 1)) // a key has whole milliseconds
	}
	return s
}

// days cuts a span at the first moments of the days that the database keeps, oldest first: a query of each part reads
// one partition of each table, and keeps no others open. What lies outside the days is in parts of its own.
func (s span) days(ctx context.Context, tx *sqlx.Tx) ([]span, error) {
	cuts := []sms.Key{s.low, s.high}
	err := each(ctx, tx, `SELECT to_date(right(c.relname, 8), 'YYYYMMDD') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = 'harkara.message'::regclass AND c.relname ~ '^message_\d{8}$'`, nil, func(rows *sql.Rows) error {
		var day time.Time
		if err := rows.Scan(&day); err != nil {
			return err
		}
		for days := range 2 {
			if k := KeyAt(dayOf(day).AddDate(0, 0, days)); s.holds(k) {
				cuts = append(cuts, k)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(cuts, compareKeys)
	cuts = slices.Compact(cuts)
	spans := make([]span, 0, len(cuts))
	for i, k := range cuts[1:] {
		spans = append(spans, span{cuts[i], k})
	}
	return spans, nil
}

func (s span) holds(k sms.Key) bool { return compareKeys(k, s.low) >= 0 && compareKeys(k, s.high) < 0 }

// within is what two spans have in common; nothing is in a span whose low is not before its high.
func (s span) within(o span) span {
	if compareKeys(s.low, o.low) < 0 {
		s.low = o.low
	}
	if compareKeys(s.high, o.high) > 0 {
		s.high = o.high
	}
	return s
}

func compareKeys(a, b sms.Key) int { return bytes.Compare(a[:], b[:]) }

// dayOfKey is the keys of the Indian day in which a key's request was made.
func dayOfKey(k sms.Key) span {
	var milliseconds int64
	for _, b := range k[:6] {
		milliseconds = milliseconds<<8 | int64(b)
	}
	day := dayOf(time.UnixMilli(milliseconds))
	return spanOf(day, day.AddDate(0, 0, 1))
}
