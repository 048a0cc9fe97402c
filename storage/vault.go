package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"harkara/smpp/sms"
)

// Sizes of what the vault gives out, in bytes.
const (
	// numberDigestSize is HMAC-SHA-256 cut to 128 bits (RFC 4868 §2.1.1): there are fewer than 2³² Indian numbers, so that
	// two of them share a digest with a chance of 2⁻⁶⁵, and each message's row and event is 16 bytes shorter.
	numberDigestSize = 16
	textDigestSize   = 32
	keyIDSize        = 8
	legacyIDSize     = 4
	nonceSize        = 12
	tagSize          = 16
)

// ErrOtherKey says that a number was sealed with a key that is not at hand.
var ErrOtherKey = errors.New("sealed with a key that is not here: put keys/ring.json and the master key of that time back, " +
	"or ask where the gateway runs that sealed it")

// ErrSeal says that bytes are no sealed number, or were changed since.
var ErrSeal = errors.New("not a sealed number, or damaged")

// ErrShredded says that a key was destroyed: what it sealed can't be revealed, what it digested not proven, by nobody.
var ErrShredded = errors.New("shredded: the key was destroyed")

// Vault makes what may be kept of numbers and texts: keyed digests to search and prove by, and sealed numbers that can be
// revealed. Each tenant has a key of its own for each month in India, which is made when it is first needed and can be
// destroyed; the month is that of the request. Whoever has the database alone can neither reveal a number nor try all
// numbers against the digests. It may be used by many goroutines at once, and by many processes on one data folder: what
// one changes, the others heed within lookEvery.
type Vault struct {
	folder keyFolder
	from   MasterSource

	state atomic.Pointer[vaultState]
	stale atomic.Bool // the ring's file was not looked at for lookEvery

	mu      sync.Mutex // held by who changes state
	foreign []ringKey  // of other gateways' rings, as PostgreSQL has them
	failed  time.Time  // when a key could last not be made
	wanted  scope      // of which one; empty when the last try succeeded
	trouble error      // why, or why the ring could not be read; nil when the last try succeeded

	otp otpCache

	syncing sync.Mutex // held by Sync
	synced  synced
}

// StoreKey is the key that an embedded NATS server encrypts its store with, as text.
func (v *Vault) StoreKey() string { return v.state.Load().storeKey }

// Digest returns 16 bytes that are the same for the same number in one tenant's month, and tell nothing of it without the
// key; nil where no key could be made: see Sync for why.
func (v *Vault) Digest(tenant sms.TenantID, at time.Time, n sms.MSISDN) []byte {
	k := v.key(tenant, at)
	if k == nil {
		return nil
	}
	return k.number(n)
}

// TextDigest returns 32 bytes that prove later what text a tenant's message of the month had, to whoever has the text and
// the key; nil where no key could be made. The same text of two tenants has two digests.
func (v *Vault) TextDigest(tenant sms.TenantID, at time.Time, text sms.Secret) []byte {
	k := v.key(tenant, at)
	if k == nil {
		return nil
	}
	return k.text.sum(make([]byte, 0, textDigestSize), string(tenant), text.Reveal())
}

// Seal encrypts a number with AES-256-GCM: key id (8 bytes), nonce (12), the encrypted digits, tag (16). nil where no key could
// be made.
//
// The nonce is a keyed digest of the number. Random nonces would have to stop at 2³² messages under one key
// (NIST SP 800-38D §8.3), five days at full speed; this way a nonce comes again only with the same number, and then
// the whole result is the same, which tells no more than the digest that is kept beside it.
func (v *Vault) Seal(tenant sms.TenantID, at time.Time, n sms.MSISDN) []byte {
	k := v.key(tenant, at)
	if k == nil {
		return nil
	}
	return k.sealed(n)
}

// Mark returns 1 to 255, the same for the same number whatever the tenant or the time: enough to tell that a receipt is not
// about a handset, and no more.
func (v *Vault) Mark(n sms.MSISDN) uint8 {
	sum := v.state.Load().marks.sum(make([]byte, 0, textDigestSize), "", n.Digits())
	return uint8(binary.BigEndian.Uint64(sum)%255) + 1
}

// Open returns the number that Seal was given. It fails with ErrOtherKey, ErrSeal or ErrShredded.
func (v *Vault) Open(sealed []byte) (sms.MSISDN, error) {
	v.look()
	n, err := v.state.Load().open(sealed)
	if errors.Is(err, ErrOtherKey) && v.changed() { // a key that was made a moment ago
		v.refresh()
		n, err = v.state.Load().open(sealed)
	}
	return n, err
}

func (s *vaultState) open(sealed []byte) (sms.MSISDN, error) {
	if len(sealed) < legacyIDSize+nonceSize+tagSize {
		return "", ErrSeal
	}
	k := s.byID[string(sealed[:keyIDSize])]
	if k == nil {
		k = s.byID[string(sealed[:legacyIDSize])]
	}
	switch {
	case k == nil:
		return "", ErrOtherKey
	case k.seal == nil:
		return "", ErrShredded
	}
	return k.reveal(sealed)
}

// Proves says whether a digest that TextDigest returned is that of the text. It fails with ErrShredded where the text is not
// what the digest says, or the key that made the digest was destroyed: nobody can tell.
func (v *Vault) Proves(tenant sms.TenantID, at time.Time, text sms.Secret, digest []byte) (bool, error) {
	v.look()
	lost := false
	for _, k := range v.state.Load().byID {
		if k.month != 0 && (k.tenant != tenant || k.month != monthOf(at)) {
			continue
		}
		if k.text == nil {
			lost = lost || k.shredded.After(at)
			continue
		}
		if bytes.Equal(k.text.sum(make([]byte, 0, textDigestSize), string(tenant), text.Reveal()), digest) {
			return true, nil
		}
	}
	if lost {
		return false, ErrShredded
	}
	return false, nil
}
