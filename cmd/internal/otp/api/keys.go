package api

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strings"
	"sync/atomic"

	"harkara/smpp/sms"
)

const (
	keyPrefix = "hk_"
	keyRandom = 20 // bytes: 32 characters of base32
)

var keyText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567")

// KeyHash is what the configuration has of an API key.
type KeyHash struct {
	ID     string // by which people know it
	SHA256 string // of the whole key, 64 hexadecimal digits
}

// APIKeys are the keys of all tenants. Of each only its SHA-256 is known: there are too many keys of 160 random bits to try,
// so nothing slower is needed.
type APIKeys struct {
	of map[sms.TenantID][]*apiKey
}

type apiKey struct {
	id     string
	digest [sha256.Size]byte
	used   atomic.Bool // since the start
}

// NewAPIKeys reads the keys of tenants.
func NewAPIKeys(all map[sms.TenantID][]KeyHash) (*APIKeys, error) {
	keys := &APIKeys{of: map[sms.TenantID][]*apiKey{}}
	for tenant, list := range all {
		for _, k := range list {
			digest, err := hex.DecodeString(k.SHA256)
			if err != nil || len(digest) != sha256.Size {
				return nil, fmt.Errorf("tenant %s: API key %q: sha256: want the 64 digits that harkara otp key prints", tenant, k.ID)
			}
			keys.of[tenant] = append(keys.of[tenant], &apiKey{id: k.ID, digest: [sha256.Size]byte(digest)})
		}
	}
	return keys, nil
}

// NewKey makes a key for a tenant, hk_<tenant>_<32 characters>, and what the configuration is to have of it. The key is
// kept nowhere.
func NewKey(tenant sms.TenantID) (key sms.Secret, sha256hex string) {
	random := make([]byte, keyRandom)
	rand.Read(random) // never fails, as package rand promises
	key = sms.Secret(keyPrefix + string(tenant) + "_" + keyText.EncodeToString(random))
	digest := sha256.Sum256([]byte(key.Reveal()))
	return key, hex.EncodeToString(digest[:])
}

// nobody stands for the keys of a tenant that has none, so that it takes as long to find that out.
var nobody = []*apiKey{{}}

// find returns whose a key is, and its id; an empty tenant: nobody's. first says that nobody has asked with it before. The
// key names its tenant, and is looked for among that one's alone.
func (k *APIKeys) find(key sms.Secret) (tenant sms.TenantID, id string, first bool) {
	digest := sha256.Sum256([]byte(key.Reveal()))
	rest, ours := strings.CutPrefix(key.Reveal(), keyPrefix)
	cut := strings.LastIndexByte(rest, '_') // a tenant's id may have some, too
	if !ours || cut < 0 {
		return "", "", false
	}
	named := sms.TenantID(rest[:cut])
	list, known := k.of[named]
	if !known {
		list = nobody
	}
	var found *apiKey
	for _, candidate := range list {
		if subtle.ConstantTimeCompare(candidate.digest[:], digest[:]) == 1 {
			found = candidate
		}
	}
	if found == nil {
		return "", "", false
	}
	return named, found.id, !found.used.Swap(true)
}
