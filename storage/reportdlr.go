package storage

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"harkara/smpp/sms"
)

// DLRFilter chooses messages and says how to group them; an empty field chooses all.
type DLRFilter struct {
	From, To time.Time // requested in [From, To)
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
	// Seconds from the request to delivery, of the delivered ones; nil where there are none.
	P50 *float64 `json:"p50_s"`
	P95 *float64 `json:"p95_s"`
	P99 *float64 `json:"p99_s"`
}

// dimensions are what a report may group by, with the expressions over v_message. Days and hours are India's.
var dimensions = map[string]string{
	"tenant":   `tenant`,
	"template": `template`,
	"header":   `header`,
	"entity":   `entity`,
	"smsc":     `coalesce(smsc, '')`,
	"class":    `class`,
	"category": `category`,
	"day":      `to_char(requested_at AT TIME ZONE 'Asia/Kolkata', 'YYYY-MM-DD')`,
	"hour":     `to_char(requested_at AT TIME ZONE 'Asia/Kolkata', 'YYYY-MM-DD"T"HH24:00:00+05:30')`,
	"error":    `concat_ws(' ', error_stage, nullif(error_code, ''), nullif(nullif(error_reason, error_code), ''))`,
}

// DLRDimensions lists what DLRFilter.By may hold: tenant, template, header, entity, smsc (empty where none was tried),
// class, category, day (2026-11-22) and hour (2026-11-22T15:00:00+05:30) of the request in India, and error (stage,
// code and reason, such as "receipt 633 template_not_matched"; empty where none).
func DLRDimensions() []string {
	return []string{"tenant", "template", "header", "entity", "smsc", "class", "category", "hour", "day", "error"}
}

// DLR counts messages by state, group by group in the groups' order. It fails where By names no dimension.
func DLR(ctx context.Context, db *sqlx.DB, f DLRFilter) ([]DLRRow, error) {
	query, args, err := f.query()
	if err != nil {
		return nil, fmt.Errorf("report delivery: %w", err)
	}
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("report delivery: %w", err)
	}
	defer rows.Close()
	var report []DLRRow
	for rows.Next() {
		row, err := scanDLR(rows, len(f.By))
		if err != nil {
			return nil, fmt.Errorf("report delivery: %w", err)
		}
		report = append(report, row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("report delivery: %w", err)
	}
	return report, nil
}

func (f *DLRFilter) query() (query string, args []any, err error) {
	var groups, numbers []string
	for i, by := range f.By {
		expression, ok := dimensions[by]
		if !ok {
			return "", nil, fmt.Errorf("%q is nothing to group by: choose of %s", by, strings.Join(DLRDimensions(), ", "))
		}
		groups, numbers = append(groups, expression+", "), append(numbers, strconv.Itoa(i+1))
	}
	var w where
	w.requested(f.From, f.To)
	w.equal("tenant", string(f.Tenant))
	query = "SELECT " + strings.Join(groups, "") + `
` + selectCounts + `,
		percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM final_at - requested_at)::float8)
			FILTER (WHERE state = 'delivered')
		FROM harkara.v_message` + w.String()
	if by := strings.Join(numbers, ", "); by != "" {
		query += " GROUP BY " + by + " ORDER BY " + by
	}
	return query, w.args, nil
}

func scanDLR(rows *sql.Rows, groups int) (DLRRow, error) {
	row := DLRRow{Group: make([]string, groups)}
	var percentiles pq.Float64Array
	into := make([]any, 0, groups+12)
	for i := range row.Group {
		into = append(into, &row.Group[i])
	}
	into = append(row.into(into), &percentiles)
	if err := rows.Scan(into...); err != nil {
		return row, err
	}
	row.DeliveredPercent = row.deliveredPercent()
	if len(percentiles) == 3 { // none where nothing was delivered
		row.P50, row.P95, row.P99 = &percentiles[0], &percentiles[1], &percentiles[2]
	}
	return row, nil
}
