package storage

import (
	"math"
	"sort"
	"time"
)

// bucketEnds are the ends of the buckets in microseconds: that of bucket n is 1.1^(n-100) s, up to some thousand years.
// Multiplication gives the same on every machine, which logarithms do not promise.
var bucketEnds = func() (ends [367]int64) {
	end := math.Pow(1.1, -99) * 1e6
	for n := 1; n < len(ends); n++ {
		if n == 100 {
			end = 1e6 // a second is one exactly
		}
		ends[n] = int64(math.Floor(end + 1e-3)) // a microsecond that rounding has cost is not the next bucket's
		end *= 1.1
	}
	return ends
}()

// Bucket is the bucket of the tally in which a delivery that took d is counted: n for what took up to 1.1^(n-100) s and
// longer than 1.1^(n-101) s, at least 1. 0 stands for what was not delivered.
func Bucket(d time.Duration) int16 {
	us := d.Microseconds()
	n := sort.Search(len(bucketEnds)-2, func(i int) bool { return bucketEnds[i+1] >= us })
	return int16(n + 1)
}
