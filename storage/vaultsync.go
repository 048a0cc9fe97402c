package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"
)

// synced is what the last Sync has seen, so that the next one can tell that nothing has changed since.
type synced struct {
	ring *ring
	rows string
}

// ErrDamaged says that copies of data keys in harkara.data_key were cut, and by no shredding.
var ErrDamaged = errors.New("cut or emptied by something else than harkara privacy shred: find out who writes to harkara.data_key; " +
	"each gateway puts back those of its own ring")

// Sync keeps harkara.data_key and the ring in step: PostgreSQL gets a copy of each data key, wrapped, so that every gateway
// on it can reveal; others' keys are read from there; and what was shredded in one of the two is destroyed in the other.
// It also finishes a rotation, and tries again what Trouble says. The error has that trouble too. It is ErrOtherMaster where
// other gateways' keys can't be unwrapped, and ErrDamaged where PostgreSQL's copies were changed by something else; those
// of this ring's keys are put back then.
func (v *Vault) Sync(ctx context.Context, db *sqlx.DB) error {
	v.syncing.Lock()
	defer v.syncing.Unlock()
	trouble := v.Trouble()
	if trouble != nil || v.changed() {
		v.refresh()
	}
	if trouble == nil {
		trouble = v.Trouble()
	}
	rows, err := fingerprintRows(ctx, db)
	if err != nil {
		return errors.Join(trouble, err)
	}
	if have := v.state.Load(); have.ring == v.synced.ring && rows == v.synced.rows && have.previous == nil {
		return trouble
	}
	told, err := v.exchange(ctx, db)
	if err != nil {
		return errors.Join(trouble, err)
	}
	if rows, err = fingerprintRows(ctx, db); err != nil {
		return errors.Join(trouble, err)
	}
	v.synced = synced{told, rows}
	return trouble
}

// fingerprintRows tells states of the table apart without reading it out.
func fingerprintRows(ctx context.Context, db *sqlx.DB) (sum string, err error) {
	err = db.GetContext(ctx, &sum, `SELECT count(*) || ' ' ||
			coalesce(bit_xor(hashtextextended(id || '/' || coalesce(encode(wrapped, 'base64'), ''), 0)), 0)
		FROM harkara.data_key`)
	if err != nil {
		return "", fmt.Errorf("read the data keys: %w", err)
	}
	return sum, nil
}

// exchange is one exchange of keys, and returns the ring that PostgreSQL has now. What PostgreSQL has shredded is
// destroyed here first, so that nothing of it goes back.
func (v *Vault) exchange(ctx context.Context, db *sqlx.DB) (*ring, error) {
	theirs, err := readDataKeys(ctx, db)
	if err != nil {
		return nil, err
	}
	damaged := 0
	for _, row := range theirs {
		if !row.sound() {
			damaged++
		}
	}
	if err := v.heed(theirs); err != nil {
		return nil, err
	}
	s := v.state.Load()
	mine := map[string]bool{}
	for i := range s.ring.Keys {
		k := &s.ring.Keys[i]
		mine[k.ID] = true
		if err := tellDataKey(ctx, db, k, theirs[k.ID]); err != nil {
			return nil, err
		}
	}
	var foreign []ringKey
	unread := 0
	for id, row := range theirs {
		if err := v.rewrap(ctx, db, s, row); err != nil {
			return nil, err
		}
		if !mine[id] && row.sound() {
			foreign = append(foreign, *row)
			if row.level() != destroyed && wrappedBy(row.Wrapped) != s.master.fingerprint {
				unread++
			}
		}
	}
	if err := v.finish(foreign, s.previous); err != nil {
		return nil, err
	}
	if damaged > 0 {
		return nil, fmt.Errorf("%d data keys of PostgreSQL were %w", damaged, ErrDamaged)
	}
	if unread > 0 {
		return nil, fmt.Errorf("%d data keys of other gateways were %w: give this gateway theirs with harkara keys rotate --new-file",
			unread, ErrOtherMaster)
	}
	return s.ring, nil
}

// finish takes others' keys in, and ends the rotation from a master key that nothing needs any more.
func (v *Vault) finish(foreign []ringKey, previous *master) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.foreign = foreign
	var dropped error
	err := v.change(func(*ring) (write, scrub bool) {
		s := v.state.Load()
		if previous != nil && s.previous != nil && s.previous.fingerprint == previous.fingerprint {
			if dropped = v.settleOTP(); dropped == nil {
				dropped = v.folder.drop(oldMasterFile)
			}
			if dropped == nil {
				previous = s.previous
			}
		}
		return false, false
	})
	if err = errors.Join(err, dropped); err != nil {
		return err
	}
	s := v.state.Load()
	left := s.previous
	if left == previous {
		left = nil
	}
	return v.take(s.ring, s.file, s.master, left)
}

// heed destroys in the ring what is destroyed in PostgreSQL. A month that was shredded takes along keys that were made for
// it until then and of which PostgreSQL did not know then: when it is first heard of, since afterwards a clock that is
// behind makes fresh keys look as old. What was cut by no shredding is not heeded.
func (v *Vault) heed(theirs map[string]*ringKey) error {
	ends := map[string]time.Time{} // of a tenant's month
	for _, row := range theirs {
		if row.level() == destroyed && row.sound() && row.Month != "" && row.Shredded.After(ends[scopeOf(row)]) {
			ends[scopeOf(row)] = row.Shredded
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.change(func(r *ring) (write, scrub bool) {
		for i := range r.Keys {
			k := &r.Keys[i]
			row, end := theirs[k.ID], ends[scopeOf(k)]
			switch {
			case row != nil && row.sound() && row.level() < k.level():
				write = k.shred(row.level(), row.Shredded) || write
			case end.After(r.Heeded[scopeOf(k)]) && !k.Made.After(end):
				write = k.shred(destroyed, end) || write
			}
		}
		scrub = write
		for of, end := range ends {
			if end.After(r.Heeded[of]) {
				if r.Heeded == nil {
					r.Heeded = map[string]time.Time{}
				}
				r.Heeded[of], write = end, true
			}
		}
		undone := slices.DeleteFunc(slices.Clone(r.Doomed), func(id string) bool {
			row := theirs[id]
			return row != nil && row.sound() && row.level() < whole
		})
		if len(undone) < len(r.Doomed) {
			r.Doomed, write = undone, true
		}
		return write, scrub
	})
}

func scopeOf(k *ringKey) string { return k.Month + "/" + string(k.Tenant) }
