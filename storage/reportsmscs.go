package storage

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/smpp/sms"
)

// SMSCFilter chooses messages; an empty field chooses all.
type SMSCFilter struct {
	From, To time.Time // requested in [From, To), widened to whole hours
	Tenant   sms.TenantID
}

// SMSCRow is what one SMSC did: with the messages that went there last, and with the short messages offered to it,
// whatever became of their messages elsewhere.
type SMSCRow struct {
	SMSC sms.SMSCID `json:"smsc"`
	Counts
	DeliveredPercent  *float64 `json:"delivered_percent"` // and the following as in DLRRow
	P50               *float64 `json:"p50_s"`
	P95               *float64 `json:"p95_s"`
	P99               *float64 `json:"p99_s"`
	SegmentsAccepted  int64    `json:"segments_accepted"`
	SegmentsInDoubt   int64    `json:"segments_in_doubt"`
	UnmatchedReceipts int64    `json:"unmatched_receipts"` // that wait now, of whatever time and tenant
}

// SMSCs yields a row for each SMSC that a chosen message or a waiting receipt names, in their order, like DLR. Messages
// that no SMSC was tried for are in none.
func SMSCs(ctx context.Context, db *sqlx.DB, f SMSCFilter) iter.Seq2[SMSCRow, error] {
	return inSnapshot(ctx, db, "report smscs", func(ctx context.Context, tx *sqlx.Tx, emit func(SMSCRow) error) error {
		list := map[sms.SMSCID]*SMSCRow{}
		of := func(id string) *SMSCRow {
			smsc := sms.SMSCID(id)
			list[smsc] = cmp.Or(list[smsc], &SMSCRow{SMSC: smsc})
			return list[smsc]
		}
		by := []string{"smsc"}
		dlr := DLRFilter{From: f.From, To: f.To, Tenant: f.Tenant, By: by}
		err := dlr.read(ctx, tx, func(d DLRRow) error {
			r := of(d.Group[0])
			r.Counts, r.DeliveredPercent, r.P50, r.P95, r.P99 = d.Counts, d.DeliveredPercent, d.P50, d.P95, d.P99
			return nil
		})
		if err != nil {
			return err
		}
		billing := BillingFilter{From: f.From, To: f.To, Tenant: f.Tenant, By: by}
		err = billing.read(ctx, tx, func(b BillingRow) error {
			r := of(b.Group[0])
			r.SegmentsAccepted, r.SegmentsInDoubt = b.Accepted+b.DuplicatesAccepted, b.InDoubt+b.DuplicatesInDoubt
			return nil
		})
		if err != nil {
			return err
		}
		waiting, err := unmatchedBySMSC(ctx, tx)
		if err != nil {
			return err
		}
		for smsc, n := range waiting {
			of(string(smsc)).UnmatchedReceipts = n
		}
		delete(list, "")
		for _, smsc := range slices.Sorted(maps.Keys(list)) {
			if err := emit(*list[smsc]); err != nil {
				return err
			}
		}
		return nil
	})
}
