package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"harkara/smpp/sms"
)

// resealing says which rows lose their number while the others are sealed anew.
type resealing struct {
	blank  func(r *sealedRow, n sms.MSISDN) bool
	number bool // their last digits go too
}

// sealedRow is one message's row.
type sealedRow struct {
	Key       uuid.UUID    `db:"key"`
	Tenant    sms.TenantID `db:"tenant"`
	Requested time.Time    `db:"requested_at"`
	Sealed    []byte       `db:"to_sealed"`
}

// resealBatch is how many rows are sealed anew in one transaction.
const resealBatch = 2000

// replace seals anew what doomed keys have sealed, and destroys their keys of numbers. Interrupted, it is run again.
func (s *Shredder) replace(ctx context.Context, old []*dataKey, how resealing) (done ShredResult, err error) {
	ids := make([]string, len(old))
	for i, k := range old {
		ids[i] = k.name()
		if err := s.reseal(ctx, k, how, &done); err != nil {
			return done, err
		}
	}
	if len(old) == 0 {
		return done, nil
	}
	_, err = s.DB.ExecContext(ctx, `UPDATE harkara.data_key SET wrapped = substring(wrapped FOR $2), shredded_at = $3
		WHERE id = ANY($1) AND length(wrapped) > $2`, pq.Array(ids), wrappedText, time.Now())
	if err != nil {
		return done, fmt.Errorf("destroy data keys: %w", err)
	}
	if err := s.Vault.Sync(ctx, s.DB); err != nil {
		return done, fmt.Errorf("the keys are destroyed in PostgreSQL and not yet in the ring: run it again: %w", err)
	}
	done.Keys += len(old)
	return done, nil
}

// reseal goes through the messages of one key, oldest first.
func (s *Shredder) reseal(ctx context.Context, k *dataKey, how resealing, done *ShredResult) error {
	low, high := sms.Key{}, sms.Key(slices.Repeat([]byte{0xFF}, 16))
	if k.month != 0 { // the request's time and its key's may be on two sides of midnight
		low, high = KeyAt(k.month.start().Add(-24*time.Hour)), KeyAt((k.month + 1).start().Add(24*time.Hour))
	}
	for {
		last, n, err := s.resealSome(ctx, k, low, high, how, done)
		if err != nil {
			return fmt.Errorf("seal numbers anew: %w", err)
		}
		if n < resealBatch {
			return nil
		}
		low = last
	}
}

// resealSome is one transaction of reseal: rows after a key and before another. It returns the last of them, and how many.
func (s *Shredder) resealSome(ctx context.Context, k *dataKey, low, high sms.Key, how resealing, done *ShredResult) (
	last sms.Key, n int, err error) {
	tx, err := s.DB.BeginTxx(ctx, nil)
	if err != nil {
		return last, 0, err
	}
	defer tx.Rollback() // after a commit it does nothing
	var rows []sealedRow
	err = tx.SelectContext(ctx, &rows, `SELECT key, tenant, requested_at, to_sealed FROM harkara.message
		WHERE key > $1 AND key < $2 AND ($3 = '' OR tenant = $3) AND substring(to_sealed FOR $4) = $5
		ORDER BY key LIMIT $6 FOR UPDATE`, low, high, string(k.tenant), len(k.id), k.id, resealBatch)
	if err != nil || len(rows) == 0 {
		return last, 0, err
	}
	var blank, keys []string
	var digests, sealed pq.ByteaArray
	for i := range rows {
		r := &rows[i]
		number, err := k.reveal(r.Sealed)
		if err == nil && !how.blank(r, number) {
			fresh := s.Vault.key(r.Tenant, r.Requested)
			if fresh == nil {
				return last, 0, fmt.Errorf("no key could be made: %w", s.Vault.Trouble())
			}
			keys = append(keys, r.Key.String())
			digests, sealed = append(digests, fresh.number(number)), append(sealed, fresh.sealed(number))
			continue
		}
		blank = append(blank, r.Key.String()) // what its key does not open is of no use to anybody
	}
	first, last := rows[0].Key, rows[len(rows)-1].Key
	_, err = tx.ExecContext(ctx, `UPDATE harkara.message m SET to_digest = x.digest, to_sealed = x.sealed
		FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS x(key, digest, sealed)
		WHERE m.key = x.key AND m.key BETWEEN $4 AND $5`, pq.Array(keys), digests, sealed, first, last)
	if err != nil {
		return last, 0, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE harkara.message SET to_digest = NULL, to_sealed = NULL, text_digest = NULL,
		to_last4 = CASE WHEN $4 THEN '' ELSE to_last4 END
		WHERE key = ANY($1::uuid[]) AND key BETWEEN $2 AND $3`, pq.Array(blank), first, last, how.number)
	if err != nil {
		return last, 0, err
	}
	if err := tx.Commit(); err != nil {
		return last, 0, err
	}
	done.Sealed, done.Rows = done.Sealed+len(keys), done.Rows+len(blank)
	return last, len(rows), nil
}

// doom notes keys whose part of numbers is about to be destroyed: they seal nothing more, and it is known after a crash.
func (v *Vault) doom(keys []*dataKey) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.change(func(r *ring) (write, scrub bool) {
		for _, k := range keys {
			if id := k.name(); !slices.Contains(r.Doomed, id) {
				r.Doomed, write = append(r.Doomed, id), true
			}
		}
		return write, false
	})
}

// doomed returns the keys that doom noted and that are not destroyed yet.
func (v *Vault) doomed() (keys []*dataKey) {
	s := v.state.Load()
	for _, k := range s.byID {
		if k.seal != nil && slices.Contains(s.ring.Doomed, k.name()) {
			keys = append(keys, k)
		}
	}
	return keys
}
