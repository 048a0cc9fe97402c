package otp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"harkara/smpp/sms"
)

// KeyID names a key that codes are made with.
type KeyID string

// keySize is the length in bytes of every key, given or derived.
const keySize = 32

// subjectSize is the length in bytes of what names a subject or a counter. A challenge's id can hold it, and that any two of
// 10⁹ subjects share their name has a probability of 4·10⁻⁷ (birthday bound of 80 bits).
const subjectSize = 10

// Keyring is the keys at one moment. It never changes and may be used by many goroutines.
type Keyring struct {
	subjects, counters, calls []byte       // HMAC keys, from the index key
	ids                       cipher.Block // AES-256, from the index key
	current                   KeyID
	codes                     map[KeyID]*codeKey
}

// codeKey is what is derived from one key that codes are made with, one key for each use.
type codeKey struct {
	codes []byte // of codes
	seal  []byte // of the keys that numbers and variables are sealed with
	own   []byte // of the digests of tenants' own codes
	alike []byte // of the digests that tell the same call again
	apps  []byte // of the secrets of authenticator apps
}

// NewKeyring takes keys of 32 bytes: index, which is never changed, and those that codes are made with, by id.
func NewKeyring(index []byte, current KeyID, codes map[KeyID][]byte) (*Keyring, error) {
	if codes[current] == nil {
		return nil, fmt.Errorf("there is no OTP key %q, which is to be the current one", current)
	}
	var ids []byte
	k := &Keyring{current: current, codes: make(map[KeyID]*codeKey, len(codes))}
	if err := derive(index, use{"subject", &k.subjects}, use{"counter", &k.counters},
		use{"call", &k.calls}, use{"id", &ids}); err != nil {
		return nil, fmt.Errorf("OTP index key: %w", err)
	}
	block, err := aes.NewCipher(ids)
	if err != nil {
		return nil, fmt.Errorf("OTP index key: %w", err)
	}
	k.ids = block
	for id, key := range codes {
		c := new(codeKey)
		if err := derive(key, use{"code", &c.codes}, use{"seal", &c.seal}, use{"own", &c.own}, use{"alike", &c.alike},
			use{"apps", &c.apps}); err != nil {
			return nil, fmt.Errorf("OTP key %q: %w", id, err)
		}
		k.codes[id] = c
	}
	return k, nil
}

// use is what a derived key is for, and where it is put.
type use struct {
	name string
	out  *[]byte
}

// derive makes a key for each use (HKDF-SHA-256, RFC 5869), so that what one of them tells, tells nothing of another.
func derive(key []byte, uses ...use) error {
	if len(key) != keySize {
		return errors.New("want 32 bytes")
	}
	for _, u := range uses {
		out, err := hkdf.Key(sha256.New, key, nil, "harkara otp 1: "+u.name, keySize)
		if err != nil {
			return fmt.Errorf("derive a key: %w", err)
		}
		*u.out = out
	}
	return nil
}

// SubjectKey names a subject to whoever keeps it: 20 hexadecimal digits.
type SubjectKey string

// SubjectFor returns the key of the subject of a tenant's number and purpose.
func (k *Keyring) SubjectFor(tenant sms.TenantID, to sms.MSISDN, p Purpose) SubjectKey {
	return SubjectKey(hex.EncodeToString(mac(k.subjects, string(tenant), to.Digits(), string(p))[:subjectSize]))
}

// CounterKey returns 20 hexadecimal digits that stand for what is counted: the parts, in order, under the index key.
func (k *Keyring) CounterKey(parts ...string) string {
	return hex.EncodeToString(mac(k.counters, parts...)[:subjectSize])
}

// mac is the HMAC-SHA-256 of parts, each with its length before it, so that no two lists of parts read alike.
func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(join(parts))
	return h.Sum(nil)
}

// join puts the length of each part, as a varint, before it.
func join(parts []string) []byte {
	size := 0
	for _, part := range parts {
		size += binary.MaxVarintLen16 + len(part)
	}
	out := make([]byte, 0, size)
	for _, part := range parts {
		out = binary.AppendUvarint(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}

// split is the reverse of join; false: the bytes are not join's.
func split(b []byte) (parts []string, ok bool) {
	for len(b) > 0 {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return nil, false
		}
		parts = append(parts, string(b[n:n+int(size)]))
		b = b[n+int(size):]
	}
	return parts, true
}
