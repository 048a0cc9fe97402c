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

// bucketCounts counts what took some time, by its Bucket.
type bucketCounts []int64

func (c *bucketCounts) add(bucket int16, n int64) {
	if missing := int(bucket) + 1 - len(*c); missing > 0 {
		*c = append(*c, make([]int64, missing)...)
	}
	(*c)[bucket] += n
}

// seconds is how long the one took that so large a share of them were not slower than: the middle of its bucket, so to
// 5 %. It is nil where there is none.
func (c bucketCounts) seconds(share float64) *float64 {
	all := int64(0)
	for _, n := range c {
		all += n
	}
	rank := int64(math.Ceil(share * float64(all)))
	for bucket, n := range c {
		if rank -= n; n > 0 && rank <= 0 {
			middle := math.Pow(1.1, float64(bucket)-100.5) // as harkara.bucket_seconds
			return &middle
		}
	}
	return nil
}
