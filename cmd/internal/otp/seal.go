package otp

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"

	"harkara/smpp/sms"
)

// aead returns the cipher of a challenge: AES-256-GCM with random nonces, under a key of its own that HKDF makes of the code
// key and the challenge's id. So what is sealed for one challenge opens for no other, and the 2³² messages that random nonces
// are good for (NIST SP 800-38D §8.3) are never reached, however long a code key is used.
func (c *codeKey) aead(id ChallengeID) (cipher.AEAD, error) {
	key, err := hkdf.Expand(sha256.New, c.seal, string(id), keySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// sealed encrypts what the next send of a challenge needs: its number and its variables, as they came.
func (c *codeKey) sealed(id ChallengeID, to sms.MSISDN, vars []string) ([]byte, error) {
	aead, err := c.aead(id)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, join(append([]string{to.Digits()}, vars...)), []byte(id)), nil
}

// opened is the reverse of sealed; false: that was sealed with another key, or it was changed since.
func (c *codeKey) opened(ch *Challenge) (to sms.MSISDN, vars []string, ok bool) {
	aead, err := c.aead(ch.ID)
	if err != nil {
		return "", nil, false
	}
	plain, err := aead.Open(nil, nil, ch.Sealed, []byte(ch.ID))
	if err != nil {
		return "", nil, false
	}
	parts, ok := split(plain)
	if !ok || len(parts) == 0 {
		return "", nil, false
	}
	return sms.MSISDN(parts[0]), parts[1:], true
}
