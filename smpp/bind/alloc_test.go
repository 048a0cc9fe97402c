//go:build !race

package bind

import (
	"runtime"
	"testing"
)

// TestAllocations counts what a submit costs with its answer, and with its receipt as well, the peer's share included:
// the strings of a receipt are one allocation, the block that a batch of PDUs came in is shared by all of them. (The race
// detector drops pooled items: it is not for it.)
func TestAllocations(t *testing.T) {
	for _, test := range []struct {
		name     string
		receipts bool
		handler  Handler
		most     float64
	}{{"submit and answer", false, &handler{}, 0.2}, {"round with a receipt", true, &reader{}, 1.2}} {
		const count = 100_000
		n := 0
		more := func() bool { n++; return n <= count }
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		rounds(t, 100, 200, test.receipts, test.handler, more)
		runtime.ReadMemStats(&after)
		each := float64(after.Mallocs-before.Mallocs) / count
		t.Logf("%s: %.2f allocations", test.name, each)
		if each > test.most {
			t.Errorf("%s: %.2f allocations, want at most %.1f", test.name, each, test.most)
		}
	}
}
