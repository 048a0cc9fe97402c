package otp

import (
	"crypto/aes"
	"crypto/rand"
	"strings"
)

// enrolmentPrefix begins the ids of enrolments.
const enrolmentPrefix = "totp_"

// IsEnrolment says whether an id is of an authenticator app's enrolment, if of anything.
func IsEnrolment(id ChallengeID) bool { return strings.HasPrefix(string(id), enrolmentPrefix) }

// EnrolmentOf returns the key that an enrolment is kept under; false where the id is none.
func (k *Keyring) EnrolmentOf(id ChallengeID) (SubjectKey, bool) {
	sealed, ok := strings.CutPrefix(string(id), enrolmentPrefix)
	if !ok {
		return "", false
	}
	return k.SubjectOf(ChallengeID(sealed))
}

// newEnrolmentID makes an id as a challenge's, of a subject that is nobody's number: each enrolment is kept under a key of its own,
// so that the old app of an account works until its tenant cancels it.
func (k *Keyring) newEnrolmentID() ChallengeID {
	block := make([]byte, aes.BlockSize)
	rand.Read(block) // never fails, as package rand promises
	return enrolmentPrefix + k.hide(block)
}

// appSecret is what an app shares, 160 bits (RFC 4226 §4, R6). The id is random, so that no two enrolments have one secret.
func (c *codeKey) appSecret(e *Enrolment) []byte {
	return mac(c.apps, string(e.Tenant), e.Account, string(e.ID))[:20]
}
