package storage

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// Shredder destroys what reveals numbers. It works beside a running gateway and without one.
//
// The ledger's frames are never changed, so it is their keys that go: from PostgreSQL, from the ring, and from the memory of
// every gateway with its next Sync. Every step may be repeated: a shredding that was interrupted is run again. Copies of
// the ring and of PostgreSQL that were made before are beyond its reach: rotate the master key after it, and they can't
// be unwrapped either.
type Shredder struct {
	Vault  *Vault
	DB     *sqlx.DB
	Ledger *ledger.Ledger
	// Project returns when PostgreSQL has everything up to a position of the ledger.
	Project func(ctx context.Context, upto ledger.Position) error
	By      Asker
	// Settle is how long processes on the data folder take to heed a changed ring: more than lookEvery. 0 means 3 s.
	Settle time.Duration
}

// ShredResult is what a shredding has done.
type ShredResult struct {
	Keys   int `json:"keys"`   // data keys that were destroyed, or their part of numbers
	Rows   int `json:"rows"`   // messages that lost their number
	Sealed int `json:"sealed"` // messages that were sealed anew, under keys that stay
}

func (r ShredResult) String() string {
	count := func(n int, one, many string) string {
		if n == 1 {
			return "1 " + one
		}
		return fmt.Sprintf("%d %s", n, many)
	}
	return fmt.Sprintf("%s destroyed, %s, %d sealed anew", count(r.Keys, "key", "keys"),
		count(r.Rows, "message lost its number", "messages lost their numbers"), r.Sealed)
}

// ErrNothingToShred says that a tenant's month has no key to destroy.
var ErrNothingToShred = errors.New("there is nothing to shred")

// Month destroys a tenant's data keys of the month that a time is in: no number of its messages can be revealed or found,
// no text proven. Their rows stay and are counted as before. What comes for the month afterwards gets a fresh key.
//
// The privacy log has it when it begins, and with its counts when all of it is done, the ledger's event included: one that
// was interrupted is run again. It fails with ErrNothingToShred, and notes nothing, where there is neither a key nor a
// shredding that was interrupted.
func (s *Shredder) Month(ctx context.Context, tenant sms.TenantID, at time.Time) (done ShredResult, err error) {
	of := monthOf(at)
	// Keys that can't be read can be destroyed.
	if err := s.Vault.Sync(ctx, s.DB); err != nil && !errors.Is(err, ErrOtherMaster) {
		return done, err
	}
	if err := s.catchUp(ctx); err != nil {
		return done, err
	}
	legacy, err := s.legacyOf(ctx, tenant, of)
	if err != nil {
		return done, err
	}
	if err := s.worthwhile(ctx, tenant, of, len(legacy)); err != nil {
		return done, err
	}
	if err := logPrivacy(ctx, s.DB, "shred_month", tenant, of.String(), s.By); err != nil {
		return done, err
	}
	if done, err = s.leaveLegacy(ctx, tenant, of, legacy); err != nil {
		return done, err
	}
	gone, err := s.DB.ExecContext(ctx, `UPDATE harkara.data_key SET wrapped = NULL, shredded_at = $3
		WHERE tenant = $1 AND month = $2 AND wrapped IS NOT NULL`, string(tenant), of.String()+"-01", time.Now())
	if err != nil {
		return done, fmt.Errorf("destroy the month's data keys: %w", err)
	}
	keys, err := gone.RowsAffected()
	done.Keys += int(keys)
	if err != nil {
		return done, err
	}
	if err := s.Vault.Sync(ctx, s.DB); err != nil && !errors.Is(err, ErrOtherMaster) {
		return done, fmt.Errorf("the keys are destroyed in PostgreSQL and not yet in the ring: run it again: %w", err)
	}
	if err := s.tell(ctx, ledger.Shred{Tenant: tenant, Month: of.String()}); err != nil {
		return done, fmt.Errorf("the keys are destroyed and the ledger does not say so: run it again: %w", err)
	}
	return done, logPrivacy(ctx, s.DB, "shred_month_done", tenant, of.String()+": "+done.String(), s.By)
}

// worthwhile fails where a tenant's month has nothing to destroy and no shredding of it is unfinished.
func (s *Shredder) worthwhile(ctx context.Context, tenant sms.TenantID, of month, legacy int) error {
	if legacy > 0 {
		return nil
	}
	var found struct{ Known, Left, Unfinished bool }
	err := s.DB.GetContext(ctx, &found, `SELECT EXISTS (SELECT FROM harkara.data_key WHERE tenant = $1) AS known,
		EXISTS (SELECT FROM harkara.data_key WHERE tenant = $1 AND month = $2 AND wrapped IS NOT NULL) AS left,
		coalesce((SELECT action = 'shred_month' FROM harkara.privacy_log WHERE tenant = $1
			AND (action = 'shred_month' AND detail = $3 OR action = 'shred_month_done' AND starts_with(detail, $3 || ':'))
			ORDER BY id DESC LIMIT 1), false) AS unfinished`, string(tenant), of.String()+"-01", of.String())
	switch {
	case err != nil:
		return fmt.Errorf("look for what there is to shred: %w", err)
	case found.Left || found.Unfinished:
		return nil
	case !found.Known:
		return fmt.Errorf("%w: there has never been a key of tenant %q: see harkara keys list", ErrNothingToShred, tenant)
	}
	return fmt.Errorf("%w: no key is left of tenant %s's %s: see harkara keys list", ErrNothingToShred, tenant, of)
}

// legacyOf returns those keys of the time before there were keys by the month that sealed messages of a tenant's month.
func (s *Shredder) legacyOf(ctx context.Context, tenant sms.TenantID, of month) (old []*dataKey, err error) {
	for _, k := range s.Vault.state.Load().byID {
		if k.month != 0 || k.seal == nil {
			continue
		}
		var used bool
		err := s.DB.GetContext(ctx, &used, `SELECT EXISTS (SELECT FROM harkara.message
			WHERE key >= $1 AND key < $2 AND tenant = $3 AND substring(to_sealed FOR $4) = $5)`,
			KeyAt(of.start()), KeyAt((of + 1).start()), string(tenant), legacyIDSize, k.id)
		if err != nil {
			return nil, fmt.Errorf("look for numbers under the key of all months: %w", err)
		}
		if used {
			old = append(old, k)
		}
	}
	return old, nil
}

// leaveLegacy blanks those rows of a tenant's month that were sealed before there were keys by the month, and destroys the
// keys of that time after it has sealed all others anew.
func (s *Shredder) leaveLegacy(ctx context.Context, tenant sms.TenantID, of month, old []*dataKey) (ShredResult, error) {
	if len(old) == 0 {
		return ShredResult{}, nil
	}
	if err := s.Vault.doom(old); err != nil {
		return ShredResult{}, err
	}
	return s.replace(ctx, old, resealing{blank: func(r *sealedRow, _ sms.MSISDN) bool {
		return r.Tenant == tenant && monthOf(r.Requested) == of
	}})
}

// tell appends what is shredded to the ledger, with who and why. Each may fill a frame.
func (s *Shredder) tell(ctx context.Context, shreds ...ledger.Shred) error {
	for i := range shreds {
		shreds[i].Who, shreds[i].Why = s.By.Who, s.By.Why
		e := ledger.Event{Kind: ledger.Shredded, At: time.Now(), Shred: &shreds[i]}
		if _, err := s.Ledger.Append(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (s *Shredder) settle() time.Duration {
	if s.Settle == 0 {
		return 3 * time.Second
	}
	return s.Settle
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// name is a key's id as the ring writes it.
func (k *dataKey) name() string { return hex.EncodeToString(k.id) }
