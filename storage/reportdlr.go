package storage

import (
	"context"
	"database/sql"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/smpp/sms"
)

// DLRFilter chooses messages and says how to group them; an empty field chooses all.
type DLRFilter struct {
	From, To time.Time // requested in [From, To), widened to whole hours
	Tenant   sms.TenantID
	By       []string // of DLRDimensions; none: one row for all
}

// DLRRow counts the messages of one group.
type DLRRow struct {
	Group []string `json:"group"` // the values of DLRFilter.By, in its order
	Counts
	// DeliveredPercent is Delivered of all but the rejected, 0 to 100: a rejected request is one that nobody was ever
	// to get, while one refused, lapsed, in doubt or still pending did not arrive. Nil where there was none to deliver.
	DeliveredPercent *float64 `json:"delivered_percent"`
	// Seconds from the request to delivery, of the delivered ones, to 5 %: the middle of the Bucket that holds the
	// message of that rank. Nil where there are none.
	P50 *float64 `json:"p50_s"`
	P95 *float64 `json:"p95_s"`
	P99 *float64 `json:"p99_s"`
}

// DLRDimensions lists what DLRFilter.By may hold: tenant, template, header, entity, smsc (empty where none was tried),
// class, category, hour (2026-11-22T15:00:00+05:30) and day (2026-11-22) of the request in India, and error (stage,
// code and reason, such as "receipt 633 template_not_matched"; empty where none).
func DLRDimensions() []string {
	return []string{"tenant", "template", "header", "entity", "smsc", "class", "category", "hour", "day", "error"}
}

// DLR yields the counts of messages by state, group by group in the groups' order, like Messages. It reads the counts
// that the projection keeps, never messages. It fails where By names no dimension.
func DLR(ctx context.Context, db *sqlx.DB, f DLRFilter) iter.Seq2[DLRRow, error] {
	return inSnapshot(ctx, db, "report delivery", func(ctx context.Context, tx *sqlx.Tx, emit func(DLRRow) error) error {
		return f.read(ctx, tx, emit)
	})
}

func (f *DLRFilter) read(ctx context.Context, tx *sqlx.Tx, emit func(DLRRow) error) error {
	query, args, err := f.query()
	if err != nil {
		return err
	}
	var at *dlrGroup // none where nothing was read yet
	if len(f.By) == 0 {
		at = &dlrGroup{row: DLRRow{Group: []string{}}} // one row for all, though there is nothing
	}
	part := dlrPart{group: make([]string, len(f.By))}
	into := []any{&part.state, &part.submitted, &part.bucket, &part.messages}
	for i := range part.group {
		into = slices.Insert(into, i, any(&part.group[i]))
	}
	err = each(ctx, tx, query, args, func(rows *sql.Rows) error {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if at != nil && !slices.Equal(at.row.Group, part.group) {
			if err := emit(at.finished()); err != nil {
				return err
			}
			at = nil
		}
		if at == nil {
			at = &dlrGroup{row: DLRRow{Group: slices.Clone(part.group)}}
		}
		at.add(&part)
		return nil
	})
	if err != nil || at == nil {
		return err
	}
	return emit(at.finished())
}

// query sums whole numbers first, and looks texts up for few sums: a day of a large gateway is a million rows. By hour
// there is little to be summed first.
func (f *DLRFilter) query() (query string, args []any, err error) {
	g, err := group(f.By, DLRDimensions())
	if err != nil {
		return "", nil, err
	}
	var of, w where
	from, to := WholeHours(f.From, f.To)
	of.between("hour", from, to)
	w.args = of.args
	w.equal("d.tenant", string(f.Tenant))
	counts := "SELECT " + list(g.times, "dim, outcome, bucket, messages") + " FROM harkara.v_tally_row" + of.String()
	if !slices.Contains(f.By, "hour") {
		counts = "SELECT " + list(g.times, "dim, outcome, bucket, sum(messages) AS messages") + " FROM harkara.v_tally_row" +
			of.String() + " GROUP BY dim, outcome, bucket"
		if len(g.times) > 0 {
			counts += ", day"
		}
	}
	query = "SELECT " + list(g.shown, "o.state, o.submitted, t.bucket, sum(t.messages)::bigint") + " FROM (" + counts + `) t
		JOIN harkara.v_dim d ON d.id = t.dim
		JOIN harkara.v_outcome o ON o.id = t.outcome` + w.String() + " GROUP BY " + list(g.keys, "o.state, o.submitted, t.bucket")
	if len(g.order) > 0 {
		query += " ORDER BY " + strings.Join(g.order, ", ")
	}
	return query, w.args, nil
}

// list writes names and what follows them.
func list(names []string, last string) string {
	return strings.Join(append(slices.Clone(names), last), ", ")
}

// dlrPart is the messages of a group that share a standing and a bucket.
type dlrPart struct {
	group     []string
	state     sms.State
	submitted bool
	bucket    int16
	messages  int64
}

// dlrGroup gathers the parts of a group.
type dlrGroup struct {
	row     DLRRow
	buckets bucketCounts // delivered messages
}

func (g *dlrGroup) add(p *dlrPart) {
	g.row.count(p.state, p.submitted, p.messages)
	if p.state == sms.Delivered {
		g.buckets.add(p.bucket, p.messages)
	}
}

func (g *dlrGroup) finished() DLRRow {
	g.row.DeliveredPercent = g.row.deliveredPercent()
	g.row.P50, g.row.P95, g.row.P99 = g.buckets.seconds(0.5), g.buckets.seconds(0.95), g.buckets.seconds(0.99)
	return g.row
}
