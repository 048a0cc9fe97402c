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
	"harkara/storage/ledger"
)

// OTPFilter chooses challenges and says how to group them; an empty field chooses all.
type OTPFilter struct {
	From, To time.Time // requested in [From, To), widened to whole hours
	Tenant   sms.TenantID
	By       []string // of OTPDimensions; none: one row for all
}

// OTPCounts is what happened to a number of challenges.
type OTPCounts struct {
	Requested   int64 `json:"requested"`
	Sent        int64 `json:"sent"` // messages that an SMSC accepted, first and further ones
	Delivered   int64 `json:"delivered"`
	Undelivered int64 `json:"undelivered"`
	Resent      int64 `json:"resent"`
	FellBack    int64 `json:"fell_back"`
	Verified    int64 `json:"verified"`
	Failed      int64 `json:"failed"` // wrong codes
	Locked      int64 `json:"locked"`
	Expired     int64 `json:"expired"`
	Cancelled   int64 `json:"cancelled"`
	Blocked     int64 `json:"blocked"`     // calls that a limit or a lock refused
	WouldBlock  int64 `json:"would_block"` // calls that a limit on trial (dry_run) let through
}

// OTPRow is the challenges of one group.
type OTPRow struct {
	Group []string `json:"group"` // the values of OTPFilter.By, in its order
	OTPCounts
	// ConversionPercent is Verified of Requested; nil where none was requested. By route it may be above 100: a challenge
	// is requested on the route of its first send and verified on the one that brought its code.
	ConversionPercent *float64 `json:"conversion_percent"`
	// Seconds from the request to the right code, to 5 %, as DLRRow.P50. Nil where there is none.
	P50 *float64 `json:"p50_s"`
	P95 *float64 `json:"p95_s"`
}

// OTPDimensions lists what OTPFilter.By may hold: tenant, purpose, template, route (the SMSC; empty where there is none),
// hour and day, India's, as of DLRDimensions. Both are those of the challenge's request, for all that happened to it.
func OTPDimensions() []string {
	return []string{"tenant", "purpose", "template", "route", "hour", "day"}
}

// OTPReport yields what happened to challenges, group by group in the groups' order, like DLR. It reads the counts that
// the projection keeps, never events. It fails where By names no dimension.
func OTPReport(ctx context.Context, db *sqlx.DB, f OTPFilter) iter.Seq2[OTPRow, error] {
	return inSnapshot(ctx, db, "report challenges", func(ctx context.Context, tx *sqlx.Tx, emit func(OTPRow) error) error {
		return f.read(ctx, tx, emit)
	})
}

func (f *OTPFilter) read(ctx context.Context, tx *sqlx.Tx, emit func(OTPRow) error) error {
	query, args, err := f.query()
	if err != nil {
		return err
	}
	var at *otpGroup // none where nothing was read yet
	if len(f.By) == 0 {
		at = &otpGroup{row: OTPRow{Group: []string{}}} // one row for all, though there is nothing
	}
	group := make([]string, len(f.By))
	var event string
	var bucket int16
	var events int64
	into := []any{&event, &bucket, &events}
	for i := range group {
		into = slices.Insert(into, i, any(&group[i]))
	}
	err = each(ctx, tx, query, args, func(rows *sql.Rows) error {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if at != nil && !slices.Equal(at.row.Group, group) {
			if err := emit(at.finished()); err != nil {
				return err
			}
			at = nil
		}
		if at == nil {
			at = &otpGroup{row: OTPRow{Group: slices.Clone(group)}}
		}
		at.add(event, bucket, events)
		return nil
	})
	if err != nil || at == nil {
		return err
	}
	return emit(at.finished())
}

func (f *OTPFilter) query() (query string, args []any, err error) {
	g, err := group(f.By, OTPDimensions())
	if err != nil {
		return "", nil, err
	}
	var w where
	from, to := WholeHours(f.From, f.To)
	w.between("d.hour", from, to)
	w.equal("d.tenant", string(f.Tenant))
	view := "v_otp_tally"
	if slices.Contains(f.By, "route") {
		view = "v_otp_route"
	}
	query = "SELECT " + list(g.shown, "d.event, d.bucket, sum(d.events)::bigint") + `
		FROM harkara.` + view + ` d CROSS JOIN LATERAL (SELECT d.hour, d.day) t` + w.String() +
		" GROUP BY " + list(g.keys, "d.event, d.bucket") + " HAVING sum(d.events) <> 0"
	if len(g.order) > 0 {
		query += " ORDER BY " + strings.Join(g.order, ", ")
	}
	return query, w.args, nil
}

// otpGroup gathers the events of a group.
type otpGroup struct {
	row     OTPRow
	buckets bucketCounts // verified ones
}

func (g *otpGroup) add(event string, bucket int16, events int64) {
	if event == string(ledger.OTPVerified) {
		g.buckets.add(bucket, events)
	}
	if n := g.row.of(event); n != nil {
		*n += events
	}
}

// of is the count of an event, nil where that is none.
func (c *OTPCounts) of(event string) *int64 {
	switch ledger.OTPEvent(event) {
	case ledger.OTPRequested:
		return &c.Requested
	case ledger.OTPSent:
		return &c.Sent
	case ledger.OTPDelivered:
		return &c.Delivered
	case ledger.OTPUndelivered:
		return &c.Undelivered
	case ledger.OTPResent:
		return &c.Resent
	case ledger.OTPFellBack:
		return &c.FellBack
	case ledger.OTPVerified:
		return &c.Verified
	case ledger.OTPFailed:
		return &c.Failed
	case ledger.OTPLocked:
		return &c.Locked
	case ledger.OTPExpired:
		return &c.Expired
	case ledger.OTPCancelled:
		return &c.Cancelled
	case ledger.OTPBlocked:
		return &c.Blocked
	case otpWouldBlock:
		return &c.WouldBlock
	}
	return nil
}

// Each lists the counts in the order of their declaration.
func (c OTPCounts) Each() [13]int64 {
	return [...]int64{c.Requested, c.Sent, c.Delivered, c.Undelivered, c.Resent, c.FellBack, c.Verified, c.Failed, c.Locked,
		c.Expired, c.Cancelled, c.Blocked, c.WouldBlock}
}

func (g *otpGroup) finished() OTPRow {
	if g.row.Requested > 0 {
		percent := 100 * float64(g.row.Verified) / float64(g.row.Requested)
		g.row.ConversionPercent = &percent
	}
	g.row.P50, g.row.P95 = g.buckets.seconds(0.5), g.buckets.seconds(0.95)
	return g.row
}
