package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
)

// upsertLastUse notes when templates and headers were last used, in a stretch of facts: by messages that an attempt was
// planned for. A row of last_use is for good, so that it costs as little for a year as for a day.
const upsertLastUse = `
	INSERT INTO harkara.last_use AS u (template, header, entity, requested_at)
	SELECT template, header, entity, max(requested_at) FROM harkara.message
	WHERE fact > $1 AND fact <= $2 AND key >= $3 AND smsc IS NOT NULL GROUP BY 1, 2, 3
	ON CONFLICT (template, header, entity) DO UPDATE SET requested_at = excluded.requested_at
	WHERE u.requested_at < excluded.requested_at`

// OwnedHeader is a header of one entity.
type OwnedHeader struct {
	Header dlt.Header
	Entity dlt.EntityID
}

// Usage returns when the newest message was requested that was offered to an SMSC, by template and by header, where
// that was at or after since; zero: ever. It is as new as the last Learn, and reads one row for each template and header
// that were ever used together, however many messages there were.
func Usage(ctx context.Context, db *sqlx.DB, since time.Time) (templates map[dlt.TemplateID]time.Time,
	headers map[OwnedHeader]time.Time, err error) {
	found, err := db.QueryContext(ctx, `SELECT template, header, entity, requested_at FROM harkara.last_use
		WHERE requested_at >= $1`, since)
	if err != nil {
		return nil, nil, fmt.Errorf("read what was used: %w", err)
	}
	defer found.Close()
	templates, headers = map[dlt.TemplateID]time.Time{}, map[OwnedHeader]time.Time{}
	for found.Next() {
		var t dlt.TemplateID
		var h OwnedHeader
		var at time.Time
		if err := found.Scan(&t, &h.Header, &h.Entity, &at); err != nil {
			return nil, nil, fmt.Errorf("read what was used: %w", err)
		}
		at = at.UTC()
		if at.After(templates[t]) {
			templates[t] = at
		}
		if at.After(headers[h]) {
			headers[h] = at
		}
	}
	if err := found.Err(); err != nil {
		return nil, nil, fmt.Errorf("read what was used: %w", err)
	}
	return templates, headers, nil
}
