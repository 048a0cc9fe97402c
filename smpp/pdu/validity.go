package pdu

import (
	"time"
)

// maxValidity caps relative times: days are the largest unit of a fixed length, and their field goes to 31.
const maxValidity = 31 * 24 * time.Hour

// RelativeValidity gives d as a relative time (SMPP 3.4 §7.1.1.2), "000000000500000R" for five minutes: whole seconds
// rounded down, at least one second, at most 31 days.
func RelativeValidity(d time.Duration) string {
	s := int(max(time.Second, min(d, maxValidity)) / time.Second)
	b := []byte("000000000000000R") // YYMMDDhhmmss, tenths 0, nn 00, R
	put := func(at, n int) { b[at], b[at+1] = byte('0'+n/10), byte('0'+n%10) }
	put(4, s/86400)
	put(6, s/3600%24)
	put(8, s/60%60)
	put(10, s%60)
	return string(b)
}
