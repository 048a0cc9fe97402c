package storage

import (
	"encoding/hex"
	"time"
)

// legacyKeys returns what earlier versions derived from the master key itself: one data key of all tenants and months,
// whose id has four bytes, and the embedded NATS server's key, without which its store is lost.
func legacyKeys(m *master, key []byte) (legacy ringKey, store []byte, err error) {
	var keys [6][]byte
	for i, use := range [...]string{"text digest", "msisdn digest", "msisdn seal", "msisdn nonce", "key id", "request store"} {
		if keys[i], err = derive(key, "harkara vault 1: "+use, secretSize); err != nil {
			return ringKey{}, nil, err
		}
	}
	legacy = ringKey{ID: hex.EncodeToString(keys[4][:legacyIDSize]), Made: time.Now().UTC()}
	legacy.Wrapped = m.wrapData(&legacy, dataSecrets{text: keys[0], digest: keys[1], seal: keys[2], nonce: keys[3]})
	return legacy, keys[5], nil
}
