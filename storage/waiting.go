package storage

import (
	"cmp"
	"slices"
	"time"

	"harkara/smpp/sms"
)

// early is a receipt whose segment is not known yet.
type early struct {
	fact    fact
	handle  handle
	raw     string // the id as the SMSC wrote it, where that differs
	ref     uint16 // user_message_reference; 0: none
	from    uint8  // mark of the handset's number; 0: none
	state   sms.State
	at      time.Time
	failure *sms.Failure // nil where it says of none
	row     *receiptRow  // while it is in the batch at hand
	taken   bool         // its segment has come
}

func (e *early) reference() reference { return reference{e.handle.smsc, e.ref} }

// waiting keeps early receipts under what names their segments, until those come. It is complete unless lost.
type waiting[K comparable] struct {
	limit    int
	receipts map[K][]*early
	order    queue[K]
	count    int
	lost     bool
}

func newWaiting[K comparable](limit int) waiting[K] {
	return waiting[K]{limit: limit, receipts: map[K][]*early{}}
}

func (w *waiting[K]) add(k K, e *early) {
	if len(w.receipts[k]) == 0 {
		w.order.push(k)
	}
	w.receipts[k] = append(w.receipts[k], e)
	w.count++
}

// find returns the receipt with a fact under k, nil where it is not there.
func (w *waiting[K]) find(k K, f fact) *early {
	if i := slices.IndexFunc(w.receipts[k], func(e *early) bool { return e.fact == f }); i >= 0 {
		return w.receipts[k][i]
	}
	return nil
}

// offer asks for each receipt under k, in the order that they came, whether it is taken, and forgets those that are.
func (w *waiting[K]) offer(k K, takes func(*early) bool) {
	offered := w.receipts[k]
	if len(offered) == 0 {
		return
	}
	delete(w.receipts, k) // so that drop does not change it underneath
	w.count -= len(offered)
	slices.SortFunc(offered, func(a, b *early) int { return cmp.Compare(a.fact, b.fact) })
	left := slices.DeleteFunc(offered, func(e *early) bool { return e.taken || takes(e) })
	if len(left) > 0 {
		w.receipts[k] = left
		w.count += len(left)
	}
}

// drop forgets a receipt that was taken under its other name.
func (w *waiting[K]) drop(k K, e *early) {
	under := w.receipts[k]
	left := slices.DeleteFunc(under, func(other *early) bool { return other == e })
	w.count -= len(under) - len(left)
	if len(left) > 0 {
		w.receipts[k] = left
	} else {
		delete(w.receipts, k)
	}
}

// trim forgets those that are too old and, beyond the limit, the oldest.
func (w *waiting[K]) trim(now time.Time) {
	for w.order.len() > 0 {
		k := w.order.peek()
		under := w.receipts[k]
		old := len(under) > 0 && now.Sub(under[len(under)-1].at) > reuseAfter
		if len(under) > 0 && !old && w.count <= w.limit {
			break
		}
		w.order.pop()
		w.lost = w.lost || len(under) > 0 && !old
		w.count -= len(under)
		delete(w.receipts, k)
	}
	// Behind a receipt that waits for days, the places in the order of those that were taken would pile up.
	if w.order.len() > 2*len(w.receipts)+1024 {
		w.tidy()
	}
}

// tidy keeps one place in the order for each k that has receipts.
func (w *waiting[K]) tidy() {
	var order queue[K]
	seen := make(map[K]bool, len(w.receipts))
	for ; w.order.len() > 0; w.order.pop() {
		if k := w.order.peek(); len(w.receipts[k]) > 0 && !seen[k] {
			seen[k] = true
			order.push(k)
		}
	}
	w.order = order
}
