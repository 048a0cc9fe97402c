package otp

import "time"

// strikes are wrong codes in a row, and what they lock. A subject's are counted over all challenges, since a new secret must
// not reset the count (NIST SP 800-63B-4 §3.1.3.2); a resend or a new challenge changes nothing here.
type strikes struct {
	Failures    int       `json:"failures,omitempty"` // wrong codes in a row
	FailedAt    time.Time `json:"failed_at,omitzero"` // the last of them
	LockedUntil time.Time `json:"locked_until,omitzero"`
}

// forgetFailures is how long failures are remembered after the last of them, and after what it locked: a lock must not end
// together with the count that made it long.
const forgetFailures = 24 * time.Hour

// failuresMax failures in a row are all that anybody gets (NIST SP 800-63B-4 §3.2.2), whatever the policy. From there on each
// locks for stopped, which nothing lifts but the time.
const (
	failuresMax = 100
	stopped     = 30 * 24 * time.Hour
)

// rememberedUntil is when the failures are forgotten.
func (s *strikes) rememberedUntil() time.Time {
	return later(s.FailedAt, s.LockedUntil).Add(forgetFailures)
}

// failures is how many wrong codes in a row are remembered.
func (s *strikes) failures(now time.Time) int {
	if !now.Before(s.rememberedUntil()) {
		return 0
	}
	return s.Failures
}

// fail counts a wrong code and returns for how long that locks; 0: it does not.
func (s *strikes) fail(p *Policy, now time.Time) time.Duration {
	s.Failures, s.FailedAt = s.failures(now)+1, now
	var lock time.Duration
	if p.locks() && s.Failures%p.LockAfter == 0 {
		lock = p.Lock[min(s.Failures/p.LockAfter, len(p.Lock))-1]
	}
	if s.Failures >= failuresMax {
		lock = max(lock, stopped)
	}
	if lock > 0 {
		s.LockedUntil = now.Add(lock)
	}
	return lock
}

// beforeLock is how many more wrong codes lock.
func (s *strikes) beforeLock(p *Policy, now time.Time) int {
	failures := s.failures(now)
	left := max(1, failuresMax-failures)
	if p.locks() {
		left = min(left, p.LockAfter-failures%p.LockAfter)
	}
	return left
}

// locked is for how long they lock yet; 0: they do not.
func (s *strikes) locked(now time.Time) time.Duration {
	return max(0, s.LockedUntil.Sub(now))
}

func (p *Policy) locks() bool { return p.LockAfter >= 1 && len(p.Lock) > 0 }

// seconds rounds up, so that whoever waits that long has waited long enough.
func seconds(d time.Duration) int {
	return int((d + time.Second - 1) / time.Second)
}
