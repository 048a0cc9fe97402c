package storage

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// Sizes of wrapped keys in bytes: nonce, key, tag; a data key's have the master key's fingerprint in front.
const (
	secretSize      = 32
	fingerprintSize = 8
	wrapOverhead    = nonceSize + tagSize
	wrappedText     = fingerprintSize + wrapOverhead + secretSize
	wrappedData     = wrappedText + wrapOverhead + 3*secretSize
)

// ErrOtherMaster says that a key was wrapped with another master key than the one at hand.
var ErrOtherMaster = errors.New("wrapped with another master key")

// master wraps keys with AES-256-GCM. Nonces are random: few keys are wrapped, and 2³² may be (NIST SP 800-38D §8.3).
type master struct {
	aead        cipher.AEAD
	fingerprint string // hexadecimal; tells master keys apart and nothing of them
}

// newMaster derives what wraps from a master key (HKDF-SHA-256, RFC 5869), so that it shares no key with what earlier
// versions derived from it.
func newMaster(key []byte) (*master, error) {
	wrap, err := derive(key, "harkara ring 1: wrap", secretSize)
	if err != nil {
		return nil, err
	}
	fingerprint, err := derive(key, "harkara ring 1: fingerprint", fingerprintSize)
	if err != nil {
		return nil, err
	}
	aead, err := newAEAD(wrap)
	return &master{aead, hex.EncodeToString(fingerprint)}, err
}

func derive(key []byte, use string, size int) ([]byte, error) {
	out, err := hkdf.Key(sha256.New, key, nil, use, size)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	return out, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	return aead, nil
}

// wrap appends nonce, encrypted key and tag to out. The use is authenticated with them, so that none can stand for another.
func (m *master) wrap(out []byte, use string, secret []byte) []byte {
	head := len(out)
	out = append(out, make([]byte, nonceSize)...)
	nonce := out[head:]
	rand.Read(nonce) // never fails, as package rand promises
	return m.aead.Seal(out, nonce, secret, []byte(use))
}

func (m *master) unwrap(use string, wrapped []byte, size int) ([]byte, error) {
	if len(wrapped) != wrapOverhead+size {
		return nil, errNoRing
	}
	secret, err := m.aead.Open(nil, wrapped[:nonceSize], wrapped[nonceSize:], []byte(use))
	if err != nil {
		return nil, errNoRing
	}
	return secret, nil
}

// dataSecrets are the four keys of a data key, each 256 random bits. They do not depend on each other, so that those of
// numbers can be destroyed while texts stay provable.
type dataSecrets struct{ text, digest, seal, nonce []byte }

func newDataSecrets() dataSecrets {
	all := make([]byte, 4*secretSize)
	rand.Read(all) // never fails, as package rand promises
	return dataSecrets{all[:32], all[32:64], all[64:96], all[96:]}
}

// scope is what of a data key is authenticated with its parts.
func (k *ringKey) scope(part string) string {
	return fmt.Sprintf("harkara data key 1\x00%s\x00%s\x00%s\x00%s", part, k.ID, k.Month, k.Tenant)
}

// wrapData wraps a data key: the master key's fingerprint (8 bytes), the text key (60), the three keys of numbers (124;
// digest, seal, nonce). Without the last part numbers are gone; without any, texts too.
func (m *master) wrapData(k *ringKey, s dataSecrets) []byte {
	fingerprint, _ := hex.DecodeString(m.fingerprint)
	out := append(make([]byte, 0, wrappedData), fingerprint...)
	out = m.wrap(out, k.scope("text"), s.text)
	if s.digest == nil {
		return out
	}
	numbers := append(append(append(make([]byte, 0, 3*secretSize), s.digest...), s.seal...), s.nonce...)
	return m.wrap(out, k.scope("numbers"), numbers)
}

// wrappedBy returns the fingerprint of the master key that wrapped a data key; empty where nothing is left of it.
func wrappedBy(wrapped []byte) string {
	return hex.EncodeToString(wrapped[:min(len(wrapped), fingerprintSize)])
}

// unwrapData is the reverse of wrapData; what was destroyed is nil. It fails with ErrOtherMaster or errNoRing.
func (m *master) unwrapData(k *ringKey) (s dataSecrets, err error) {
	if k.level() == destroyed {
		return s, nil
	}
	if wrappedBy(k.Wrapped) != m.fingerprint {
		return s, fmt.Errorf("data key %s: %w", k.ID, ErrOtherMaster)
	}
	end := min(wrappedText, len(k.Wrapped))
	if s.text, err = m.unwrap(k.scope("text"), k.Wrapped[fingerprintSize:end], secretSize); err != nil || k.level() == textOnly {
		return s, err
	}
	numbers, err := m.unwrap(k.scope("numbers"), k.Wrapped[end:], 3*secretSize)
	if err != nil {
		return dataSecrets{}, err
	}
	s.digest, s.seal, s.nonce = numbers[:32], numbers[32:64], numbers[64:]
	return s, nil
}

// rewrap returns a data key's wrapping by another master key.
func (m *master) rewrap(k *ringKey, from *master) ([]byte, error) {
	s, err := from.unwrapData(k)
	if err != nil || k.level() == destroyed {
		return nil, err
	}
	return m.wrapData(k, s), nil
}
