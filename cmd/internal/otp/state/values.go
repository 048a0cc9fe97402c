package state

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"harkara/cmd/internal/otp"
)

// The kinds of what is kept, in front of the keys.
const (
	subjectPrefix   = "s."
	enrolmentPrefix = "e."
	claimPrefix     = "c."
)

// Change reads the subject of a key (an empty one where there is none), lets do change it, and keeps it where do says so,
// for ttl; a ttl of 0 has no end. do is called again, on a fresh copy, where somebody else was faster: it must have no
// effect but on its subject. When Change returns nil, the last call of do is what holds.
func (s *Store) Change(ctx context.Context, key otp.SubjectKey, do func(*otp.Subject) (keep bool, ttl time.Duration)) error {
	return changeJSON(ctx, s.values, subjectPrefix+string(key), do)
}

// ChangeEnrolment does for the authenticator app of a key what Change does for a subject.
func (s *Store) ChangeEnrolment(ctx context.Context, key otp.SubjectKey,
	do func(*otp.Enrolment) (keep bool, ttl time.Duration)) error {
	return changeJSON(ctx, s.apps, enrolmentPrefix+string(key), do)
}

// kept is what is kept as JSON.
type kept[T any] interface {
	*T
	Clone() *T
}

// changeJSON is a change of a value that is kept as JSON; what is remembered is not read again.
func changeJSON[T any, P kept[T]](ctx context.Context, b *bucket, key string, do func(P) (keep bool, ttl time.Duration)) error {
	return b.change(ctx, key, nil, func(old value) (value, time.Duration, bool, error) {
		v := P(new(T))
		if had, ok := old.read.(P); ok {
			v = had.Clone()
		} else if old.data != nil {
			if err := json.Unmarshal(old.data, v); err != nil {
				return value{}, 0, false, fmt.Errorf("the value of %s can't be read; delete the key: %w", key, err)
			}
		}
		keep, ttl := do(v)
		if !keep {
			return value{}, 0, false, nil
		}
		data, err := json.Marshal(v)
		return value{data: data, read: v}, ttl, true, err
	})
}

// Claim keeps data under an idempotency key for ttl, or returns what is kept there already. The key is of the characters
// that a NATS subject's token may have.
func (s *Store) Claim(ctx context.Context, key string, data []byte, ttl time.Duration) (was []byte, mine bool, err error) {
	err = s.values.change(ctx, claimPrefix+key, &nothing, func(old value) (value, time.Duration, bool, error) {
		if old.data != nil {
			was, mine = bytes.Clone(old.data), false
			return value{}, 0, false, nil
		}
		was, mine = data, true
		return value{data: bytes.Clone(data)}, ttl, true, nil
	})
	if err != nil {
		return nil, false, err
	}
	return was, mine, nil
}

// Where the fingerprint of the OTP keys and the key of proofs are kept.
const (
	keysKey  = "keys"
	proofKey = "proof"
)

// ErrOtherKeys says that the challenges here are of other keys.
var ErrOtherKeys = errors.New("the challenges in NATS are of other OTP keys than this gateway has: gateways that are to serve them need the " +
	"same keys (harkara keys export --otp, otp.keys_credential); where those are lost for good, delete the key \"c.keys\" in the bucket OTP and " +
	"enrol all authenticator apps anew")

// Fits keeps the fingerprint of the OTP keys, or compares it with the one that is kept. It fails with ErrOtherKeys.
func (s *Store) Fits(ctx context.Context, fingerprint string) error {
	was, mine, err := s.Claim(ctx, keysKey, []byte(fingerprint), 0)
	if err == nil && !mine && string(was) != fingerprint {
		err = ErrOtherKeys
	}
	return err
}

// ProofKey returns a key that all processes on one NATS share, and nobody else: made by the first of them, for good. It shows
// whose a message is, and guards nothing else.
func (s *Store) ProofKey(ctx context.Context) (key []byte, err error) {
	fresh := make([]byte, 32)
	rand.Read(fresh) // never fails, as package rand promises
	err = s.apps.change(ctx, proofKey, nil, func(old value) (value, time.Duration, bool, error) {
		if old.data != nil {
			key = bytes.Clone(old.data)
			return value{}, 0, false, nil
		}
		key = fresh
		return value{data: bytes.Clone(fresh)}, 0, true, nil
	})
	return key, err
}
