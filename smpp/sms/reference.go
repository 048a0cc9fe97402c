package sms

import "encoding/binary"

// UserReference returns the user_message_reference (SMPP 3.4 §5.3.2.17) of one segment of one attempt: 1 to 65535,
// never 0. It is computed, not counted, so that nobody has to remember it: whoever knows the segment knows its
// reference, after a restart too. So the function must stay as it is while receipts are still to come.
func UserReference(key Key, attempt, segment int) uint16 {
	h := mix(binary.BigEndian.Uint64(key[:8]))
	h = mix(h ^ binary.BigEndian.Uint64(key[8:]))
	h = mix(h ^ uint64(uint32(attempt))<<32 ^ uint64(uint32(segment)))
	return uint16(1 + h%65535)
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014):
// every bit of x changes about half of the result. The added constant keeps 0 from being its own image.
func mix(x uint64) uint64 {
	x += 0x9E3779B97F4A7C15
	x = (x ^ x>>30) * 0xBF58476D1CE4E5B9
	x = (x ^ x>>27) * 0x94D049BB133111EB
	return x ^ x>>31
}
