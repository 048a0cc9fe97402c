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

// BillingFilter chooses short messages and says how to group them; an empty field chooses all.
type BillingFilter struct {
	From, To time.Time // requested in [From, To), widened to whole hours
	Tenant   sms.TenantID
	By       []string               // of BillingDimensions; none: one row for all
	Prices   map[sms.SMSCID]float64 // of one short message
}

// BillingRow counts the short messages (segments) that were offered to SMSCs, as an operator counts them: each attempt
// for itself.
type BillingRow struct {
	Group []string `json:"group"` // the values of BillingFilter.By, in its order
	// Accepted and InDoubt leave out the possible duplicates, which have counts of their own: attempts that may have
	// brought a handset a second copy.
	Accepted           int64 `json:"accepted"`
	InDoubt            int64 `json:"in_doubt"` // written and never answered: the operator may have taken them, or not
	DuplicatesAccepted int64 `json:"duplicates_accepted"`
	DuplicatesInDoubt  int64 `json:"duplicates_in_doubt"`
	// Amount is the price of all accepted, duplicates included; AmountInDoubt what those in doubt add if the operator
	// took them. Nil where none has a price.
	Amount        *float64 `json:"amount"`
	AmountInDoubt *float64 `json:"amount_in_doubt"`
	Unpriced      int64    `json:"unpriced"` // of all these, segments at SMSCs without a price; 0 where none has one
}

// BillingDimensions lists what BillingFilter.By may hold, as DLRDimensions does; smsc is the attempt's.
func BillingDimensions() []string {
	return []string{"tenant", "template", "header", "entity", "smsc", "class", "category", "hour", "day"}
}

// Billing yields the short messages that were offered to SMSCs, group by group in the groups' order, like DLR.
func Billing(ctx context.Context, db *sqlx.DB, f BillingFilter) iter.Seq2[BillingRow, error] {
	return inSnapshot(ctx, db, "report billing", func(ctx context.Context, tx *sqlx.Tx, emit func(BillingRow) error) error {
		return f.read(ctx, tx, emit)
	})
}

func (f *BillingFilter) read(ctx context.Context, tx *sqlx.Tx, emit func(BillingRow) error) error {
	query, args, err := f.query()
	if err != nil {
		return err
	}
	var at *BillingRow // none where nothing was read yet
	if len(f.By) == 0 {
		at = &BillingRow{Group: []string{}} // one row for all, though there is nothing
	}
	group := make([]string, len(f.By))
	var smsc sms.SMSCID
	var duplicates bool
	var accepted, inDoubt int64
	into := []any{&smsc, &duplicates, &accepted, &inDoubt}
	for i := range group {
		into = slices.Insert(into, i, any(&group[i]))
	}
	err = each(ctx, tx, query, args, func(rows *sql.Rows) error {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if at != nil && !slices.Equal(at.Group, group) {
			if err := emit(*at); err != nil {
				return err
			}
			at = nil
		}
		if at == nil {
			at = &BillingRow{Group: slices.Clone(group)}
		}
		at.count(duplicates, accepted, inDoubt)
		if len(f.Prices) > 0 {
			at.price(f.Prices[smsc], accepted, inDoubt)
		}
		return nil
	})
	if err != nil || at == nil {
		return err
	}
	return emit(*at)
}

// query asks for finer groups, by SMSC, since each has its price.
func (f *BillingFilter) query() (query string, args []any, err error) {
	g, err := group(f.By, BillingDimensions())
	if err != nil {
		return "", nil, err
	}
	var w where
	from, to := WholeHours(f.From, f.To)
	w.between("d.hour", from, to)
	w.equal("d.tenant", string(f.Tenant))
	query = "SELECT " + list(g.shown, "d.smsc, d.possible_duplicate, sum(d.accepted)::bigint, sum(d.in_doubt)::bigint") + `
		FROM harkara.v_billing d CROSS JOIN LATERAL (SELECT d.hour, d.day) t` + w.String() +
		" GROUP BY " + list(g.keys, "d.smsc, d.possible_duplicate")
	if len(g.order) > 0 {
		query += " ORDER BY " + strings.Join(g.order, ", ")
	}
	return query, w.args, nil
}

func (r *BillingRow) count(duplicates bool, accepted, inDoubt int64) {
	if duplicates {
		r.DuplicatesAccepted += accepted
		r.DuplicatesInDoubt += inDoubt
		return
	}
	r.Accepted += accepted
	r.InDoubt += inDoubt
}

// price adds what short messages of one SMSC cost, each at a price; 0: none is known.
func (r *BillingRow) price(price float64, accepted, inDoubt int64) {
	if price == 0 {
		r.Unpriced += accepted + inDoubt
		return
	}
	r.addAmounts(price*float64(accepted), price*float64(inDoubt))
}

func (r *BillingRow) addAmounts(accepted, inDoubt float64) {
	if r.Amount == nil {
		r.Amount, r.AmountInDoubt = new(float64), new(float64)
	}
	*r.Amount += accepted
	*r.AmountInDoubt += inDoubt
}

// Add adds another row's counts and amounts, for a total.
func (r *BillingRow) Add(o BillingRow) {
	r.Accepted += o.Accepted
	r.InDoubt += o.InDoubt
	r.DuplicatesAccepted += o.DuplicatesAccepted
	r.DuplicatesInDoubt += o.DuplicatesInDoubt
	r.Unpriced += o.Unpriced
	if o.Amount != nil {
		r.addAmounts(*o.Amount, *o.AmountInDoubt)
	}
}
