package receipt

import (
	"slices"
	"strings"
	"sync"

	"harkara/dlt"
)

// Meaning gives what the error code of a receipt means in its SMSC's dictionary; where the code is not there or not
// known, what the word in the place of stat means, as scrubbers write one there. It is false for a receipt of a
// delivered message: a code on that is left over from an earlier try.
func Meaning(d *dlt.Dictionary, err, stat string) (dlt.ErrorCode, bool) {
	v, known := word(stat)
	if v == delivered {
		return dlt.ErrorCode{}, false
	}
	if !zeros(err) {
		if code, ok := d.Lookup(err); ok {
			return code, true
		}
	}
	if known { // a value of stat, and none of those is the word of an error
		return dlt.ErrorCode{}, false
	}
	return d.Lookup(stat)
}

// isReason says whether an SMSC's word stands for an error in any dictionary. Unlike codes, words mean the same in all.
func isReason(stat string) bool {
	if stat == "" || strings.ContainsAny(stat, "0123456789") {
		return false
	}
	return slices.ContainsFunc(allDictionaries(), func(d *dlt.Dictionary) bool {
		_, ok := d.Lookup(stat)
		return ok
	})
}

var allDictionaries = sync.OnceValue(func() (all []*dlt.Dictionary) {
	for _, name := range dlt.ErrorDictionaries() {
		if d, err := dlt.ErrorDictionary(name); err == nil {
			all = append(all, d)
		}
	}
	return all
})
