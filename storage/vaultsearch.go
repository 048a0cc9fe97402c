package storage

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"harkara/smpp/sms"
)

// MonthDigests are the digests by which the rows of a month know one number.
type MonthDigests struct {
	Month   time.Time // its first moment, in India
	Digests [][]byte
}

// legacyMonths is how far back the rows may go that were sealed before there were keys by the month.
const legacyMonths = 36

// Digests returns by what digests to search for a number in the months from a time to before another, oldest first; zero
// times leave that end open, and no tenant means all. Months of which nothing can be found are left out, those whose keys
// were destroyed among them.
func (v *Vault) Digests(tenant sms.TenantID, n sms.MSISDN, from, to time.Time) []MonthDigests {
	v.look()
	found := map[month][][]byte{}
	for _, k := range v.state.Load().byID {
		if k.digest == nil || k.month != 0 && tenant != "" && k.tenant != tenant {
			continue
		}
		first, last := k.month, k.month
		if k.month == 0 {
			last = monthOf(k.made)
			first = last - legacyMonths
		}
		digest := k.number(n)
		for m := first; m <= last; m++ {
			if (from.IsZero() || m >= monthOf(from)) && (to.IsZero() || m.start().Before(to)) {
				found[m] = append(found[m], digest)
			}
		}
	}
	var all []MonthDigests
	for _, m := range slices.Sorted(maps.Keys(found)) {
		slices.SortFunc(found[m], func(a, b []byte) int { return cmp.Compare(string(a), string(b)) })
		all = append(all, MonthDigests{m.start(), found[m]})
	}
	return all
}
