package storage

import (
	"bytes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"sync"
	"time"

	"harkara/smpp/sms"
)

// vaultState is the keys as they were at one moment, ready for use. It never changes.
type vaultState struct {
	ring     *ring
	file     fs.FileInfo // of the ring, as it was read
	master   *master
	previous *master // before a rotation that is not finished, or nil
	current  map[scope]*dataKey
	byID     map[string]*dataKey
	storeKey string
	marks    *macs
	signing  ed25519.PrivateKey
}

// scope is what one data key at a time is for.
type scope struct {
	tenant sms.TenantID
	month  month
}

// dataKey is one tenant's key of a month. What is destroyed of it is nil.
type dataKey struct {
	id             []byte
	tenant         sms.TenantID
	month          month
	made, shredded time.Time
	text           *macs
	digest, nonce  *macs
	seal           cipher.AEAD
}

// newState unwraps a ring, and of others' keys those that the master key unwraps.
func newState(r *ring, m, previous *master, foreign []ringKey) (*vaultState, error) {
	s := &vaultState{ring: r, master: m, previous: previous, current: map[scope]*dataKey{}, byID: map[string]*dataKey{}}
	store, err := m.unwrap("store", r.Own.Store, secretSize)
	if err != nil {
		return nil, err
	}
	marks, err := m.unwrap("marks", r.Own.Marks, secretSize)
	if err != nil {
		return nil, err
	}
	seed, err := m.unwrap("signing", r.Own.Signing, ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	s.storeKey, s.marks, s.signing = hex.EncodeToString(store), newMACs(marks), ed25519.NewKeyFromSeed(seed)
	for i := range foreign {
		if k, err := newDataKey(m, &foreign[i]); err == nil {
			s.byID[string(k.id)] = k
		}
	}
	for i := range r.Keys {
		k, err := newDataKey(m, &r.Keys[i])
		if err != nil {
			return nil, fmt.Errorf("data key %s: %w", r.Keys[i].ID, err)
		}
		s.byID[string(k.id)] = k
		if r.seals(&r.Keys[i]) {
			s.current[scope{k.tenant, k.month}] = k
		}
	}
	return s, nil
}

func newDataKey(m *master, from *ringKey) (*dataKey, error) {
	id, err := hex.DecodeString(from.ID)
	if err != nil {
		return nil, errNoRing
	}
	of, err := parseMonth(from.Month)
	if err != nil {
		return nil, err
	}
	secrets, err := m.unwrapData(from)
	if err != nil {
		return nil, err
	}
	k := &dataKey{id: id, tenant: from.Tenant, month: of, made: from.Made, shredded: from.Shredded}
	if secrets.text != nil {
		k.text = newMACs(secrets.text)
	}
	if secrets.digest != nil {
		k.digest, k.nonce = newMACs(secrets.digest), newMACs(secrets.nonce)
		if k.seal, err = newAEAD(secrets.seal); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func (k *dataKey) number(n sms.MSISDN) []byte {
	return k.digest.sum(make([]byte, 0, sha256.Size), "", n.Digits())[:numberDigestSize:numberDigestSize]
}

func (k *dataKey) sealed(n sms.MSISDN) []byte {
	digits := n.Digits()
	out := make([]byte, 0, len(k.id)+max(sha256.Size, nonceSize+len(digits)+tagSize))
	out = append(out, k.id...)
	head := len(k.id) + nonceSize
	out = k.nonce.sum(out, "", digits)[:head]
	out = append(out, digits...)
	return k.seal.Seal(out[:head], out[len(k.id):head], out[head:], k.id)
}

func (k *dataKey) reveal(sealed []byte) (sms.MSISDN, error) {
	head := len(k.id) + nonceSize
	if len(sealed) < head+tagSize || !bytes.HasPrefix(sealed, k.id) {
		return "", ErrSeal
	}
	digits, err := k.seal.Open(nil, sealed[len(k.id):head], sealed[head:], k.id)
	if err != nil {
		return "", ErrSeal
	}
	return sms.MSISDN(digits), nil
}

// macs computes HMAC-SHA-256 (RFC 2104) under one key. Keyed hashers are kept for the next caller: to key one costs
// more than to use it.
type macs struct{ pool sync.Pool }

type mac struct {
	hash hash.Hash
	in   []byte // what is hashed, since a hash takes no string
}

func newMACs(key []byte) *macs {
	return &macs{pool: sync.Pool{New: func() any { return &mac{hash: hmac.New(sha256.New, key), in: make([]byte, 0, 512)} }}}
}

// sum appends the HMAC of scope and text to out. The scope's length goes first, so that no two pairs are hashed alike.
func (m *macs) sum(out []byte, scope, text string) []byte {
	h := m.pool.Get().(*mac)
	h.in = binary.AppendUvarint(h.in[:0], uint64(len(scope)))
	h.in = append(append(h.in, scope...), text...)
	h.hash.Reset()
	h.hash.Write(h.in) // never fails, as package hash promises
	out = h.hash.Sum(out)
	clear(h.in) // nothing in the clear stays in the pool
	m.pool.Put(h)
	return out
}
