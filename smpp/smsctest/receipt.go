package smsctest

import (
	"time"
)

// delivery is one receipt on its way: due, sent, acked, or to be sent again.
type delivery struct {
	record *record
	clash  bool   // it waits for a submit_sm whose number it takes
	tries  int    // how often it was sent
	bind   *bind  // where it waits for its deliver_sm_resp
	seq    uint32 // there
}

// sending is one deliver_sm of a delivery.
type sending struct {
	delivery *delivery
	seq      uint32
	at       time.Duration
}

// awaits says whether x still waits for its deliver_sm_resp on b.
func (b *bind) awaits(x sending) bool { return x.delivery.bind == b && x.delivery.seq == x.seq }

// Times of receipts.
const (
	clashWait  = time.Second           // how long a receipt waits for a submit_sm to clash with
	earlyBy    = 20 * time.Millisecond // how long the answer waits where its early receipt went by another connection
	firstRetry = time.Second           // it doubles with each try, up to the last
	lastRetry  = 30 * time.Second
)

// undeliveredErrs are plain delivery errors as Indian aggregators write them: invalid number, handset memory full,
// subscriber absent, switched off, timed out.
var undeliveredErrs = [...]string{"001", "009", "010", "013", "021"}

// fate decides what the receipts of s.in will say; empty where none is asked for (registered_delivery, SMPP 3.4
// §5.2.17: 1 asks for any outcome, 2 for failures only).
func (s *SMSC) fate(luck dice) (stat, err string) {
	failed := luck.hit(undelivered, s.cfg.Undelivered)
	asked := s.in.RegisteredDelivery & 3
	switch {
	case asked == 1 && !failed:
		return "DELIVRD", "000"
	case (asked == 1 || asked == 2) && failed:
		return "UNDELIV", undeliveredErrs[luck.number(undelivered)%uint64(len(undeliveredErrs))]
	}
	return "", ""
}

// receipts makes the deliveries of an accepted message: none, one, or two.
func (s *SMSC) receipts(r *record, luck dice) []*delivery {
	if r.stat == "" {
		return nil
	}
	pair := s.pair[:1]
	pair[0] = &delivery{record: r, clash: s.hit(luck, ReceiptSeqClash)}
	if s.hit(luck, DuplicateReceipt) {
		s.books.faults[DuplicateReceipt]++
		pair = append(pair, &delivery{record: r})
	}
	s.books.Receipts += uint64(len(pair))
	s.books.pending += len(pair)
	return pair
}

// receiptLater puts a delivery on its way, ReceiptDelay after the time of its answer.
func (s *SMSC) receiptLater(d *delivery, answered, now time.Duration) {
	due := answered + s.cfg.ReceiptDelay
	if due > now {
		s.agenda.add(due, task{do: doReceipt, delivery: d})
		return
	}
	s.receiptDue(d, now)
}

// receiptDue lets a delivery go by the next bind with room, or wait for a submit_sm to clash with.
func (s *SMSC) receiptDue(d *delivery, now time.Duration) {
	if !d.clash {
		s.ready.push(d)
		return
	}
	s.clashing.push(d)
	s.agenda.add(now+clashWait, task{do: doUnclash, delivery: d})
}

// clash sends a receipt that waits for it under the number of a submit_sm that has just come on b.
func (s *SMSC) clash(b *bind, seq uint32, now time.Duration) {
	for s.clashing.len() > 0 && !s.clashing.first().clash {
		s.clashing.pop() // its time was over
	}
	if s.clashing.len() == 0 || !b.hasRoom(s.cfg.ReceiptWindow) || b.unacked[seq] != nil {
		return
	}
	d := s.clashing.pop()
	d.clash = false
	s.books.faults[ReceiptSeqClash]++
	s.deliver(b, d, seq, now)
}

// unclash lets a receipt go as it is, when no submit_sm came whose number it could take.
func (s *SMSC) unclash(d *delivery) {
	if d.clash {
		d.clash = false
		s.ready.push(d)
	}
}

// early sends a receipt and then the answer of its message. Where the receipt has to go by another connection, the
// answer waits a little; where none takes it, both go their usual way.
func (s *SMSC) early(t *task, now time.Duration) {
	t.do = doAnswer
	to := t.bind
	if !to.hasRoom(s.cfg.ReceiptWindow) {
		to = s.receiver()
	}
	if to == nil || t.bind.closed {
		s.run(t, now)
		s.receiptLater(t.delivery, now, now)
		return
	}
	s.books.faults[ReceiptBeforeAnswer]++
	t.delivery.clash = false
	s.deliver(to, t.delivery, to.nextSeq(), now)
	if to == t.bind {
		s.run(t, now)
		return
	}
	s.answerLater(*t, now, earlyBy)
}
