package demo

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

// hostileOctets (row 12): octets that are no SMPP. A body that can't be read is refused and costs nothing else; a length
// that can't be right, or a PDU that never ends, costs the connection and nothing else. See also TestHostileFlood.
func hostileOctets(t *testing.T, p *peer) {
	t.Run("bodies", func(t *testing.T) { hostileBodies(t, p) })
	t.Run("message_ids", func(t *testing.T) { hostileIDs(t, p) })
	p.wantUncut(t)
	t.Run("length", func(t *testing.T) {
		p.ends(t, 500*time.Millisecond, func(l *smsctest.Link) {
			l.Send(smsctest.FromSMSC, []byte{0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1})
		})
	})
	t.Run("slowloris", func(t *testing.T) {
		// The connection carries octets all the time, and not one whole PDU.
		p.ends(t, time.Second+p.Response+500*time.Millisecond, func(l *smsctest.Link) {
			p.proxy.Follow(func(other *smsctest.Link, w smsctest.Way, f pdu.Frame) {
				if w == smsctest.ToSMSC || other != l {
					other.Send(w, f)
				}
			})
			f := bodied(pdu.DeliverSM, strings.Repeat("A", 60_000))
			for i := range 1000 {
				l.SendAfter(time.Duration(i)*5*time.Millisecond, smsctest.FromSMSC, f[i:i+1])
			}
		})
	})
}

// ends does something to the link while messages go over it, and wants the gateway to give the link up within limit, to
// come back, and to lose nothing.
func (p *peer) ends(t *testing.T, limit time.Duration, do func(*smsctest.Link)) {
	t.Helper()
	p.wantBound(t)
	l := p.load(200, 200, "otp")
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.run(t, l)
	}()
	link, began := p.proxy.Links()[0], time.Now()
	do(link)
	<-link.Left()
	if took := time.Since(began); took > limit {
		t.Errorf("given up after %v, want at most %v", took, limit)
	}
	<-done
	p.wantBound(t)
	p.wantAll(t, l, sms.Delivered)
	p.verify(t, l)
}

// hostileBodies puts deliver_sm that can't be read between the answers: each is refused, once.
func hostileBodies(t *testing.T, p *peer) {
	bodies := malformed(t)
	names := slices.Sorted(maps.Keys(bodies))
	var mu sync.Mutex
	next, answers := 0, map[uint32][]pdu.Status{}
	p.proxy.Follow(func(l *smsctest.Link, w smsctest.Way, f pdu.Frame) {
		mu.Lock()
		defer mu.Unlock()
		h := f.Header()
		switch {
		case w == smsctest.ToSMSC && h.Seq >= inserted:
			answers[h.Seq] = append(answers[h.Seq], h.Status)
		case h.ID == pdu.SubmitSMResp:
			l.Send(w, numbered(bodies[names[next%len(names)]], inserted+uint32(next)))
			next++
			l.Send(w, f)
		default:
			l.Send(w, f)
		}
	})
	l := p.load(100, 0, "txn")
	p.run(t, l)
	p.wantOnce(t, l)
	p.verify(t, l)
	eventually(t, "every one is answered", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(answers) == next
	})
	for i := range next {
		if got := answers[inserted+uint32(i)]; len(got) != 1 || got[0] == pdu.ESME_ROK {
			t.Errorf("%s is answered %v", names[i%len(names)], got)
		}
	}
}

// hostileIDs gives message ids that the standard forbids. The message was accepted all the same; where its receipt
// can't be told by such an id, it waits for one.
func hostileIDs(t *testing.T, p *peer) {
	long := make([]byte, 20_000)
	random := rand.New(rand.NewPCG(uint64(p.row), 0))
	for i := range long {
		long[i] = byte('!' + random.IntN(90))
	}
	ids := []string{string(long), string(long[:3000]), "\xff\xfe\x80", "  ", "", "\x01\x02\x1b[2J",
		"'; DROP TABLE harkara.message; --"}
	var mu sync.Mutex
	next := 0
	p.proxy.Follow(on(smsctest.FromSMSC, pdu.SubmitSMResp, func(l *smsctest.Link, w smsctest.Way, f pdu.Frame) {
		mu.Lock()
		defer mu.Unlock()
		h, body := f.Header(), strings.TrimSuffix(string(f.Body()), "\x00") // the id itself, only without its NUL
		if next < len(ids) {
			body = ids[next] + "\x00"
		}
		next++
		l.Send(w, numbered(bodied(h.ID, body), h.Seq))
	}))
	l := p.load(2*len(ids), 0, "txn")
	p.send(t, l)
	eventually(t, "half are delivered and half submitted", func() bool {
		return p.inState(t, l, sms.Delivered) == len(ids) && p.inState(t, l, sms.Submitted) == len(ids)
	})
	p.proxy.Follow(smsctest.Pass)
	if n := p.number(t, `SELECT count(*) FROM harkara.parked`); n != 0 {
		t.Errorf("%d events could not be projected", n)
	}
	next = 0
	after := p.load(20, 0, "txn") // the projection is none the worse for it
	p.run(t, after)
	p.wantOnce(t, after)
}

// lengths are command_lengths that no PDU has.
func lengths() (list [][]byte) {
	for _, n := range []uint32{0, 2, 15, pdu.MaxLength + 1, 1 << 31, 0xFFFFFFFF} {
		f := pdu.AppendHeader(nil, pdu.DeliverSM, pdu.ESME_ROK, 1)
		binary.BigEndian.PutUint32(f, n)
		list = append(list, f)
	}
	return list
}
