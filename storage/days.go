package storage

import (
	"bytes"
	"time"

	"harkara/smpp/sms"
)

// KeyAt is the lowest key that a request of the time may have: its milliseconds since 1970 in the first 48 bits (RFC 9562
// §5.7), as harkara.key_at. Tables are cut into days by it, so that a query with bounds on the key reads those days alone.
func KeyAt(t time.Time) (k sms.Key) {
	milliseconds := max(t.UnixMilli(), 0)
	for i := range 6 {
		k[i] = byte(milliseconds >> (40 - 8*i))
	}
	return k
}

// oldestAnswered is how much older a message's key may be than an answer to it: a week, the longest that a request may
// live, and a day for queues and clocks.
const oldestAnswered = 8 * 24 * time.Hour

// oldestReported is how much older a message's key may be than a receipt about it.
const oldestReported = reuseAfter + oldestAnswered

// clockSkew is how much the clocks of gateways and of NATS, which gives a key its time, may differ.
const clockSkew = time.Hour

// keySpan returns the lowest and the highest of some keys.
func keySpan(keys map[sms.Key]bool) (low, high sms.Key) {
	first := true
	for k := range keys {
		if first || bytes.Compare(k[:], low[:]) < 0 {
			low = k
		}
		if first || bytes.Compare(k[:], high[:]) > 0 {
			high = k
		}
		first = false
	}
	return low, high
}
