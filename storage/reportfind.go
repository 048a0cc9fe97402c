package storage

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"harkara/smpp/sms"
)

// days are the days, or parts of days, that the filter's messages may be in, oldest first: those that an index names
// where the filter has an id or a reference, else all.
func (f *MessageFilter) days(ctx context.Context, tx *sqlx.Tx) ([]span, error) {
	all := spanOf(f.From, f.To)
	if f.ID == "" && f.Ref == "" {
		return all.days(ctx, tx)
	}
	var w where
	w.equal("ref", f.Ref)
	w.equal("id", string(f.ID))
	w.equal("tenant", string(f.Tenant))
	if f.ID != "" && f.Tenant == "" { // the index has ids below their tenants
		w.conditions = append(w.conditions, "tenant = ANY(ARRAY(SELECT DISTINCT tenant FROM harkara.v_dim))")
	}
	w.add("key >= $%d", all.low)
	w.add("key < $%d", all.high)
	days := map[span]bool{} // of a campaign's reference there may be a million keys
	err := each(ctx, tx, "SELECT key FROM harkara.v_request"+w.String(), w.args, func(rows *sql.Rows) error {
		var k sms.Key
		err := rows.Scan(&k)
		days[dayOfKey(k).within(all)] = true
		return err
	})
	return slices.SortedFunc(maps.Keys(days), compareSpans), err
}

// byNumber reads month after month: each has its own digests, and only the days that hold one of them are read.
func (f *MessageFilter) byNumber(ctx context.Context, tx *sqlx.Tx, emit func(MessageRow) error) error {
	for _, m := range f.Number {
		month := spanOf(m.Month, m.Month.AddDate(0, 1, 0)).within(spanOf(f.From, f.To))
		days := map[span][]sms.Key{}
		err := each(ctx, tx, "SELECT * FROM harkara.keys_of_number($1, $2, $3)", []any{pq.ByteaArray(m.Digests), month.low, month.high},
			func(rows *sql.Rows) error {
				var k sms.Key
				err := rows.Scan(&k)
				day := dayOfKey(k).within(month)
				days[day] = append(days[day], k)
				return err
			})
		if err != nil {
			return err
		}
		for _, day := range slices.SortedFunc(maps.Keys(days), compareSpans) {
			if err := f.readDay(ctx, tx, day, days[day], emit); err != nil {
				return err
			}
		}
	}
	return nil
}

func compareSpans(a, b span) int { return compareKeys(a.low, b.low) }
