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

// worked says that the bind took a message or brought a receipt: what cuts it then is no reason to stay away.
func (b *backoff) worked() { b.failures = 0 }

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

// failsMax is how often in a row a bind may fail for no stated reason before that is taken for wrong credentials.
const failsMax = 3

// faultOf returns what kind of refusal err is, by the SMSC's own statuses; everything that is not a refusal of the bind is
// Network. ESME_RBINDFAIL says nothing of its reason: it is taken for too many sessions, so that a passing fault of the
// SMSC, or one session too many after a crash, does not stop its binds for good; until these credentials have been good
// once, only so often.
func (b *bind) faultOf(err error) session.BindFault {
	var refused *session.BindError
	if !errors.As(err, &refused) {
		return session.Network
	}
	fault := refused.Fault()
	if refused.Status != pdu.ESME_RBINDFAIL || fault != session.Credentials {
		return fault
	}
	if b.fails++; b.pool.good.Load() || b.fails < failsMax {
		return session.Occupied
	}
	return session.Credentials
}
