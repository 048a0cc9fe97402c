package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// SentToday counts the tenant's requests of the Indian day of at that were not rejected, for its daily limit.
func SentToday(ctx context.Context, db *sqlx.DB, tenant sms.TenantID, at time.Time) (n int, err error) {
	y, m, d := at.In(dlt.IST).Date()
	from := time.Date(y, m, d, 0, 0, 0, 0, dlt.IST)
	err = db.GetContext(ctx, &n, `SELECT coalesce(sum(messages), 0) FROM harkara.v_tally
		WHERE tenant = $1 AND hour >= $2 AND hour < $3 AND state <> 'rejected'`,
		string(tenant), from, from.AddDate(0, 0, 1))
	if err != nil {
		return 0, fmt.Errorf("count what %s sent today: %w", tenant, err)
	}
	return n, nil
}
