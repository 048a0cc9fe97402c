package storage

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// OTPKeys are the keys of the OTP service at one moment. It never changes.
type OTPKeys struct {
	Index   []byte            // 32 bytes; never another, as what is kept of challenges is found by it
	Current string            // the id of the key that codes are made with
	Codes   map[string][]byte // by id, 32 bytes each: the current one, those before it and those to come
}

// String keeps keys out of logs.
func (*OTPKeys) String() string { return "***" }

// OTPKeySource says where the OTP keys are. Empty: keys/otp.json under the data folder, made where there never was one.
type OTPKeySource struct {
	// Credential is a name under $CREDENTIALS_DIRECTORY. What is there is what ExportOTPKeys gave, in the clear, as systemd has
	// decrypted it.
	Credential string
}

// OTPKeyInfo is what may be said of a key that codes are made with.
type OTPKeyInfo struct {
	ID      string     `json:"id"`
	Made    time.Time  `json:"made_at"`
	From    time.Time  `json:"from"`       // codes are made with it from then on
	Retired *time.Time `json:"retired_at"` // codes are made with the next one from then on; this one still verifies
	State   string     `json:"state"`      // next, current or retired
}

// otpKept is the OTP keys as they were last read.
type otpKept struct {
	from OTPKeySource
	ring *otpRing // in the clear
	file fs.FileInfo
	keys *OTPKeys
}

// otpCache is what a vault knows of the OTP keys.
type otpCache struct {
	kept  atomic.Pointer[otpKept]
	stale atomic.Bool // the file was not looked at for lookEvery
}

// OTPKeys returns the OTP keys, the same pointer as long as nothing changes. It may be called for each code: what another
// process has changed is looked for every lookEvery. Where that fails the error says why, and the keys are those of before,
// nil where there were none.
func (v *Vault) OTPKeys(from OTPKeySource) (*OTPKeys, error) {
	have := v.otp.kept.Load()
	if have != nil && have.from == from && !v.otp.stale.CompareAndSwap(true, false) {
		return have.keys, nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	defer time.AfterFunc(lookEvery, func() { v.otp.stale.Store(true) })
	if have = v.otp.kept.Load(); have != nil && have.from != from {
		have = nil
	}
	kept, err := v.lookOTP(from, have)
	switch {
	case err == nil:
		v.otp.kept.Store(kept)
		return kept.keys, nil
	case have != nil:
		return have.keys, err
	}
	return nil, err
}

// lookOTP returns the OTP keys as they are now; have is what was read before, or nil. v.mu is held.
func (v *Vault) lookOTP(from OTPKeySource, have *otpKept) (*otpKept, error) {
	now := time.Now()
	path, err := from.path(v.folder)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); have != nil && err == nil && sameFile(info, have.file) {
		keys := have.ring.at(now)
		if keys.Current == have.keys.Current {
			return have, nil
		}
		return &otpKept{from: from, ring: have.ring, file: have.file, keys: keys}, nil
	}
	kept := &otpKept{from: from}
	if from.Credential != "" {
		kept.ring, kept.file, err = readOTPCredential(path, from.Credential)
	} else {
		kept.ring, kept.file, err = v.readOTP(now)
	}
	if err != nil {
		return nil, err
	}
	kept.keys = kept.ring.at(now)
	return kept, nil
}

// path is where the keys are.
func (s OTPKeySource) path(f keyFolder) (string, error) {
	if s.Credential == "" {
		return f.file(otpFile), nil
	}
	folder, err := credentialFolder(s.Credential)
	return filepath.Join(folder, s.Credential), err
}

// sameFile says whether a file is the one that was read.
func sameFile(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// OTPKeyList lists the keys that codes are made with, oldest first. Where there are none yet, none are made.
func (v *Vault) OTPKeyList(from OTPKeySource) ([]OTPKeyInfo, error) {
	if _, err := os.Stat(v.folder.file(otpFile)); from.Credential == "" && err != nil && !v.folder.hadOTP() {
		return nil, nil
	}
	keys, err := v.OTPKeys(from)
	if err != nil {
		return nil, err
	}
	ring := v.otp.kept.Load().ring
	all := make([]OTPKeyInfo, len(ring.Keys))
	state := "retired"
	for i, k := range ring.Keys {
		all[i] = OTPKeyInfo{ID: k.ID, Made: k.Made, From: k.From, State: state}
		if k.ID == keys.Current {
			all[i].State, state = "current", "next"
		}
		if all[i].State == "retired" {
			all[i].Retired = &ring.Keys[i+1].From
		}
	}
	return all, nil
}

// ExportOTPKeys returns the OTP keys in the clear, as a credential has them.
func (v *Vault) ExportOTPKeys(from OTPKeySource) ([]byte, error) {
	if _, err := v.OTPKeys(from); err != nil {
		return nil, err
	}
	text, err := json.Marshal(v.otp.kept.Load().ring)
	if err != nil {
		return nil, fmt.Errorf("export the OTP keys: %w", err)
	}
	return append(text, '\n'), nil
}
