package bind

import (
	"errors"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// Submission is one attempt of one message on this SMSC. It belongs to the pool from Submit on: the pool fills in
// Validity, and may hand it to Handler.Late after Submit has returned.
type Submission struct {
	Key      sms.Key
	Attempt  int
	Class    sms.Class
	Deadline time.Time  // nothing is written after it; what is left of it at the write becomes validity_period
	Lease    *sms.Lease // its first segment is not written unless it is held; what has begun goes on
	SMs      []pdu.SM   // one per segment
	Segments []int      // their numbers in the message, from 1

	answers []Answer // of the last Outcome; the room is used again
	single  [1]Answer
}

// Answer is what became of one segment.
type Answer struct {
	Segment   int // its number in the message, from Submission.Segments
	Verdict   session.Verdict
	Status    pdu.Status // as the SMSC gave it; ESME_ROK where there was no answer
	MessageID string     // as the SMSC wrote it
	At        time.Time  // when the answer came, or its absence was stated
}

// Outcome is what became of a submission: an answer per segment, in the order of Submission.SMs. The answers are good
// until the submission is submitted again.
type Outcome struct {
	Answers []Answer
	Err     error // why no bind ever took it: ErrNotLive, ErrLaneFull, ErrPaused, ErrStopping or the context's error; else nil
}

// room readies the answers of all segments.
func (s *Submission) room() []Answer {
	if cap(s.answers) < len(s.SMs) {
		s.answers = s.single[:]
		if len(s.SMs) > len(s.single) {
			s.answers = make([]Answer, len(s.SMs))
		}
	}
	s.answers = s.answers[:len(s.SMs)]
	clear(s.answers)
	return s.answers
}

// Why a submission never came to a bind; its segments are all Unsent.
var (
	ErrNotLive  = errors.New("no bind of the SMSC is live")
	ErrLaneFull = errors.New("the lane of the class is full")
	ErrPaused   = errors.New("the SMSC's queue is full")
	ErrStopping = errors.New("the pool is stopping")
)
