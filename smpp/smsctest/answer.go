package smsctest

import (
	"strconv"
	"time"

	"harkara/smpp/pdu"
)

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
	case s.hexAnswers():
		if s.rate[HexID] > 0 {
			s.books.faults[HexID]++
		}
		text = appendUpperHex(text, id)
	default:
		text = appendID(text, id)
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
