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
	From, To time.Time // requested in [From, To), widened to whole hours
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
	LastUsed         *time.Time   `json:"last_used"` // the hour of the newest that was offered to an SMSC, in UTC; nil: none
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

// report yields the use by groups of template, header and entity. The counts come in finer parts, group by group.
func (f *UseFilter) report(ctx context.Context, db *sqlx.DB, what, groups string) iter.Seq2[UseRow, error] {
	var of, w where
	from, to := WholeHours(f.From, f.To)
	of.between("hour", from, to)
	w.args = of.args
	w.equal("tenant", string(f.Tenant))
	w.equal("template", string(f.Template))
	w.equal("header", string(f.Header))
	query := "SELECT " + groups + `, error_stage, error_code, error_reason, smsc, state, submitted, messages, segments, last
		FROM (SELECT dim, outcome, sum(messages)::bigint AS messages, sum(segments)::bigint AS segments, max(hour) AS last
			FROM harkara.v_tally_row` + of.String() + ` GROUP BY dim, outcome) t
		JOIN harkara.v_dim d ON d.id = t.dim
		JOIN harkara.v_outcome o ON o.id = t.outcome` + w.String() + " ORDER BY 1, 2, 3"
	return inSnapshot(ctx, db, what, func(ctx context.Context, tx *sqlx.Tx, emit func(UseRow) error) error {
		var at useGroup
		err := each(ctx, tx, query, w.args, func(rows *sql.Rows) error {
			var p usePart
			if err := p.scan(rows); err != nil {
				return err
			}
			if at.row.Requested > 0 && !at.holds(&p) {
				if err := emit(at.finished()); err != nil {
					return err
				}
				at = useGroup{}
			}
			at.add(&p)
			return nil
		})
		if err != nil || at.row.Requested == 0 {
			return err
		}
		return emit(at.finished())
	})
}

// usePart is the messages of a group that ended alike at one SMSC.
type usePart struct {
	template           dlt.TemplateID
	header             dlt.Header
	entity             dlt.EntityID
	failure            UseFailure // without a count
	state              sms.State
	submitted          bool
	messages, segments int64
	last               time.Time // hour of the newest
}

func (p *usePart) scan(rows *sql.Rows) error {
	return rows.Scan(&p.template, &p.header, &p.entity, &p.failure.Stage, &p.failure.Code, &p.failure.Reason, &p.failure.SMSC,
		&p.state, &p.submitted, &p.messages, &p.segments, &p.last)
}

// useGroup gathers the parts of a group.
type useGroup struct {
	row      UseRow
	failures map[UseFailure]int64
}

func (g *useGroup) holds(p *usePart) bool {
	return g.row.Template == p.template && g.row.Header == p.header && g.row.Entity == p.entity
}

func (g *useGroup) add(p *usePart) {
	g.row.Template, g.row.Header, g.row.Entity = p.template, p.header, p.entity
	g.row.count(p.state, p.submitted, p.messages)
	if p.submitted {
		g.row.Segments += p.segments
	}
	if p.failure.SMSC != "" && (g.row.LastUsed == nil || p.last.After(*g.row.LastUsed)) {
		g.row.LastUsed = inUTC(&p.last)
	}
	if p.failure.Stage == "" {
		return
	}
	if g.failures == nil {
		g.failures = map[UseFailure]int64{}
	}
	g.failures[p.failure] += p.messages
}

// finished is the row of a group that has all its parts.
func (g *useGroup) finished() UseRow {
	for f, n := range g.failures {
		f.Count = n
		g.row.Failures = append(g.row.Failures, f)
	}
	slices.SortFunc(g.row.Failures, func(a, b UseFailure) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.SMSC, b.SMSC))
	})
	g.row.DeliveredPercent = g.row.deliveredPercent()
	return g.row
}
