package demo

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

// hostileRestart (row 18): the SMSC goes away and comes back counting its message ids from 1 again. A receipt belongs to
// the message that got its id last, and what was delivered under it before stays delivered.
func hostileRestart(t *testing.T, p *peer) {
	reused := &reuse{}
	reused.follow(p.proxy, true)
	ended := p.load(30, 200, "txn")
	p.run(t, ended)
	reused.follow(p.proxy, false) // what is sent now gets no receipt before the restart
	open := p.load(30, 200, "txn")
	p.send(t, open)
	p.wantAll(t, open, sms.Submitted)

	p.restart(t)
	reused = &reuse{}
	reused.follow(p.proxy, true)
	p.wantBound(t)
	l := p.load(60, 200, "txn")
	p.run(t, l)
	p.wantAll(t, l, sms.Undelivered) // what the SMSC says of everything, since its restart
	if a, b := p.inState(t, ended, sms.Delivered), p.inState(t, open, sms.Submitted); a != 30 || b != 30 {
		t.Errorf("of those before, %d are delivered and %d submitted, want 30 and 30", a, b)
	}
	if n := p.number(t, `SELECT count(*) FROM harkara.v_receipt WHERE id LIKE $1`, l.idPrefix()+"%"); n != 60 {
		t.Errorf("%d receipts are with the messages after the restart, want 60", n)
	}
	if n := p.number(t, `SELECT count(*) FROM harkara.v_receipt WHERE smsc = $1`, p.id); n != 90 {
		t.Errorf("%d receipts are in the database, want 90", n)
	}
}

// restart ends the simulator and starts another one at its address, which delivers nothing.
func (p *peer) restart(t *testing.T) {
	t.Helper()
	addr := p.smsc.Addr().String()
	if err := p.smsc.Close(); err != nil {
		t.Fatal(err)
	}
	p.cfg.Undelivered = 1
	smsc, err := smsctest.Listen(addr, p.cfg)
	if err != nil {
		t.Fatal(err)
	}
	p.smsc = smsc
	t.Cleanup(func() { _ = smsc.Close() })
}

// reuse rewrites an SMSC's message ids to 1, 2, 3 and so on.
type reuse struct {
	mu    sync.Mutex
	short map[string]string
}

func (r *reuse) follow(p *smsctest.Proxy, receipts bool) {
	p.Follow(func(l *smsctest.Link, w smsctest.Way, f pdu.Frame) {
		r.mu.Lock()
		defer r.mu.Unlock()
		h := f.Header()
		switch id, _ := pdu.ParseMessageID(f); {
		case h.ID == pdu.SubmitSMResp && h.Status == pdu.ESME_ROK:
			l.Send(w, pdu.AppendResp(nil, h.ID, h.Status, h.Seq, r.of(id)))
		case h.ID == pdu.DeliverSM && !receipts:
			l.Send(smsctest.ToSMSC, pdu.AppendResp(nil, pdu.DeliverSMResp, pdu.ESME_ROK, h.Seq, ""))
		case h.ID == pdu.DeliverSM:
			var m pdu.SM
			_ = pdu.ParseSM(f, &m) // the simulator's own
			long, _, _ := strings.Cut(string(bytes.TrimPrefix(m.ShortMessage, []byte("id:"))), " ")
			l.Send(w, edited(f, func(m *pdu.SM) {
				m.ShortMessage = bytes.Replace(m.ShortMessage, []byte(long), []byte(r.of(long)), 1)
			}))
		default:
			l.Send(w, f)
		}
	})
}

// of gives the short id for one of the SMSC's own.
func (r *reuse) of(id string) string {
	if r.short[id] == "" {
		if r.short == nil {
			r.short = map[string]string{}
		}
		r.short[id] = fmt.Sprint(len(r.short) + 1)
	}
	return r.short[id]
}

// edited gives a deliver_sm with something changed.
func edited(f pdu.Frame, change func(*pdu.SM)) []byte {
	var m pdu.SM
	if err := pdu.ParseSM(f, &m); err != nil {
		panic("the simulator's deliver_sm: " + err.Error())
	}
	change(&m)
	octets, err := pdu.AppendSM(nil, pdu.DeliverSM, f.Header().Seq, &m)
	if err != nil {
		panic(err)
	}
	return octets
}

// hostileReceipts (row 19): receipts come before their answers, ten times over, in any order, with older states after
// newer ones, and others with ids that nobody gave. Each one that is acknowledged is in the database, with its message or
// unmatched; what is delivered stays delivered.
func hostileReceipts(t *testing.T, p *peer) {
	s := &storm{random: rand.New(rand.NewPCG(uint64(p.row), 0)), acked: map[pdu.Status]int{}}
	p.proxy.Follow(s.script)
	l := p.load(200, 200, "txn")
	p.run(t, l)
	p.wantOnce(t, l)
	eventually(t, "every receipt of the storm is answered", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.answered == s.sent
	})
	p.verify(t, l)
	s.mu.Lock()
	defer s.mu.Unlock()
	want := s.acked[pdu.ESME_ROK] + int(p.smsc.Counters().ReceiptsAcked)
	t.Logf("%d receipts beside the SMSC's own, answered %v; %d with strange ids", s.sent, s.acked, s.strange)
	eventually(t, fmt.Sprintf("the %d receipts that were acknowledged are in the database", want), func() bool {
		return p.number(t, `SELECT count(*) FROM harkara.v_receipt WHERE smsc = $1`, p.id) == want
	})
	if n := p.number(t, `SELECT count(*) FROM harkara.v_receipt WHERE smsc = $1 AND id IS NULL`, p.id); n != s.strange {
		t.Errorf("%d receipts are unmatched, want %d", n, s.strange)
	}
	p.wantAll(t, l, sms.Delivered)
	if n := p.number(t, `SELECT count(*) FROM harkara.parked`); n != 0 {
		t.Errorf("%d events could not be projected", n)
	}
	p.wantUncut(t)
}

// storm makes ten receipts and more of each that the SMSC sends.
type storm struct {
	mu             sync.Mutex
	random         *rand.Rand
	sent, answered int // its own
	strange        int // of them acknowledged, those with ids that nobody gave
	acked          map[pdu.Status]int
	odd            map[uint32]bool // sequence numbers of the strange ones
}

// ids that nobody gave.
var strangeIDs = []string{"", "0", "0000000000", "0xDEADBEEF", "no such id", "'; DROP TABLE x; --", "\xff\xfe\x00\x01",
	strings.Repeat("9", 64), strings.Repeat("A", 200), "919800000001"}

func (s *storm) script(l *smsctest.Link, w smsctest.Way, f pdu.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := f.Header()
	switch {
	case w == smsctest.ToSMSC && h.ID == pdu.DeliverSMResp && h.Seq >= inserted:
		s.answered++
		s.acked[h.Status]++
		if s.odd[h.Seq] && h.Status == pdu.ESME_ROK {
			s.strange++
		}
	case h.ID == pdu.DeliverSM:
		for range 9 {
			s.insert(l, f)
		}
		s.insert(l, edited(f, func(m *pdu.SM) { restate(m, "ENROUTE", 1) }))
		s.insert(l, edited(f, func(m *pdu.SM) { restate(m, "UNDELIV", 5) }))
		if s.random.IntN(2) == 0 {
			if s.odd == nil {
				s.odd = map[uint32]bool{}
			}
			s.odd[inserted+uint32(s.sent)] = true
			id := strangeIDs[s.random.IntN(len(strangeIDs))]
			s.insert(l, edited(f, func(m *pdu.SM) { rename(m, id) }))
		}
		l.Send(w, f)
	default:
		l.Send(w, f)
	}
}

// insert sends a receipt within the next 50 ms.
func (s *storm) insert(l *smsctest.Link, f []byte) {
	wait := time.Duration(s.random.IntN(50)) * time.Millisecond
	l.SendAfter(wait, smsctest.FromSMSC, numbered(f, inserted+uint32(s.sent)))
	s.sent++
}

// restate makes a receipt say something else of its message.
func restate(m *pdu.SM, stat string, state byte) {
	m.ShortMessage = bytes.Replace(m.ShortMessage, []byte("stat:DELIVRD"), []byte("stat:"+stat), 1)
	for i := range m.TLVs {
		if m.TLVs[i].Tag == pdu.TagMessageState {
			m.TLVs[i].Value = []byte{state}
		}
	}
}

// rename makes a receipt speak of another message.
func rename(m *pdu.SM, id string) {
	_, rest, _ := strings.Cut(string(m.ShortMessage), " ")
	m.ShortMessage = []byte("id:" + id[:min(len(id), 100)] + " " + rest)
	for i := range m.TLVs {
		if m.TLVs[i].Tag == pdu.TagReceiptedMessageID {
			m.TLVs[i].Value = []byte(id + "\x00")
		}
	}
}
