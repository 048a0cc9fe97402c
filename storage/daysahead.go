package storage

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"harkara/smpp/sms"
)

// batchDays are the days, India's, of a batch's rows, and those that the session has seen to already. Maintain makes the
// days to come; a projection that catches up, or begins anew, comes to days that nobody has made.
type batchDays struct {
	batch map[int64]bool      // days since 1970
	next  map[int64]time.Time // when to try again; zero: the day is there, or is not to be made
}

// dayRetry is when a day that could not be made is tried again. Until then its rows go without one.
const dayRetry = time.Minute

// dayPatience is how long rows of a day are moved before this is left to Maintain.
const dayPatience = time.Second

func (d *batchDays) gather(b *batch) {
	d.batch = map[int64]bool{}
	for _, m := range b.touched {
		d.batch[dayNumber(keyTime(m.key))] = true
	}
	for i := range b.otp {
		d.batch[dayNumber(b.otp[i].at)] = true
	}
	for _, r := range b.receipts {
		if r.matched {
			d.batch[dayNumber(keyTime(r.key))] = true
		} else {
			d.batch[dayNumber(r.event.At)] = true
		}
	}
}

// keyTime is when the request of a key was made, to the millisecond: the reverse of KeyAt.
func keyTime(k sms.Key) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(k[:8]) >> 16))
}

// dayNumber counts India's days: those since 1 January 1970.
func dayNumber(t time.Time) int64 {
	return (t.Unix() + int64(indiaOffset.Seconds())) / int64(oneDay.Seconds())
}

const (
	indiaOffset = 5*time.Hour + 30*time.Minute
	oneDay      = 24 * time.Hour
)

// make makes the batch's days that are missing, outside of its transaction; not those that are further back than rows
// are kept. It fails where the connection does: what PostgreSQL refuses is left, and the default partition takes the rows.
func (d *batchDays) make(ctx context.Context, conn *sql.Conn) error {
	for day := range d.batch {
		if at, seen := d.next[day]; seen && (at.IsZero() || time.Now().Before(at)) {
			continue
		}
		if d.next == nil {
			d.next = map[int64]time.Time{}
		}
		d.next[day] = time.Time{}
		err := makeDays(ctx, conn, time.Unix(day*int64(oneDay.Seconds()), 0).UTC().Format(time.DateOnly))
		var refused *pq.Error
		switch {
		case errors.As(err, &refused):
			d.next[day] = time.Now().Add(dayRetry)
		case err != nil:
			return fmt.Errorf("make a day: %w", err)
		}
	}
	return nil
}

// makeDays makes the partitions of one day that are missing, each in its own transaction.
func makeDays(ctx context.Context, conn *sql.Conn, day string) error {
	var missing []string
	err := conn.QueryRowContext(ctx, `
		SELECT coalesce(array_agg(parent), '{}') FROM unnest(harkara.day_tables()) AS parent
		WHERE to_regclass('harkara.' || parent || to_char($1::date, '"_"YYYYMMDD')) IS NULL
		  AND harkara.day_start($1) > now() - make_interval(days => $2) AND harkara.day_start($1) < now() + make_interval(days => $3)`,
		day, int(defaultRetention/oneDay), daysAhead).Scan((*pq.StringArray)(&missing))
	for _, parent := range missing {
		err = errors.Join(err, makeBriefly(ctx, conn, parent, day))
	}
	return err
}

func makeBriefly(ctx context.Context, conn *sql.Conn, parent, day string) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // an error after Commit is expected
	_, err = tx.ExecContext(ctx, fmt.Sprintf(`SET LOCAL lock_timeout = %d; SET LOCAL statement_timeout = %d`,
		lockPatience.Milliseconds(), dayPatience.Milliseconds()))
	if err == nil {
		_, err = tx.ExecContext(ctx, `SELECT harkara.make_day($1, $2)`, parent, day)
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}
