package bind

import (
	"log/slog"
	"sync"
	"time"

	"harkara/smpp/sms"
)

// noteEvery is how often it is logged that an SMSC throttles, while it goes on.
const noteEvery = time.Minute

// notes says in the log what the SMSC's throttling does to its rate: when it begins, and now and then.
type notes struct {
	log  *slog.Logger
	smsc sms.SMSCID

	mu        sync.Mutex
	paused    bool
	throttled time.Time // when that was logged last
}

// cut says that the rate was lowered.
func (n *notes) cut(rate float64, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if now.Sub(n.throttled) < noteEvery {
		return
	}
	n.throttled = now
	n.log.Warn("the SMSC throttles us: it is sent less", "smsc", n.smsc, "per_second", int(rate))
}

// full says that a pause began or goes on.
func (n *notes) full() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.paused {
		n.paused = true
		n.log.Warn("the SMSC's queue is full: nothing is sent but a probe now and then", "smsc", n.smsc)
	}
}

// room says that the pause is over.
func (n *notes) room() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.paused {
		n.paused = false
		n.log.Info("the SMSC's queue has room again", "smsc", n.smsc)
	}
}
