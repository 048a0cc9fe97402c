package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/dlt"
	"harkara/smpp/sms"
)

// Asker is who reveals or destroys, and why. Both are kept for ever.
type Asker struct{ Who, Why string }

// ErrNeverSealed says that a message has no number that could be revealed.
var ErrNeverSealed = errors.New("no number was sealed for it: rejected for a bad number, or no key could be made")

// Revealed is a message's number. Err says why there is none: ErrShredded, ErrNeverSealed, ErrOtherKey or ErrSeal.
type Revealed struct {
	Number sms.MSISDN
	Err    error
}

// Reveal returns the numbers of a tenant's messages with an id; mostly one. That it was asked is in harkara.privacy_log,
// committed, before anything is unsealed.
func (v *Vault) Reveal(ctx context.Context, db *sqlx.DB, tenant sms.TenantID, id sms.RequestID, by Asker) ([]Revealed, error) {
	tx, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("reveal: %w", err)
	}
	defer tx.Rollback() // after a commit it does nothing
	var found []struct {
		Sealed   []byte `db:"to_sealed"`
		Shredded bool   `db:"shredded"`
	}
	// A row tells of a shredding by nothing but what it lacks, as one that never had a number does.
	err = tx.SelectContext(ctx, &found, `SELECT r.to_sealed, coalesce(m.error_code, '') <> $5 AND EXISTS (SELECT FROM harkara.privacy_log l
			WHERE l.action IN ('shred_month', 'shred_number') AND l.tenant IN ('', m.tenant) AND l.at >= m.requested_at) AS shredded
		FROM harkara.reveal($1, $2, $3, $4) r JOIN harkara.v_message m ON m.key = r.key ORDER BY r.key`,
		string(tenant), string(id), by.Who, by.Why, string(dlt.BadNumber))
	if err != nil {
		return nil, fmt.Errorf("reveal: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return nil, fmt.Errorf("reveal: %w; it is not known whether the log has it", err)
	}
	all := make([]Revealed, len(found))
	for i, f := range found {
		switch {
		case f.Sealed != nil:
			all[i].Number, all[i].Err = v.Open(f.Sealed)
		case f.Shredded:
			all[i].Err = ErrShredded
		default:
			all[i].Err = ErrNeverSealed
		}
	}
	return all, nil
}

// logPrivacy adds a row to the log of what was revealed and destroyed.
func logPrivacy(ctx context.Context, db sqlx.ExecerContext, action string, tenant sms.TenantID, detail string, by Asker) error {
	_, err := db.ExecContext(ctx, `INSERT INTO harkara.privacy_log (action, tenant, detail, who, why) VALUES ($1, $2, $3, $4, $5)`,
		action, string(tenant), detail, by.Who, by.Why)
	if err != nil {
		return fmt.Errorf("write the privacy log: %w", err)
	}
	return nil
}

// KeyInfo is what may be said of a data key.
type KeyInfo struct {
	ID       string       `json:"id"`
	Tenant   sms.TenantID `json:"tenant"` // empty: all
	Month    string       `json:"month"`  // empty: all before there were keys by the month
	Made     time.Time    `json:"made_at"`
	Shredded *time.Time   `json:"shredded_at"`
	Left     string       `json:"left"` // all, text (numbers were shredded) or nothing
	Here     bool         `json:"here"` // in this ring, not in another gateway's
}

// Keys lists the data keys of the ring, and of harkara.data_key where a Sync has read it: by month, tenant and time.
func (v *Vault) Keys() []KeyInfo {
	v.mu.Lock()
	defer v.mu.Unlock()
	var all []KeyInfo
	add := func(k ringKey, here bool) {
		info := KeyInfo{ID: k.ID, Tenant: k.Tenant, Month: k.Month, Made: k.Made, Here: here,
			Left: [...]string{"nothing", "text", "all"}[k.level()]}
		if !k.Shredded.IsZero() {
			info.Shredded = &k.Shredded
		}
		all = append(all, info)
	}
	for _, k := range v.state.Load().ring.Keys {
		add(k, true)
	}
	for _, k := range v.foreign {
		add(k, false)
	}
	slices.SortStableFunc(all, func(a, b KeyInfo) int {
		return cmp.Or(cmp.Compare(a.Month, b.Month), cmp.Compare(a.Tenant, b.Tenant), a.Made.Compare(b.Made))
	})
	return all
}
