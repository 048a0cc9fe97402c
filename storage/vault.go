package storage

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
	"hash"
	"path/filepath"
	"sync"

	"harkara/smpp/sms"
)

// Sizes of what the vault gives out, in bytes.
const (
	// numberDigestSize is HMAC-SHA-256 cut to 128 bits (RFC 4868 §2.1.1): there are fewer than 2³² Indian numbers, so that
	// two of them share a digest with a chance of 2⁻⁶⁵, and each message's row and event is 16 bytes shorter.
	numberDigestSize = 16
	textDigestSize   = sha256.Size
	keyIDSize        = 4
	nonceSize        = 12
	tagSize          = 16
)

// ErrOtherKey says that a number was sealed with another master key than the vault's.
var ErrOtherKey = errors.New("sealed with another key: put the keys/master.key of that time back into the data folder")

// ErrSeal says that bytes are no sealed number, or were changed since.
var ErrSeal = errors.New("not a sealed number, or damaged")

// Vault makes what may be kept of numbers and texts: keyed digests to search by, and sealed numbers that can be
// revealed. Its keys are derived from one master key in the data folder; whoever has the database alone can neither
// reveal a number nor try all numbers against the digests. It may be used by many goroutines at once.
type Vault struct {
	numbers, texts, nonces *macs
	seal                   cipher.AEAD
	keyID                  []byte // keyIDSize bytes that tell master keys apart
	storeKey               string
}

// OpenVault reads the master key from keys/master.key under dataDir, and makes folder and key where they are missing;
// processes that do so at once agree on one key. The errors say what is to be done.
func OpenVault(dataDir string) (*Vault, error) {
	master, err := masterKey(filepath.Join(dataDir, "keys"))
	if err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	return newVault(master)
}

// newVault derives a key for each use from the master key (HKDF-SHA-256, RFC 5869), so that no two uses share one.
func newVault(master []byte) (*Vault, error) {
	var keys [6][]byte
	for i, use := range [...]string{"msisdn digest", "text digest", "msisdn seal", "msisdn nonce", "key id", "request store"} {
		var err error
		if keys[i], err = hkdf.Key(sha256.New, master, nil, "harkara vault 1: "+use, sha256.Size); err != nil {
			return nil, fmt.Errorf("derive the key for %s: %w", use, err)
		}
	}
	block, err := aes.NewCipher(keys[2])
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	seal, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	return &Vault{numbers: newMACs(keys[0]), texts: newMACs(keys[1]), nonces: newMACs(keys[3]), seal: seal,
		keyID: keys[4][:keyIDSize], storeKey: hex.EncodeToString(keys[5])}, nil
}

// StoreKey is the key that an embedded NATS server encrypts its store with, as text.
func (v *Vault) StoreKey() string { return v.storeKey }

// Digest returns 16 bytes that are the same for the same number and tell nothing of it without the key.
func (v *Vault) Digest(n sms.MSISDN) []byte {
	return v.numbers.sum(make([]byte, 0, sha256.Size), "", n.Digits())[:numberDigestSize:numberDigestSize]
}

// TextDigest returns 32 bytes that prove later what text a tenant's message had, to whoever has the text and the key.
// The same text of two tenants has two digests.
func (v *Vault) TextDigest(tenant sms.TenantID, text sms.Secret) []byte {
	return v.texts.sum(make([]byte, 0, textDigestSize), string(tenant), text.Reveal())
}

// Seal encrypts a number with AES-256-GCM: key id (4 bytes), nonce (12), the encrypted digits, tag (16).
//
// The nonce is a keyed digest of the number. Random nonces would have to stop at 2³² messages under one key
// (NIST SP 800-38D §8.3), five days at full speed; this way a nonce comes again only with the same number, and then
// the whole result is the same, which tells no more than the digest that is kept beside it.
func (v *Vault) Seal(n sms.MSISDN) []byte {
	digits := n.Digits()
	out := make([]byte, 0, keyIDSize+max(sha256.Size, nonceSize+len(digits)+tagSize))
	out = append(out, v.keyID...)
	head := keyIDSize + nonceSize
	out = v.nonces.sum(out, "", digits)[:head]
	out = append(out, digits...)
	return v.seal.Seal(out[:head], out[keyIDSize:head], out[head:], v.keyID)
}

// Open returns the number that Seal was given. It fails with ErrOtherKey or ErrSeal.
func (v *Vault) Open(sealed []byte) (sms.MSISDN, error) {
	if len(sealed) < keyIDSize+nonceSize+tagSize {
		return "", ErrSeal
	}
	if string(sealed[:keyIDSize]) != string(v.keyID) {
		return "", ErrOtherKey
	}
	head := keyIDSize + nonceSize
	digits, err := v.seal.Open(nil, sealed[keyIDSize:head], sealed[head:], v.keyID)
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
