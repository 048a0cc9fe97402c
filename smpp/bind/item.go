package bind

import (
	"sync/atomic"
	"time"

	"harkara/smpp/session"
)

// item is a submission on its way: first in a lane, then claimed by exactly one of a bind's loop, a hand-back of the
// lanes, or its own submitter who withdraws it. Who claims it gives it all its answers.
type item struct {
	sub     *Submission
	answers []Answer // the submission's
	err     error
	next    int // the segment to write next
	missing int // segments without an answer
	claimed atomic.Bool
	done    chan struct{} // receives once, when nothing is missing any more
	timer   *time.Timer   // the deadline, while it is in the lane
}

// item readies an item for sub. Items are reused once their submitter has seen done: nothing looks at an item after its
// last answer (a late answer goes by the Submission). Withdrawn ones are not: a lane still holds them.
func (p *Pool) item(sub *Submission) *item {
	it, ok := p.items.Get().(*item)
	if !ok {
		it = &item{done: make(chan struct{}, 1), timer: time.NewTimer(time.Hour)}
		it.timer.Stop()
	}
	it.sub, it.answers, it.err = sub, sub.room(), nil
	it.next, it.missing = 0, len(sub.SMs)
	it.claimed.Store(false)
	return it
}

// claim takes the item out of the lane's hands; false: somebody else has it.
func (it *item) claim() bool { return it.claimed.CompareAndSwap(false, true) }

// answer sets the answer of segment i (an index of SMs), and tells the submitter when it was the last one missing.
func (it *item) answer(i int, a Answer) {
	a.Segment = it.sub.Segments[i]
	it.answers[i] = a
	if it.missing--; it.missing == 0 {
		it.done <- struct{}{}
	}
}

// rest answers every segment that has not been given to the session yet. err is the outcome's where that is all of them.
func (it *item) rest(v session.Verdict, err error, now time.Time) {
	if it.next == 0 {
		it.err = err
	}
	first, count := it.next, len(it.sub.SMs)
	it.next = count
	for i := first; i < count; i++ {
		it.answer(i, Answer{Verdict: v, At: now})
	}
}

// recycle gives back an item that nobody else has, and returns the outcome that it held.
func (p *Pool) recycle(it *item) Outcome {
	o := Outcome{Answers: it.answers, Err: it.err}
	it.sub, it.answers, it.err = nil, nil, nil
	p.items.Put(it)
	return o
}
