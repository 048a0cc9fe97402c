package bind

import (
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/session"
)

// usableFirst is how much of the window a new connection uses, until answers have shown how fast they come.
const usableFirst = 16

// usable is how much of the configured window is used: less than all of it where the line or the SMSC is so slow that a
// full window's last answer would come after the response timeout, and its message be in doubt for nothing.
type usable struct {
	now, most int
	response  time.Duration
	shrunk    time.Time // answers to what was sent before it tell of the window before
}

func newUsable(window int, response time.Duration) usable {
	return usable{now: min(usableFirst, window), most: window, response: response}
}

// learn lets the window grow while answers take less than a quarter of the response timeout, and shrinks it by a quarter
// when they take more than half of it or do not come.
func (u *usable) learn(r *session.Result[ref], now time.Time) {
	unanswered := r.Verdict == session.InDoubt && r.Status == pdu.ESME_ROK
	switch {
	case r.Verdict == session.Unsent || r.Value.at.Before(u.shrunk):
	case unanswered || r.Wait > u.response/2:
		u.now, u.shrunk = max(1, u.now*3/4), now
	case r.Wait < u.response/4:
		u.now = min(u.now+1, u.most)
	}
}
