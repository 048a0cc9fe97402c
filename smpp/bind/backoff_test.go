package bind

import (
	"testing"
	"time"

	"harkara/smpp/session"
)

// TestBackoffForgets: failures add up, until a bind stood long or did what it is for.
func TestBackoffForgets(t *testing.T) {
	const almost = 0.999
	for _, test := range []struct {
		name string
		held time.Duration
		work bool
		most time.Duration
	}{{"cut at once again", 0, false, 32 * time.Second}, {"stood long", heldLong, false, time.Second}, {"took a message", 0, true, time.Second}} {
		var b backoff
		for range 5 {
			b.after(session.Network, 0, almost)
		}
		if test.work {
			b.worked()
		}
		if got := b.after(session.Network, test.held, almost); got > test.most || got < test.most*9/10 {
			t.Errorf("%s: again in %v, want about %v", test.name, got, test.most)
		}
	}
}
