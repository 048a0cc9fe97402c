package storage

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"harkara/dlt"
)

// dayTables are the tables that are cut into days.
var dayTables = []string{"message", "transition", "attempt", "answer", "receipt", "receipt_early", "otp_event"}

// partition is one table's day.
type partition struct {
	name    string // in the schema harkara
	day     time.Time
	settled bool
	owned   bool // by this user, or a role that it has
}

// settledComment is the comment of a partition that has been vacuumed for good: it goes with the partition, and whoever
// looks at the table reads it.
const settledComment = "complete: vacuumed and frozen"

// listPartitions returns the days of a table, oldest first.
func listPartitions(ctx context.Context, conn *sql.Conn, parent string) (all []partition, err error) {
	found, err := conn.QueryContext(ctx, `
		SELECT c.relname, coalesce(obj_description(c.oid, 'pg_class') = $2, false), pg_has_role(c.relowner, 'USAGE')
		FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = ('harkara.' || $1)::regclass AND c.relname <> $1 || '_default' ORDER BY c.relname`,
		parent, settledComment)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	for found.Next() {
		var p partition
		if err := found.Scan(&p.name, &p.settled, &p.owned); err != nil {
			return nil, err
		}
		p.day, err = time.ParseInLocation("20060102", strings.TrimPrefix(p.name, parent+"_"), dlt.IST)
		if err != nil {
			return nil, fmt.Errorf("the partition harkara.%s is not named after a day: detach it, or give it such a name", p.name)
		}
		all = append(all, p)
	}
	return all, found.Err()
}

// strayDays returns the days of the rows that are in the default partition, of those from one day to another.
func strayDays(ctx context.Context, conn *sql.Conn, parent string, from, to time.Time) (days []time.Time, err error) {
	at := "harkara.key_time(key)"
	if parent == "receipt_early" {
		at = "received_at"
	}
	found, err := conn.QueryContext(ctx, `SELECT DISTINCT (`+at+` AT TIME ZONE 'Asia/Kolkata')::date FROM harkara.`+
		pq.QuoteIdentifier(parent+"_default"))
	if err != nil {
		return nil, err
	}
	defer found.Close()
	for found.Next() {
		var day time.Time
		if err := found.Scan(&day); err != nil {
			return nil, err
		}
		day = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, dlt.IST)
		if !day.Before(from) && !day.After(to) {
			days = append(days, day)
		}
	}
	return days, found.Err()
}

// settle vacuums and freezes the partitions that are complete, once each, so that no later vacuum has to read them again
// and index-only scans find them all-visible. It goes gently: who sends and projects comes first. Partitions of another
// owner are left to autovacuum.
func settle(ctx context.Context, conn *sql.Conn, now time.Time, done *Maintained) error {
	if _, err := conn.ExecContext(ctx, `SET vacuum_cost_delay = '2ms'`); err != nil {
		return err
	}
	for _, parent := range dayTables {
		partitions, err := listPartitions(ctx, conn, parent)
		if err != nil {
			return err
		}
		for _, p := range partitions {
			over := p.day.AddDate(0, 0, 1).Add(settleAfter)
			if p.settled || !p.owned || now.Before(over) || done.Settled == settleAtOnce {
				continue
			}
			table := "harkara." + pq.QuoteIdentifier(p.name)
			_, err := conn.ExecContext(ctx, `VACUUM (FREEZE, ANALYZE) `+table)
			if err == nil {
				_, err = conn.ExecContext(ctx, `COMMENT ON TABLE `+table+` IS '`+settledComment+`'`)
			}
			switch {
			case locked(err):
				done.Left++
			case err != nil:
				return fmt.Errorf("vacuum %s, and note that it is: %w", p.name, err)
			default:
				done.Settled++
			}
		}
	}
	return nil
}
