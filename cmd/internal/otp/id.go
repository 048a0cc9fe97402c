package otp

import (
	"crypto/aes"
	"crypto/rand"
	"encoding/base32"
	"encoding/hex"
)

// idText writes the 16 bytes of an id as 26 characters.
var idText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewID makes the id of a challenge of a subject, whose key SubjectFor has made: one block of AES-256 that encrypts the key's
// bytes and 6 random ones. One block under a key that encrypts nothing else needs no mode: equal ids come of equal bytes only.
func (k *Keyring) NewID(key SubjectKey) ChallengeID {
	name, _ := hex.DecodeString(string(key)) // never fails for what SubjectFor has made
	block := append(make([]byte, 0, aes.BlockSize), name...)[:aes.BlockSize]
	rand.Read(block[subjectSize:]) // never fails, as package rand promises
	return k.hide(block)
}

// hide encrypts the 16 bytes that an id stands for.
func (k *Keyring) hide(block []byte) ChallengeID {
	out := make([]byte, aes.BlockSize)
	k.ids.Encrypt(out, block)
	return ChallengeID(idText.EncodeToString(out))
}

// SubjectOf returns the key of the subject that a challenge is of; false where the id is none. Of an id that nobody made it
// is the key of a subject that nobody has.
func (k *Keyring) SubjectOf(id ChallengeID) (SubjectKey, bool) {
	block, err := idText.DecodeString(string(id))
	if err != nil || len(block) != aes.BlockSize || idText.EncodeToString(block) != string(id) {
		return "", false // the last comparison: base32 has two bits to spare, and a challenge has one name
	}
	k.ids.Decrypt(block, block)
	return SubjectKey(hex.EncodeToString(block[:subjectSize])), true
}
