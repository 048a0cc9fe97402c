package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"harkara/smpp/sms"
	"harkara/storage/ledger"
)

// Number makes one number unreadable, in a tenant's messages or, where that is empty, in all: the keys that sealed it are
// replaced. What they sealed of other numbers is sealed anew first; texts stay provable. Messages to the number that come
// afterwards are sealed as any.
//
// The ledger's events name the messages, so that a replay blanks the same rows. The other rows of these months can't be
// found by number in a replayed database, nor revealed: their frames have what the destroyed keys made. The same goes for
// what another gateway seals between here and its next Sync.
//
// Interrupted anywhere, it is run again: the ledger has been told of a message before its number can't be found any more.
func (s *Shredder) Number(ctx context.Context, tenant sms.TenantID, n sms.MSISDN) (done ShredResult, err error) {
	if err := logPrivacy(ctx, s.DB, "shred_number", tenant, "", s.By); err != nil {
		return done, err
	}
	if err := s.Vault.Sync(ctx, s.DB); err != nil {
		return done, err
	}
	old := s.Vault.doomed() // of a shredding that was interrupted
	told := map[sms.Key]bool{}
	for fresh := old; ; {
		// Until the others have heeded that keys are doomed, more is sealed with them; what it is, is in the ledger then.
		if len(fresh) > 0 {
			if err := pause(ctx, s.settle()); err != nil {
				return done, err
			}
		}
		if err := s.catchUp(ctx); err != nil {
			return done, err
		}
		var untold []numberRow
		if fresh, untold, err = s.sealers(ctx, tenant, n, old, told); err != nil {
			return done, err
		}
		if len(fresh) > 0 {
			old = append(old, fresh...)
			if err := s.Vault.doom(old); err != nil {
				return done, err
			}
			continue
		}
		if len(untold) == 0 {
			break
		}
		if err := s.tell(ctx, shredsOf(untold)...); err != nil {
			return done, err
		}
		for i := range untold {
			told[untold[i].Key] = true
		}
	}
	done, err = s.replace(ctx, old, resealing{number: true, blank: func(r *sealedRow, have sms.MSISDN) bool {
		return have == n && (tenant == "" || r.Tenant == tenant)
	}})
	done.Rows = len(told) // the projection may have been first to blank them
	if err != nil {
		return done, err
	}
	return done, logPrivacy(ctx, s.DB, "shred_number_done", tenant, done.String(), s.By)
}

// catchUp returns when PostgreSQL has all that the ledger has by now.
func (s *Shredder) catchUp(ctx context.Context) error {
	end, err := s.Ledger.Last(ctx)
	if err != nil {
		return err
	}
	return s.Project(ctx, end)
}

// numberRow is a message that is found by a number.
type numberRow struct {
	Key       uuid.UUID    `db:"key"`
	Tenant    sms.TenantID `db:"tenant"`
	Requested time.Time    `db:"requested_at"`
	Digest    []byte       `db:"to_digest"`
}

// sealers returns the keys, but for those that are known, that have sealed a number, and by key the messages of which the
// ledger has not been told.
func (s *Shredder) sealers(ctx context.Context, tenant sms.TenantID, n sms.MSISDN, known []*dataKey, told map[sms.Key]bool) (
	fresh []*dataKey, untold []numberRow, err error) {
	byDigest, digests := map[string]*dataKey{}, pq.ByteaArray{}
	for _, k := range s.Vault.state.Load().byID {
		if k.digest != nil && (tenant == "" || k.tenant == tenant || k.month == 0) {
			digest := k.number(n)
			byDigest[string(digest)], digests = k, append(digests, digest)
		}
	}
	err = s.DB.SelectContext(ctx, &untold, `SELECT key, tenant, requested_at, to_digest FROM harkara.message
		WHERE to_digest = ANY($1) AND ($2 = '' OR tenant = $2) ORDER BY key`, digests, string(tenant))
	if err != nil {
		return nil, nil, fmt.Errorf("find the number's messages: %w", err)
	}
	untold = slices.DeleteFunc(untold, func(r numberRow) bool { return told[r.Key] })
	seen := map[string]bool{}
	for _, k := range known {
		seen[string(k.id)] = true
	}
	for i := range untold {
		if k := byDigest[string(untold[i].Digest)]; !seen[string(k.id)] {
			seen[string(k.id)] = true
			fresh = append(fresh, k)
		}
	}
	return fresh, untold, nil
}

// shredKeys is how many messages one event lists: some 80 kB of a frame.
const shredKeys = 2000

// shredsOf is what the ledger is to say of a number's messages, by tenant and month.
func shredsOf(rows []numberRow) (shreds []ledger.Shred) {
	last := map[string]int{} // where a tenant's month has its newest entry in shreds
	for i := range rows {
		r := &rows[i]
		of := monthOf(r.Requested).String()
		at, ok := last[of+"/"+string(r.Tenant)]
		if !ok || len(shreds[at].Keys) == shredKeys {
			at = len(shreds)
			last[of+"/"+string(r.Tenant)] = at
			shreds = append(shreds, ledger.Shred{Tenant: r.Tenant, Month: of})
		}
		shreds[at].Keys = append(shreds[at].Keys, r.Key)
	}
	return shreds
}
