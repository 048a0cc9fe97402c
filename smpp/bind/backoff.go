package bind

import (
	"errors"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/session"
)

const (
	backoffFirst = time.Second      // the first try again comes within it
	backoffMax   = 60 * time.Second // and every later one within this
	occupiedWait = 30 * time.Second // SMSCs hold an old session this long after it is gone
	heldLong     = 10 * time.Second // a bind that stood this long was a good one
)

// backoff counts the tries that came to nothing.
type backoff struct{ failures int }

// after returns how long to wait before the next try, when a bind that was bound for the time held ended with fault:
// exponential with full jitter (random in [0,1)), so that many binds cut at once do not come back at once.
func (b *backoff) after(fault session.BindFault, held time.Duration, random float64) time.Duration {
	if held >= heldLong {
		b.failures = 0
	}
	limit := min(backoffMax, backoffFirst<<min(b.failures, 6))
	b.failures++
	wait := time.Duration(random * float64(limit))
	if fault == session.Occupied {
		wait += occupiedWait
	}
	return wait
}

// faultOf returns what kind of refusal err is, by the SMSC's own statuses; everything that is not a refusal of the bind is
// Network. ESME_RBINDFAIL says nothing of its reason: once these credentials have been good, it is taken for too many
// sessions, so that a passing fault of the SMSC does not stop its binds for good.
func faultOf(err error, goodBefore bool) session.BindFault {
	var refused *session.BindError
	if !errors.As(err, &refused) {
		return session.Network
	}
	fault := refused.Fault()
	if refused.Status == pdu.ESME_RBINDFAIL && fault == session.Credentials && goodBefore {
		return session.Occupied
	}
	return fault
}
