package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"harkara/dlt"
)

// Retention is how long rows are kept. A day, India's, goes as a whole when all of it is older; counts by day stay for
// ever. 0 means 400 days: the Digital Personal Data Protection Rules, 2025 ask for a year at least of logs and of the
// personal data of processing (rules 6 and 8(3)), CERT-In's directions of 28 April 2022 for 180 days of logs, and the
// rest leaves the last month's bills open to dispute.
type Retention struct {
	Messages time.Duration // with their attempts
	Receipts time.Duration // also those that found no message
}

const defaultRetention = 400 * 24 * time.Hour

// Maintained is what Maintain did, in partitions: one is a day of one table.
type Maintained struct {
	Made    int
	Moved   int64 // rows that had come before their day was made
	Dropped int
	Settled int   // vacuumed and frozen, once
	Left    int   // to be made or dropped next time: somebody used their table for longer than is waited for
	Strays  int64 // rows without a day that were too old
}

// daysAhead is how many days are made before they come: a database that nobody looks after over a weekend has its days.
const daysAhead = 3

// lockPatience is how long a day that is made or dropped waits for its table. While it does, all others wait behind it,
// the projector too.
const lockPatience = 200 * time.Millisecond

// settleAfter is how long after its end a day is taken as complete: most receipts have come. Those that come later are
// few, and no reason to read the whole of it again.
const settleAfter = 3 * time.Hour

// settleAtOnce is how many partitions one call vacuums: those of two days.
const settleAtOnce = 14

// Maintain keeps the days of the partitioned tables: it makes those to come and those that rows without a day are of,
// drops those whose time is over, and vacuums those that are complete. now is the clock. It is called about every hour,
// by any number of gateways: of those that do at once one works. What it can't do for want of a lock it leaves to the
// next call, and what fails of one table does not keep it from the others.
//
// What is dropped is gone, so no one clock decides: time is over by the projection's, which is the ledger's, too. Where
// nothing was ever projected, nothing is dropped; where now is more than an hour off PostgreSQL's clock, nothing is done.
func Maintain(ctx context.Context, db *sqlx.DB, now time.Time, keep Retention) (done Maintained, err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return done, fmt.Errorf("keep the days of the database: %w", err)
	}
	defer closeForGood(conn) // with its lock and settings
	var first bool
	if err = conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, int64(maintenanceLock)).Scan(&first); err == nil && first {
		err = maintain(ctx, conn, now, keep, &done)
		_, freed := conn.ExecContext(ctx, `SELECT pg_advisory_unlock($1)`, int64(maintenanceLock)) // closing takes a moment
		err = errors.Join(err, freed)
	}
	if err != nil {
		return done, fmt.Errorf("keep the days of the database: %w", err)
	}
	return done, nil
}

func maintain(ctx context.Context, conn *sql.Conn, now time.Time, keep Retention, done *Maintained) error {
	var clock time.Time
	var projected sql.NullTime
	err := conn.QueryRowContext(ctx, `SELECT now(), frame_at FROM harkara.projection WHERE partition = 0`).Scan(&clock, &projected)
	if err != nil {
		return err
	}
	if off := now.Sub(clock).Abs(); off > clockSkew {
		return fmt.Errorf("this machine's clock and PostgreSQL's are %s apart: set them right, so that no day is dropped before its time",
			off.Round(time.Second))
	}
	if clock.Before(now) {
		now = clock
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf(`SET lock_timeout = %d`, lockPatience.Milliseconds())); err != nil {
		return err
	}
	from, over := now, time.Time{} // from where the projection may write; what retention is reckoned from
	if projected.Valid {
		over = earlier(now, projected.Time.AddDate(0, 0, 1))
		from = earlier(now, projected.Time)
	}
	var failed []error
	for _, parent := range dayTables {
		if err := makeMissing(ctx, conn, parent, dayOf(now.Add(-keep.of(parent))), from, now, done); err != nil {
			failed = append(failed, fmt.Errorf("make the days of %s: %w", parent, err))
		}
	}
	if !over.IsZero() {
		held := map[time.Time]bool{}
		for _, parent := range slices.Backward(dayTables) { // message at last: nothing is to be without its message
			if err := dropOld(ctx, conn, parent, dayOf(over.Add(-keep.of(parent))), held, done); err != nil {
				failed = append(failed, fmt.Errorf("drop the days of %s: %w", parent, err))
			}
		}
	}
	return errors.Join(append(failed, settle(ctx, conn, now, done))...)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// of is how long rows of a table are kept: never less than what can still change.
func (r Retention) of(parent string) time.Duration {
	kept := r.Messages
	if parent == "receipt" || parent == "receipt_early" {
		kept = r.Receipts
	}
	if kept == 0 {
		kept = defaultRetention
	}
	return max(kept, oldestAnswered)
}

// makeMissing makes the days that the projection may come to, from one time until some days from now, and those of rows
// without one.
func makeMissing(ctx context.Context, conn *sql.Conn, parent string, oldest, from, now time.Time, done *Maintained) error {
	from, to := dayOf(from.AddDate(0, 0, -1)), dayOf(now.AddDate(0, 0, daysAhead))
	days, err := strayDays(ctx, conn, parent, oldest, to)
	if err != nil {
		return err
	}
	for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
		if !day.Before(oldest) {
			days = append(days, day)
		}
	}
	for _, day := range days {
		var moved sql.NullInt64
		err := conn.QueryRowContext(ctx, `SELECT harkara.make_day($1, $2)`, parent, day.Format(time.DateOnly)).Scan(&moved)
		switch {
		case locked(err):
			done.Left++
		case err != nil:
			return fmt.Errorf("%s: %w", day.Format(time.DateOnly), err)
		case moved.Valid:
			done.Made, done.Moved = done.Made+1, done.Moved+moved.Int64
		}
	}
	return nil
}

// dropOld drops the days before oldest, and the rows of such days that have none. held gets the days that another table
// could not drop: their messages stay, too.
func dropOld(ctx context.Context, conn *sql.Conn, parent string, oldest time.Time, held map[time.Time]bool, done *Maintained) error {
	partitions, err := listPartitions(ctx, conn, parent)
	if err != nil {
		return err
	}
	for _, p := range partitions {
		if !p.day.Before(oldest) || parent == "message" && held[p.day] {
			continue
		}
		_, err := conn.ExecContext(ctx, `SELECT harkara.drop_day($1, $2)`, parent, p.day.Format(time.DateOnly))
		switch {
		case locked(err):
			done.Left++
			held[p.day] = true
		case err != nil:
			return fmt.Errorf("%s: %w", p.name, err)
		default:
			done.Dropped++
		}
	}
	var strays int64
	err = conn.QueryRowContext(ctx, `SELECT harkara.drop_strays($1, $2)`, parent, oldest.Format(time.DateOnly)).Scan(&strays)
	if locked(err) {
		done.Left++
		return nil
	}
	done.Strays += strays
	return err
}

// locked says whether a statement was not done because it waited for a lock for too long.
func locked(err error) bool {
	var refused *pq.Error
	return errors.As(err, &refused) && (refused.Code == "55P03" || refused.Code == "40P01") // lock_not_available, deadlock_detected
}

// dayOf returns the first moment of a time's day in India.
func dayOf(t time.Time) time.Time {
	y, m, d := t.In(dlt.IST).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, dlt.IST)
}
