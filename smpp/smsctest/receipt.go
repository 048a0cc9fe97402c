package smsctest

import (
	"time"

	"harkara/smpp/pdu"
)

// delivery is one receipt on its way: due, sent, acked, or to be sent again.
type delivery struct {
	record  *record
	enroute bool          // it is the intermediate one
	clash   bool          // it waits for a submit_sm whose number it takes
	tries   int           // how often it was sent
	bind    *bind         // where it waits for its answer
	seq     uint32        // there
	command pdu.CommandID // deliver_sm or data_sm
}

// sending is one PDU of a delivery.
type sending struct {
	delivery *delivery
	seq      uint32
	at       time.Duration
}

// awaits says whether x still waits for its answer on b.
func (b *bind) awaits(x sending) bool { return x.delivery.bind == b && x.delivery.seq == x.seq }

// Times of receipts.
const (
	clashWait  = time.Second           // how long a receipt waits for a submit_sm to clash with
	earlyBy    = 20 * time.Millisecond // how long the answer waits where its early receipt went by another connection
	firstRetry = time.Second           // it doubles with each try, up to the last
	lastRetry  = 30 * time.Second
)

// undeliveredErrs are plain delivery errors as Indian aggregators number them, with their words.
var undeliveredErrs = [...]struct {
	code, word string
}{{"001", "INVALID_NUMBER"}, {"009", "MEMORY_FULL"}, {"010", "ABSENT_SUBSCRIBER"}, {"013", "SWITCHED_OFF"},
	{"021", "TIMED_OUT"}}

// errWord gives the word for an err, NONE where there was no error; a scrubber's code has none and stays what it is.
func errWord(code string) string {
	for _, e := range undeliveredErrs {
		if e.code == code {
			return e.word
		}
	}
	return orDefault(code, "NONE")
}

// fate decides what becomes of the message in s.in, and whether it has receipts (registered_delivery, SMPP 3.4
// §5.2.17: 1 asks for any outcome, 2 for failures only).
func (s *SMSC) fate(luck dice) (state byte, err string, receipts bool) {
	asked := s.in.RegisteredDelivery & 3
	err = s.scrubbed()
	if err == "" && luck.hit(undelivered, s.cfg.Undelivered) {
		err = undeliveredErrs[luck.number(undelivered)%uint64(len(undeliveredErrs))].code
	}
	if err != "" {
		return stateUndeliverable, err, !s.cfg.NoReceipts && (asked == 1 || asked == 2)
	}
	return stateDelivered, "", !s.cfg.NoReceipts && asked == 1
}

// receipts makes the final deliveries of an accepted message: none, one, or two.
func (s *SMSC) receipts(r *record, luck dice) []*delivery {
	if !r.receipts {
		return nil
	}
	if s.hit(luck, NoReceipt) {
		s.books.faults[NoReceipt]++
		r.receipts = false
		return nil
	}
	pair := s.pair[:1]
	pair[0] = &delivery{record: r, clash: s.hit(luck, ReceiptSeqClash)}
	if s.hit(luck, DuplicateReceipt) {
		s.books.faults[DuplicateReceipt]++
		pair = append(pair, &delivery{record: r})
	}
	s.promise(len(pair))
	return pair
}

// promise counts receipts that are made.
func (s *SMSC) promise(n int) {
	s.books.Receipts += uint64(n)
	s.books.pending += n
}

// enroute makes the intermediate receipt of a message that has receipts, in the dialect that has one.
func (s *SMSC) enroute(r *record, answered, now time.Duration) {
	if !r.receipts || !dialects[s.cfg.Dialect].intermediate {
		return
	}
	s.promise(1)
	s.receiptAt(&delivery{record: r, enroute: true}, answered, now)
}

// receiptAt puts a delivery on its way.
func (s *SMSC) receiptAt(d *delivery, due, now time.Duration) {
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
	if s.clashing.len() == 0 || !b.hasRoom(s.cfg.ReceiptWindow) || seq <= b.lastSeq {
		return // or the number has been used
	}
	d := s.clashing.pop()
	d.clash = false
	b.clashed[seq] = struct{}{}
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
		s.receiptAt(t.delivery, now+s.cfg.ReceiptDelay, now)
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
