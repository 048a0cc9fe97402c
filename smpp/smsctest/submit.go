package smsctest

import (
	"time"

	"harkara/smpp/pdu"
)

// maxAddress is the longest source_addr and destination_addr of a submit_sm, in octets (SMPP 3.4 §4.4.1).
const maxAddress = 20

// submit takes one submit_sm. It is one straight story: legal, within the rate, refused or accepted, and then what
// becomes of its answer.
func (s *SMSC) submit(b *bind, f pdu.Frame, seq uint32, now time.Duration) {
	if _, again := b.inFlight[seq]; again {
		s.books.IllegalSeqs++
		s.say(b, pdu.GenericNack, pdu.ESME_RUNKNOWNERR, seq)
		return
	}
	s.books.submit(now)
	b.window++
	s.books.MaxWindow = max(s.books.MaxWindow, b.window)
	if b.transmits && b.receives {
		s.clash(b, seq, now)
	}
	p, status := s.legal(b, f)
	if status != pdu.ESME_ROK {
		s.answer(b, seq, status, 0)
		return
	}
	d, luck := s.draw()
	if status := s.refuse(luck, now); status != pdu.ESME_ROK {
		s.answerLater(task{do: doAnswer, bind: b, seq: seq, status: status}, now, s.cfg.Latency)
		return
	}
	s.lastID++
	s.books.accept(p)
	if s.plain {
		r := record{serial: s.lastID, padded: dialects[s.cfg.Dialect].padded}
		s.answerLater(task{do: doAnswer, bind: b, seq: seq, id: r.id()}, now, s.cfg.Latency)
		return
	}
	r := s.newRecord(luck, now)
	if !s.cfg.CountOnly {
		s.books.compare(d)
		if s.cfg.Keep > 0 {
			s.books.keep(r, f, s.cfg.Keep)
		}
	}
	s.respond(b, seq, r, luck, now)
}

// newRecord makes the record of the message in s.in, which is accepted.
func (s *SMSC) newRecord(luck dice, now time.Duration) *record {
	r := &record{
		serial: s.lastID,
		padded: dialects[s.cfg.Dialect].padded,
		came:   now,
		source: address{s.in.SourceTON, s.in.SourceNPI, s.in.Source},
		dest:   address{s.in.DestTON, s.in.DestNPI, s.in.Dest},
		length: uint32(len(s.in.Payload())),
	}
	r.state, r.err, r.receipts = s.fate(luck)
	r.userRef, r.hasUserRef = userRef(&s.in)
	return r
}

// legal parses the submit_sm into s.in, only by a glance where all is plain, and says what is wrong with it.
func (s *SMSC) legal(b *bind, f pdu.Frame) (part, pdu.Status) {
	if !b.transmits {
		s.books.OutOfState++
		return part{}, pdu.ESME_RINVBNDSTS
	}
	source, dest, ok := s.parse(f)
	if !ok {
		s.books.Malformed++
		return part{}, pdu.ESME_RINVCMDLEN
	}
	if source > maxAddress {
		s.books.Malformed++
		return part{}, pdu.ESME_RINVSRCADR
	}
	if dest == 0 || dest > maxAddress {
		s.books.Malformed++
		return part{}, pdu.ESME_RINVDSTADR
	}
	p, ok := partOf(&s.in)
	if !ok {
		s.books.Malformed++
		return part{}, pdu.ESME_RINVMSGLEN
	}
	if s.cfg.Seen != nil {
		s.cfg.Seen(&s.in)
	}
	return p, pdu.ESME_ROK
}

// parse reads the submit_sm into s.in, and gives the lengths of its addresses.
func (s *SMSC) parse(f pdu.Frame) (source, dest int, ok bool) {
	if s.plain {
		return glance(f, &s.in)
	}
	err := pdu.ParseSM(f, &s.in)
	return len(s.in.Source), len(s.in.Dest), err == nil
}

// draw names the content of s.in, counts its coming and throws the dice for it.
func (s *SMSC) draw() (digest, dice) {
	if s.cfg.CountOnly {
		return digest{}, diceOf(s.cfg.Seed, digest{}, uint32(s.books.Submits))
	}
	s.key = s.key[:0]
	if s.cfg.Key != nil {
		s.key = append(s.key, s.cfg.Key(&s.in)...)
	} else {
		s.key = append(append(s.key, s.in.Source...), 0)
		s.key = append(append(s.key, s.in.Dest...), 0)
		s.key = append(s.key, s.in.Payload()...)
	}
	d := digestOf(s.key)
	seen := s.books.seen[d]
	seen.arrived++
	s.books.seen[d] = seen
	return d, diceOf(s.cfg.Seed, d, seen.arrived)
}

// refuse says why the submit_sm is not accepted, ESME_ROK where it is.
func (s *SMSC) refuse(luck dice, now time.Duration) pdu.Status {
	if s.cfg.TPS > 0 {
		if s.pace.count(now) >= s.cfg.TPS {
			s.books.Throttled++
			return pdu.ESME_RTHROTTLED
		}
		s.pace.add(now)
	}
	if s.hit(luck, Refuse) {
		s.books.faults[Refuse]++
		s.books.Refused++
		return s.cfg.RefuseStatus
	}
	unlucky := s.hit(luck, QueueFull)
	if unlucky {
		s.books.faults[QueueFull]++
	}
	if unlucky || s.cfg.QueueFull || s.books.pending >= maxPending {
		s.books.Refused++
		s.books.QueueFull++
		return pdu.ESME_RMSGQFUL
	}
	return pdu.ESME_ROK
}

func (s *SMSC) hit(luck dice, f Fault) bool { return luck.hit(f, s.rate[f]) }

// respond decides how the answer of an accepted message goes, and when its receipt is due.
func (s *SMSC) respond(b *bind, seq uint32, r *record, luck dice, now time.Duration) {
	t := task{do: doAnswer, bind: b, seq: seq, id: r.id()}
	wait := s.cfg.Latency
	due := now + wait + s.cfg.ReceiptDelay
	r.due = due
	receipts := s.receipts(r, luck)
	switch {
	case s.hit(luck, DropBeforeAnswer):
		s.books.faults[DropBeforeAnswer]++
		b.leaving = true
	case s.hit(luck, NoAnswer):
		s.books.faults[NoAnswer]++
		b.window--
	case s.hit(luck, LateAnswer):
		s.books.faults[LateAnswer]++
		wait = s.cfg.LateBy
		due = now + wait + s.cfg.ReceiptDelay
		r.due = due
		s.answerLater(t, now, wait)
	case len(receipts) > 0 && s.hit(luck, ReceiptBeforeAnswer):
		t.do, t.delivery = doEarly, receipts[0]
		receipts = receipts[1:]
		s.answerLater(t, now, wait)
	default:
		s.answerLater(t, now, wait)
	}
	if !b.leaving && s.hit(luck, StopReading) {
		s.books.faults[StopReading]++
		b.stopped = true
	}
	s.enroute(r, now+wait, now)
	for _, d := range receipts {
		s.receiptAt(d, due, now)
	}
}
