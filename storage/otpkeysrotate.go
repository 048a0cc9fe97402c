package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jmoiron/sqlx"
)

// OTPKeyLead is the least time between the making of an OTP key and its use: the gateways on the data folder know it by then.
const OTPKeyLead = lookEvery + time.Second

// RotateOTPKeys adds a key that codes are made with after a time, at least OTPKeyLead, and returns its id. What was made with
// the others goes on being verified with them: they are kept for good, as authenticator apps need them. Keys of a credential
// are rotated where the file is that they come from.
func (v *Vault) RotateOTPKeys(ctx context.Context, db *sqlx.DB, from OTPKeySource, after time.Duration, by Asker) (id string, err error) {
	if from.Credential != "" {
		return "", fmt.Errorf("the OTP keys come from the credential %s, which can't be changed from here: on the machine with keys/otp.json, "+
			"and without otp.keys_credential in the configuration, run harkara keys rotate --otp with an --after that leaves you the time, "+
			"then harkara keys export --otp | systemd-creds encrypt, and restart the units with it", from.Credential)
	}
	if after < OTPKeyLead {
		return "", fmt.Errorf("a new OTP key is used after %v at the earliest, when each gateway on the data folder knows it", OTPKeyLead)
	}
	have, err := v.OTPKeys(from)
	if err != nil {
		return "", err
	}
	if err := logPrivacy(ctx, db, "rotate", "", "OTP key, after "+have.Current, by); err != nil {
		return "", err
	}
	now := time.Now()
	return v.addOTPKey(now, now.Add(after))
}

func (v *Vault) addOTPKey(made, from time.Time) (id string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	unlock, err := v.lockLoaded()
	if err != nil {
		return "", err
	}
	defer unlock()
	r, _, err := v.openOTP()
	if err != nil {
		return "", err
	}
	next, id := r.with(made, from)
	v.otp.stale.Store(true)
	return id, v.folder.writeOTP(next.wrap(v.state.Load().master))
}

// lockLoaded takes the folder's lock and takes in a ring that was changed: its master key may be another. v.mu is held.
func (v *Vault) lockLoaded() (unlock func(), err error) {
	unlock, err = v.folder.lock()
	if err != nil {
		return nil, err
	}
	if v.changed() {
		if err := v.load(); err != nil {
			unlock()
			return nil, err
		}
	}
	return unlock, nil
}

// readOTP returns the keys of the folder in the clear, and makes them where there never were any. v.mu is held.
func (v *Vault) readOTP(now time.Time) (*otpRing, fs.FileInfo, error) {
	unlock, err := v.lockLoaded()
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	r, info, err := v.openOTP()
	if !errors.Is(err, fs.ErrNotExist) {
		return r, info, err
	}
	if err := v.folder.writeOTP(newOTPRing(now).wrap(v.state.Load().master)); err != nil {
		return nil, nil, err
	}
	return v.openOTP()
}

// openOTP reads the folder's file and unwraps it. It fails with fs.ErrNotExist where there never was one. The lock is held.
func (v *Vault) openOTP() (*otpRing, fs.FileInfo, error) {
	r, info, err := v.folder.readOTP()
	if err != nil {
		return nil, nil, err
	}
	s := v.state.Load()
	for _, m := range []*master{s.master, s.previous} {
		if m == nil || m.fingerprint != r.Master {
			continue
		}
		if r, err = r.unwrap(m); err != nil {
			return nil, nil, fmt.Errorf("keys/otp.json: %w", err)
		}
		return r, info, nil
	}
	return nil, nil, fmt.Errorf("keys/otp.json is %w: it needs the one with the fingerprint %s", ErrOtherMaster, r.Master)
}

// settleOTP makes sure that the OTP keys, where there are any, are wrapped with the ring's master key and can be unwrapped, so
// that the one before it can be destroyed. v.mu and the lock are held.
func (v *Vault) settleOTP() error {
	wrapped, _, err := v.folder.readOTP()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	r, _, err := v.openOTP()
	if err != nil {
		return err
	}
	m := v.state.Load().master
	if wrapped.Master == m.fingerprint {
		return nil
	}
	return v.folder.writeOTP(r.wrap(m))
}
