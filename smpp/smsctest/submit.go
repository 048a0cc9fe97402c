package smsctest

import (
	"strconv"
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
	r := &record{
		id:     s.lastID,
		came:   now,
		source: address{s.in.SourceTON, s.in.SourceNPI, s.in.Source},
		dest:   address{s.in.DestTON, s.in.DestNPI, s.in.Dest},
		length: len(s.in.Payload()),
	}
	r.stat, r.err = s.fate(luck)
	s.books.accept(r, p, f, d, s.cfg.Keep)
	s.respond(b, seq, r, luck, now)
}

// legal parses the submit_sm into s.in and says what is wrong with it.
func (s *SMSC) legal(b *bind, f pdu.Frame) (part, pdu.Status) {
	if !b.transmits {
		s.books.OutOfState++
		return part{}, pdu.ESME_RINVBNDSTS
	}
	if err := pdu.ParseSM(f, &s.in); err != nil {
		s.books.Malformed++
		return part{}, pdu.ESME_RINVCMDLEN
	}
	if len(s.in.Source) > maxAddress {
		s.books.Malformed++
		return part{}, pdu.ESME_RINVSRCADR
	}
	if len(s.in.Dest) == 0 || len(s.in.Dest) > maxAddress {
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

// draw names the content of s.in, counts its coming and throws the dice for it.
func (s *SMSC) draw() (digest, dice) {
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
	if s.books.pending >= maxPending {
		s.books.Refused++
		return pdu.ESME_RMSGQFUL
	}
	return pdu.ESME_ROK
}

func (s *SMSC) hit(luck dice, f Fault) bool { return luck.hit(f, s.rate[f]) }

// respond decides how the answer of an accepted message goes, and when its receipt is due.
func (s *SMSC) respond(b *bind, seq uint32, r *record, luck dice, now time.Duration) {
	t := task{do: doAnswer, bind: b, seq: seq, id: r.id}
	wait := s.cfg.Latency
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
	for _, d := range receipts {
		s.receiptLater(d, now+wait, now)
	}
}

// answerLater answers after wait: at once, or by the agenda.
func (s *SMSC) answerLater(t task, now, wait time.Duration) {
	if wait <= 0 {
		s.run(&t, now)
		return
	}
	t.bind.inFlight[t.seq] = struct{}{}
	s.agenda.add(now+wait, t)
}

// answer writes a submit_sm_resp; the answer of a connection that has gone is lost.
func (s *SMSC) answer(b *bind, seq uint32, status pdu.Status, id uint64) {
	if len(b.inFlight) > 0 {
		delete(b.inFlight, seq)
		signal(b.room)
	}
	if b.closed {
		return
	}
	var digits [20]byte
	text := digits[:0]
	switch {
	case status != pdu.ESME_ROK:
	case s.rate[HexID] > 0:
		s.books.faults[HexID]++
		text = appendUpperHex(text, id)
	default:
		text = strconv.AppendUint(text, id, 10)
	}
	b.out = pdu.AppendResp(b.out, pdu.SubmitSMResp, status, seq, string(text))
	b.answered++
	s.touch(b)
}

// appendUpperHex writes ids as SMSCs that use hexadecimal do: capitals, no 0x.
func appendUpperHex(dst []byte, n uint64) []byte {
	at := len(dst)
	dst = strconv.AppendUint(dst, n, 16)
	for i := at; i < len(dst); i++ {
		if dst[i] >= 'a' {
			dst[i] -= 'a' - 'A'
		}
	}
	return dst
}
