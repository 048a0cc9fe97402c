package storage

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"harkara/smpp/sms"
)

// ring is what keys/ring.json holds: all keys of the data folder, each wrapped with the master key. Whoever has the file
// without the master key has nothing.
type ring struct {
	Version int       `json:"version"`
	Master  string    `json:"master"` // fingerprint of the master key that wraps the rest, hexadecimal
	Own     ownKeys   `json:"own"`
	Keys    []ringKey `json:"keys"`
	// Doomed are ids of data keys, of other gateways too, whose keys of numbers are about to be destroyed: see Shredder.Number.
	Doomed []string `json:"doomed,omitempty"`
	// Heeded says up to when months of tenants were shredded as this ring knows: see Vault.heed.
	Heeded map[string]time.Time `json:"heeded,omitempty"`
}

const ringVersion = 1

// ownKeys are the keys that belong to no tenant, wrapped.
type ownKeys struct {
	Store   []byte `json:"store"`   // the embedded NATS server's
	Marks   []byte `json:"marks"`   // of numbers' marks
	Signing []byte `json:"signing"` // Ed25519 seed of the ledger's checkpoints
}

// ringKey is the data key of one tenant's month. What it holds is random, and destroyed by cutting Wrapped: see wrapData.
type ringKey struct {
	ID       string       `json:"id"` // hexadecimal, of the bytes that stand in front of what it sealed
	Tenant   sms.TenantID `json:"tenant"`
	Month    string       `json:"month"` // 2026-11, in India; empty: the one key of all tenants before there were others
	Made     time.Time    `json:"made"`
	Shredded time.Time    `json:"shredded,omitzero"`
	Wrapped  []byte       `json:"wrapped,omitempty"`
}

// level is how much of a data key is left.
type level int

const (
	destroyed level = iota // nothing
	textOnly               // texts can be proven, numbers neither found nor revealed
	whole
)

func (k *ringKey) level() level { return levelOf(k.Wrapped) }

func levelOf(wrapped []byte) level {
	switch {
	case len(wrapped) == 0:
		return destroyed
	case len(wrapped) < wrappedData:
		return textOnly
	}
	return whole
}

// sound says whether a copy of a key is whole, or was cut where a shredding cuts and says when.
func (k *ringKey) sound() bool {
	switch len(k.Wrapped) {
	case wrappedData:
		return true
	case wrappedText, 0:
		return !k.Shredded.IsZero()
	}
	return false
}

// shred destroys what a level does not have. Less never becomes more.
func (k *ringKey) shred(to level, at time.Time) bool {
	if k.level() <= to {
		return false
	}
	k.Shredded = at
	if to == textOnly {
		k.Wrapped = slices.Clone(k.Wrapped[:wrappedText])
	} else {
		k.Wrapped = nil
	}
	return true
}

var errNoRing = errors.New("keys/ring.json is no ring of keys, or damaged: put its backup back")

// parseRing reads a ring and checks its shape; the keys in it are checked by unwrapping them.
func parseRing(text []byte) (*ring, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var r ring
	if err := dec.Decode(&r); err != nil || dec.More() {
		return nil, errNoRing
	}
	if r.Version != ringVersion {
		return nil, fmt.Errorf("keys/ring.json has version %d, this program reads version %d: use the program that wrote it",
			r.Version, ringVersion)
	}
	seen := map[string]bool{}
	for i := range r.Keys {
		k := &r.Keys[i]
		id, err := hex.DecodeString(k.ID)
		_, wrong := parseMonth(k.Month)
		if err != nil || len(id) != keyIDSize && len(id) != legacyIDSize || seen[k.ID] || wrong != nil {
			return nil, errNoRing
		}
		seen[k.ID] = true
	}
	return &r, nil
}

// seals says whether a key may seal more: it is whole, and to stay so.
func (r *ring) seals(k *ringKey) bool {
	return k.level() == whole && k.Month != "" && !slices.Contains(r.Doomed, k.ID)
}

// append adds a fresh data key.
func (r *ring) append(m *master, tenant sms.TenantID, of month, at time.Time) {
	id := make([]byte, keyIDSize)
	for rand.Read(id); r.taken(id); rand.Read(id) { // never fails, as package rand promises
	}
	k := ringKey{ID: hex.EncodeToString(id), Tenant: tenant, Month: of.String(), Made: at}
	k.Wrapped = m.wrapData(&k, newDataSecrets())
	r.Keys = append(r.Keys, k)
}

// taken says whether sealed numbers could not be told apart from another key's.
func (r *ring) taken(id []byte) bool {
	return slices.ContainsFunc(r.Keys, func(k ringKey) bool {
		other, _ := hex.DecodeString(k.ID)
		return bytes.HasPrefix(id, other)
	})
}

// clone returns a copy that may be changed.
func (r *ring) clone() *ring {
	c := *r
	c.Keys, c.Doomed, c.Heeded = slices.Clone(r.Keys), slices.Clone(r.Doomed), maps.Clone(r.Heeded)
	return &c
}
