package smsctest

import (
	"time"

	"harkara/smpp/pdu"
)

// task is one thing to do at its time.
type task struct {
	do       taskKind
	bind     *bind
	seq      uint32
	status   pdu.Status
	id       uint64    // of the accepted message
	delivery *delivery // the receipt
}

type taskKind uint8

const (
	doAnswer  taskKind = iota // answer submit_sm seq on bind
	doEarly                   // the receipt first, then the answer
	doReceipt                 // the receipt is due
	doUnclash                 // no submit_sm came whose number the receipt could take: it is due as it is
	doAckTime                 // see which receipts of bind stayed without a deliver_sm_resp
)

// keepAgenda is the one goroutine that does what is due.
func (s *SMSC) keepAgenda() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-s.sooner:
		case <-timer.C:
		}
		if next := s.runDue(); next < maxTime {
			timer.Reset(next - s.now())
		}
	}
}

// runDue does all that is due, and gives the time of the next task, maxTime where there is none.
func (s *SMSC) runDue() time.Duration {
	s.mu.Lock()
	defer s.release()
	now := s.now()
	for tasks := s.agenda.take(now); tasks != nil; tasks = s.agenda.take(now) {
		for i := range tasks {
			s.run(&tasks[i], now)
		}
		s.agenda.giveBack(tasks)
	}
	s.pump(now)
	s.wakeAt = maxTime
	if next, ok := s.agenda.next(); ok {
		s.wakeAt = next
	}
	return s.wakeAt
}

func (s *SMSC) run(t *task, now time.Duration) {
	switch t.do {
	case doAnswer:
		s.answer(t.bind, t.seq, t.status, t.id)
	case doEarly:
		s.early(t, now)
	case doReceipt:
		s.receiptDue(t.delivery, now)
	case doUnclash:
		s.unclash(t.delivery)
	case doAckTime:
		s.checkAcks(t.bind, now)
	}
}
