package smsctest

import (
	"time"

	"harkara/smpp/pdu"
)

// pump sends receipts that are due while a bind has room for them.
func (s *SMSC) pump(now time.Duration) {
	for s.ready.len() > 0 {
		b := s.receiver()
		if b == nil {
			return
		}
		s.deliver(b, s.ready.pop(), b.nextSeq(), now)
	}
}

// receiver gives the bind whose turn it is, among those with room; nil where none has.
func (s *SMSC) receiver() *bind {
	for range s.receivers {
		s.turn = (s.turn + 1) % len(s.receivers)
		if b := s.receivers[s.turn]; b.hasRoom(s.cfg.ReceiptWindow) {
			return b
		}
	}
	return nil
}

// hasRoom says whether b takes a receipt now.
func (b *bind) hasRoom(window int) bool {
	return b.bound && b.receives && !b.stopped && !b.leaving && len(b.unacked) < window && len(b.out) < maxOut
}

// nextSeq gives the number of our next deliver_sm on b; each bind counts from 1. A number that a clash took is passed
// over: the answer to that receipt may still come, however late, and must not be taken for another one's.
func (b *bind) nextSeq() uint32 {
	for {
		b.lastSeq = b.lastSeq%maxSeq + 1
		if _, taken := b.clashed[b.lastSeq]; !taken && b.unacked[b.lastSeq] == nil {
			return b.lastSeq
		}
	}
}

// deliver writes a receipt to b and sees to its time-out.
func (s *SMSC) deliver(b *bind, d *delivery, seq uint32, now time.Duration) {
	d.bind, d.seq, d.command = b, seq, dialects[s.cfg.Dialect].command
	d.tries++
	d.record.sent++
	if !d.enroute {
		d.record.due = min(d.record.due, now) // a receipt that is before its time settles the message
	}
	s.books.ReceiptsSent++
	b.unacked[seq] = d
	b.sent.push(sending{d, seq, now})
	if !b.watching {
		b.watching = true
		s.agenda.add(now+s.cfg.AckTimeout, task{do: doAckTime, bind: b})
	}
	b.out = s.appendReceipt(b.out, d)
	s.touch(b)
}

// ack takes the answer to a receipt, or a generic_nack of one. Anything but ESME_ROK asks for the receipt again.
func (s *SMSC) ack(b *bind, h pdu.Header, now time.Duration) {
	d := b.unacked[h.Seq]
	if d == nil {
		s.books.StrayAnswers++
		return
	}
	b.forget(d)
	if h.ID != d.command.Response() || h.Status != pdu.ESME_ROK {
		s.books.ReceiptsRefused++
		s.retry(d, now)
		return
	}
	d.record.acked++
	s.books.ReceiptsAcked++
	s.books.pending--
}

// forget ends the wait for the deliver_sm_resp of d on b.
func (b *bind) forget(d *delivery) {
	delete(b.unacked, d.seq)
	d.bind = nil
	for b.sent.len() > 0 && !b.awaits(b.sent.first()) {
		b.sent.pop()
	}
}

// retry sends a receipt again later: after 1 s, 2 s, 4 s and so on, at most 30 s.
func (s *SMSC) retry(d *delivery, now time.Duration) {
	wait := lastRetry
	if d.tries <= 5 {
		wait = min(lastRetry, firstRetry<<(d.tries-1))
	}
	s.agenda.add(now+wait, task{do: doReceipt, delivery: d})
}

// checkAcks retries what b has not acked in time, and comes back when the next receipt's time is over.
func (s *SMSC) checkAcks(b *bind, now time.Duration) {
	b.watching = false
	for b.sent.len() > 0 {
		x := b.sent.first()
		switch due := x.at + s.cfg.AckTimeout; {
		case !b.awaits(x):
			b.sent.pop()
		case due > now:
			b.watching = true
			s.agenda.add(due, task{do: doAckTime, bind: b})
			return
		default:
			s.books.ReceiptsSilent++
			b.forget(x.delivery)
			s.retry(x.delivery, now)
		}
	}
}
