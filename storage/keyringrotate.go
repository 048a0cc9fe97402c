package storage

import (
	"context"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"
)

// Rotate wraps all keys anew with another master key: the one that to names or, where that is empty, a fresh one. A master key
// that is in a file is replaced there; one that is given from elsewhere has to be replaced by whoever gives it, who has to
// name the new one. Other processes on the data folder find a new file by themselves.
//
// Interrupted anywhere, the next OpenVault finds a master key and a ring that fit: until the ring is durable, and the copies in
// PostgreSQL and the OTP keys are wrapped anew, the old master key stays in keys/master.key.old. Sync finishes what was
// interrupted.
func (v *Vault) Rotate(ctx context.Context, db *sqlx.DB, to MasterSource, by Asker) error {
	if err := v.Sync(ctx, db); err != nil && !errors.Is(err, ErrOtherMaster) {
		return err
	}
	key, err := v.nextMaster(to)
	if err != nil {
		return err
	}
	next, err := newMaster(key)
	if err != nil {
		return err
	}
	have := v.state.Load().master
	if next.fingerprint == have.fingerprint {
		return errors.New("that is the master key in use: nothing to rotate")
	}
	if err := logPrivacy(ctx, db, "rotate", "", "master key "+have.fingerprint+" to "+next.fingerprint, by); err != nil {
		return err
	}
	if err := v.wrapAnew(key, next); err != nil {
		return err
	}
	if err := v.Sync(ctx, db); err != nil && !errors.Is(err, ErrOtherMaster) {
		return fmt.Errorf("the ring has its new master key, PostgreSQL's copies follow when it can be reached: %w", err)
	}
	return nil
}

// nextMaster returns the master key that to names, or a fresh one.
func (v *Vault) nextMaster(to MasterSource) ([]byte, error) {
	if to != (MasterSource{}) {
		return to.read(v.folder)
	}
	if v.from.path(v.folder) == "" {
		return nil, errors.New("the master key is in no file that a new one could be put into: " +
			"put the new one beside it and name it with --new-env or --new-file")
	}
	return newMasterKey(), nil
}

// wrapAnew puts the old master key aside, the new one in its place, and the ring that needs it on the disk, in this order; the
// OTP keys come last, as they are read with either.
func (v *Vault) wrapAnew(key []byte, next *master) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	unlock, err := v.folder.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := v.load(); err != nil {
		return err
	}
	if err := v.settleOTP(); err != nil { // the master key before this one is about to go
		return err
	}
	s := v.state.Load()
	r, err := s.ring.wrapAnew(s.master, next)
	if err != nil {
		return err
	}
	old, err := v.from.read(v.folder)
	if err != nil {
		return err
	}
	if err := v.folder.putMaster(v.folder.file(oldMasterFile), old); err != nil {
		return err
	}
	if path := v.from.path(v.folder); path != "" {
		if err := v.folder.putMaster(path, key); err != nil {
			return err
		}
	}
	if err := v.folder.writeRing(r, true); err != nil {
		return err
	}
	_, info, err := v.folder.readRing()
	if err != nil {
		return err
	}
	if err := v.take(r, info, next, s.master); err != nil {
		return err
	}
	return v.settleOTP()
}

// wrapAnew returns a ring with the same keys, wrapped with another master key.
func (r *ring) wrapAnew(from, to *master) (*ring, error) {
	out := r.clone()
	out.Master = to.fingerprint
	for _, own := range []struct {
		use     string
		wrapped *[]byte
	}{{"store", &out.Own.Store}, {"marks", &out.Own.Marks}, {"signing", &out.Own.Signing}} {
		secret, err := from.unwrap(own.use, *own.wrapped, secretSize)
		if err != nil {
			return nil, err
		}
		*own.wrapped = to.wrap(nil, own.use, secret)
	}
	for i := range out.Keys {
		k := &out.Keys[i]
		wrapped, err := to.rewrap(k, from)
		if err != nil {
			return nil, err
		}
		k.Wrapped = wrapped
	}
	return out, nil
}
