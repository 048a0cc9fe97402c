package storage

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// otpRing is the OTP keys with what is known of them. In keys/otp.json each is wrapped with the master key; in a credential,
// and in use, they are in the clear.
type otpRing struct {
	Version int      `json:"version"`
	Master  string   `json:"master,omitempty"` // fingerprint of the master key that wraps the rest; empty: in the clear
	Index   []byte   `json:"index"`
	Keys    []otpKey `json:"keys"` // by From, at least one
}

const otpVersion = 1

// otpKey is a key that codes are made with, from its time until the next one's. It is known before that time, so that no
// gateway sees a code of a key that it does not know.
type otpKey struct {
	ID     string    `json:"id"` // 8 hexadecimal digits
	Made   time.Time `json:"made"`
	From   time.Time `json:"from"`
	Secret []byte    `json:"key"`
}

// otpIDSize is the size of an OTP key's id in bytes.
const otpIDSize = 4

// use is what of a key is authenticated with it, so that an old one can't be made the current one by who has the file alone.
func (k *otpKey) use() string {
	return fmt.Sprintf("harkara otp key 1\x00%s\x00%s", k.ID, k.From.UTC().Format(time.RFC3339Nano))
}

// otpIndexUse is the same of the index key.
const otpIndexUse = "harkara otp key 1\x00index"

// at returns the keys as they are used at a time. Before the time of the first, which is that of a clock that is ahead, the
// first is current.
func (r *otpRing) at(now time.Time) *OTPKeys {
	keys := &OTPKeys{Index: r.Index, Current: r.Keys[0].ID, Codes: make(map[string][]byte, len(r.Keys))}
	for i := range r.Keys {
		k := &r.Keys[i]
		keys.Codes[k.ID] = k.Secret
		if !k.From.After(now) {
			keys.Current = k.ID
		}
	}
	return keys
}

// with returns a ring with one more key, which is fresh.
func (r *otpRing) with(made, from time.Time) (next *otpRing, id string) {
	raw, secret := make([]byte, otpIDSize), make([]byte, secretSize)
	for taken := true; taken; {
		rand.Read(raw) // never fails, as package rand promises
		id = hex.EncodeToString(raw)
		taken = slices.ContainsFunc(r.Keys, func(k otpKey) bool { return k.ID == id })
	}
	rand.Read(secret)
	k := otpKey{ID: id, Made: made.UTC().Truncate(time.Millisecond), From: from.UTC().Truncate(time.Millisecond), Secret: secret}
	next = &otpRing{Version: otpVersion, Index: r.Index, Keys: append(slices.Clone(r.Keys), k)}
	next.sort()
	return next, id
}

func (r *otpRing) sort() {
	slices.SortStableFunc(r.Keys, func(a, b otpKey) int { return a.From.Compare(b.From) })
}

// newOTPRing returns a ring with a fresh index key and one fresh key of codes.
func newOTPRing(now time.Time) *otpRing {
	index := make([]byte, secretSize)
	rand.Read(index) // never fails, as package rand promises
	r, _ := (&otpRing{Index: index}).with(now, now)
	return r
}

// wrap returns the ring as the file has it.
func (r *otpRing) wrap(m *master) *otpRing {
	out := &otpRing{Version: otpVersion, Master: m.fingerprint, Index: m.wrap(nil, otpIndexUse, r.Index), Keys: slices.Clone(r.Keys)}
	for i := range out.Keys {
		k := &out.Keys[i]
		k.Secret = m.wrap(nil, k.use(), k.Secret)
	}
	return out
}

// unwrap is the reverse of wrap.
func (r *otpRing) unwrap(m *master) (*otpRing, error) {
	index, err := m.unwrap(otpIndexUse, r.Index, secretSize)
	if err != nil {
		return nil, errNoOTPKeys
	}
	out := &otpRing{Version: otpVersion, Index: index, Keys: slices.Clone(r.Keys)}
	for i := range out.Keys {
		k := &out.Keys[i]
		if k.Secret, err = m.unwrap(k.use(), k.Secret, secretSize); err != nil {
			return nil, errNoOTPKeys
		}
	}
	return out, nil
}

var errNoOTPKeys = errors.New("no file of OTP keys, or damaged: put its backup back")

// parseOTPRing reads a ring and checks its shape. The error never quotes it.
func parseOTPRing(text []byte) (*otpRing, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var r otpRing
	if err := dec.Decode(&r); err != nil || dec.More() {
		return nil, errNoOTPKeys
	}
	if r.Version != otpVersion {
		return nil, fmt.Errorf("version %d of OTP keys, this program reads version %d: use the program that wrote it", r.Version, otpVersion)
	}
	size := secretSize
	if r.Master != "" {
		size += wrapOverhead
	}
	seen := map[string]bool{}
	for _, k := range r.Keys {
		if id, err := hex.DecodeString(k.ID); err != nil || len(id) != otpIDSize || seen[k.ID] || len(k.Secret) != size {
			return nil, errNoOTPKeys
		}
		seen[k.ID] = true
	}
	if len(r.Index) != size || len(r.Keys) == 0 {
		return nil, errNoOTPKeys
	}
	r.sort()
	return &r, nil
}
