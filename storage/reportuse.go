package storage

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// UseFilter chooses messages; an empty field chooses all.
type UseFilter struct {
	From, To time.Time // requested in [From, To)
	Tenant   sms.TenantID
	Template dlt.TemplateID
	Header   dlt.Header
}

// UseRow is the use of one template, or of one header of an entity.
type UseRow struct {
	Template dlt.TemplateID `json:"template,omitempty"` // of TemplateReport
	Header   dlt.Header     `json:"header,omitempty"`   // of HeaderReport
	Entity   dlt.EntityID   `json:"entity,omitempty"`   // of HeaderReport; empty in rejections before it was known
	Counts
	DeliveredPercent *float64     `json:"delivered_percent"`
	Segments         int64        `json:"segments"`  // of those submitted
	LastUsed         *time.Time   `json:"last_used"` // the newest request that was offered to an SMSC, in UTC; nil: none
	Failures         []UseFailure `json:"failures"`  // the most frequent ones first
}

// UseFailure is how many messages ended for one reason.
type UseFailure struct {
	Stage  sms.Stage  `json:"stage"`
	Code   string     `json:"code"`
	Reason string     `json:"reason"`
	SMSC   sms.SMSCID `json:"smsc,omitempty"` // empty where none was tried
	Count  int64      `json:"count"`
}

// String writes "633 template_not_matched @ operator-a: 12".
func (f UseFailure) String() string {
	text := cmp.Or(f.Code, f.Reason, string(f.Stage))
	if f.Reason != "" && f.Reason != text {
		text += " " + f.Reason
	}
	if f.SMSC != "" {
		text += " @ " + string(f.SMSC)
	}
	return fmt.Sprintf("%s: %d", text, f.Count)
}

// TemplateReport yields the use of each template that a chosen message names, in the order of their ids; as Messages
// does, it yields an error as the last pair.
func TemplateReport(ctx context.Context, db *sqlx.DB, f UseFilter) iter.Seq2[UseRow, error] {
	return f.report(ctx, db, "report templates", "template, '', ''")
}

// HeaderReport yields the use of each header of each entity, in their order, like TemplateReport.
func HeaderReport(ctx context.Context, db *sqlx.DB, f UseFilter) iter.Seq2[UseRow, error] {
	return f.report(ctx, db, "report headers", "'', header, entity")
}

// report yields the use by groups of template, header and entity. PostgreSQL counts finer groups, which come in order.
func (f *UseFilter) report(ctx context.Context, db *sqlx.DB, what, groups string) iter.Seq2[UseRow, error] {
	var w where
	w.requested(f.From, f.To)
	w.equal("tenant", string(f.Tenant))
	w.equal("template", string(f.Template))
	w.equal("header", string(f.Header))
	query := "SELECT " + groups + `, coalesce(error_stage, ''), coalesce(error_code, ''), coalesce(error_reason, ''),
		coalesce(smsc, ''), ` + selectCounts + `, coalesce(sum(segments) FILTER (WHERE submitted_at IS NOT NULL), 0),
		max(requested_at) FILTER (WHERE smsc IS NOT NULL)
		FROM harkara.v_message` + w.String() + " GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3"
	parts := stream(ctx, db, what, query, w.args, scanUse)
	return func(yield func(UseRow, error) bool) {
		var row UseRow // the group at hand; none where nothing was requested
		for part, err := range parts {
			switch {
			case err != nil:
				yield(UseRow{}, err)
				return
			case row.Requested > 0 && row.sameGroup(&part):
				row.add(&part)
				continue
			case row.Requested > 0 && !yield(row.finished(), nil):
				return
			}
			row = part
		}
		if row.Requested > 0 {
			yield(row.finished(), nil)
		}
	}
}

func scanUse(rows *sql.Rows) (r UseRow, err error) {
	var f UseFailure
	into := r.into([]any{&r.Template, &r.Header, &r.Entity, &f.Stage, &f.Code, &f.Reason, &f.SMSC})
	err = rows.Scan(append(into, &r.Segments, &r.LastUsed)...)
	r.LastUsed = inUTC(r.LastUsed)
	if f.Stage != "" {
		f.Count = r.Requested
		r.Failures = []UseFailure{f}
	}
	return r, err
}

func (r *UseRow) sameGroup(part *UseRow) bool {
	return r.Template == part.Template && r.Header == part.Header && r.Entity == part.Entity
}

func (r *UseRow) add(part *UseRow) {
	r.Counts.add(part.Counts)
	r.Segments += part.Segments
	if part.LastUsed != nil && (r.LastUsed == nil || part.LastUsed.After(*r.LastUsed)) {
		r.LastUsed = part.LastUsed
	}
	r.Failures = append(r.Failures, part.Failures...)
}

// finished is the row of a group that has all its parts.
func (r *UseRow) finished() UseRow {
	r.DeliveredPercent = r.deliveredPercent()
	slices.SortFunc(r.Failures, func(a, b UseFailure) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.SMSC, b.SMSC))
	})
	return *r
}
