package demo

import (
	"sync"
	"testing"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
	"harkara/smpp/smsctest"
)

// hostileDisconnect (row 7): the connection goes after the SMSC took a submit_sm and before its answer is through. What
// was in flight is in doubt and nothing else; an OTP is sent once more and says so, a transactional message is not; a
// receipt of what the gateway has no id of is kept as unmatched.
func hostileDisconnect(t *testing.T, p *peer) {
	for _, class := range []string{"otp", "txn"} {
		links, answers, cuts := p.proxy.Made(), 0, 0
		var mu sync.Mutex
		p.proxy.Follow(on(smsctest.FromSMSC, pdu.SubmitSMResp, func(l *smsctest.Link, w smsctest.Way, f pdu.Frame) {
			mu.Lock()
			defer mu.Unlock()
			if answers++; answers%70 == 0 && cuts < 2 {
				cuts++
				l.Cut()
				return
			}
			l.Send(w, f)
		}))
		l := p.load(200, 400, class)
		p.run(t, l)
		p.proxy.Follow(smsctest.Pass)
		p.wantBound(t)
		if made := p.proxy.Made() - links; made < cuts || cuts != 2 {
			t.Errorf("%s: %d connections were made after %d cuts", class, made, cuts)
		}
		p.verify(t, l)
		again := p.declared(t, l)
		doubtful := p.inState(t, l, sms.InDoubt)
		switch class {
		case "otp": // its second copy was answered and delivered, unless the second cut took that one too
			if again < cuts {
				t.Errorf("%d OTPs are declared as sent twice after %d cuts", again, cuts)
			}
			p.wantDeliveredOrTwice(t, l)
		case "txn":
			if again != 0 || doubtful < cuts || doubtful > cuts*p.Window {
				t.Errorf("%d alerts were sent twice, %d are in doubt after %d cuts", again, doubtful, cuts)
			}
		}
		if delivered := p.inState(t, l, sms.Delivered); delivered+doubtful != l.Messages {
			t.Errorf("%d are delivered and %d in doubt of %d", delivered, doubtful, l.Messages)
		}
	}
}

// wantDeliveredOrTwice wants every OTP delivered but those, at most a window of them, whose second copy met the same
// fate as the first.
func (p *peer) wantDeliveredOrTwice(t *testing.T, l Load) {
	t.Helper()
	doubtful := p.inState(t, l, sms.InDoubt)
	once := p.number(t, `SELECT count(*) FROM harkara.v_message WHERE id LIKE $1 AND state = 'in_doubt'
		AND NOT possible_duplicate`, l.idPrefix()+"%")
	if delivered := p.inState(t, l, sms.Delivered); delivered+doubtful != l.Messages || doubtful > p.Window || once != 0 {
		t.Errorf("of %d OTPs %d are delivered and %d in doubt, %d of those without a second copy", l.Messages, delivered,
			doubtful, once)
	}
}

// hostileSilence (row 8): answers are lost on a link that lives. Such a submit is in doubt and holds its slot in the
// window until its answer comes after all, or two time-outs are over; the answer is used even after that.
func hostileSilence(t *testing.T, p *peer) {
	t.Run("late_answer_is_used", func(t *testing.T) {
		p.proxy.Follow(everyNth(5, func(l *smsctest.Link, w smsctest.Way, f pdu.Frame) {
			l.SendAfter(p.Response*14/10, w, f)
		}))
		l := p.load(40, 0, "txn") // not sent again: the late answer alone makes it more than in doubt
		p.run(t, l)
		p.wantOnce(t, l)
		if n, m := p.counted(t, timeouts), p.counted(t, late); n != 8 || m != 8 {
			t.Errorf("%d answers were missed and %d came late, want 8", n, m)
		}
		p.verify(t, l)
	})
	t.Run("resend_is_declared", func(t *testing.T) {
		p.proxy.Follow(firstN(5, func(l *smsctest.Link, w smsctest.Way, f pdu.Frame) {
			l.SendAfter(p.Response*14/10, w, f)
		}))
		l := p.load(20, 0, "otp")
		p.run(t, l)
		p.wantAll(t, l, sms.Delivered)
		eventually(t, "both copies of five OTPs are known as accepted", func() bool {
			return p.number(t, `SELECT count(*) FROM harkara.v_attempt WHERE id LIKE $1 AND status = 'accepted'`,
				l.idPrefix()+"%") == 25
		})
		if n := p.declared(t, l); n != 5 {
			t.Errorf("%d OTPs are declared as sent twice, want 5", n)
		}
		p.verify(t, l)
	})
	t.Run("slot_is_quarantined", func(t *testing.T) { hostileQuarantine(t, p) })
}

// hostileQuarantine loses a whole window of answers: nothing more is written until two time-outs are over, as the SMSC
// may still work on them. An answer that comes even later still says what became of its message.
func hostileQuarantine(t *testing.T, p *peer) {
	var mu sync.Mutex
	var written []time.Time
	var lost []pdu.Frame
	lose := firstN(p.Window, func(_ *smsctest.Link, _ smsctest.Way, f pdu.Frame) { lost = append(lost, f) })
	p.proxy.Follow(func(l *smsctest.Link, w smsctest.Way, f pdu.Frame) {
		mu.Lock()
		defer mu.Unlock()
		if w == smsctest.ToSMSC && f.Header().ID == pdu.SubmitSM {
			written = append(written, time.Now())
		}
		lose(l, w, f)
	})
	before := p.counted(t, late)
	l := p.load(2*p.Window, 0, "txn")
	p.run(t, l)
	mu.Lock()
	// The proxy sees the first one a little after it was written, and the other one may be on time.
	if held := written[p.Window].Sub(written[0]); len(written) != l.Messages || held < 2*p.Response-50*time.Millisecond {
		t.Errorf("%d submits were written, the one after the window %v after the first", len(written), held)
	}
	mu.Unlock()
	if n := p.inState(t, l, sms.InDoubt); n != p.Window {
		t.Errorf("%d messages are in doubt, want %d", n, p.Window)
	}
	for _, f := range lost {
		p.proxy.Links()[0].Send(smsctest.FromSMSC, f)
	}
	p.wantOnce(t, l)
	if n := p.counted(t, late) - before; n != p.Window {
		t.Errorf("%d answers are counted as late, want %d", n, p.Window)
	}
	p.verify(t, l)
	if p.proxy.Made() != 1 {
		t.Errorf("%d connections were made: the link was good", p.proxy.Made())
	}
}

// everyNth does something with every nth submit_sm_resp, firstN with the first n; all else passes.
func everyNth(n int, do smsctest.Script) smsctest.Script {
	return counted(do, func(i int) bool { return i%n == 0 })
}

func firstN(n int, do smsctest.Script) smsctest.Script {
	return counted(do, func(i int) bool { return i <= n })
}

func counted(do smsctest.Script, hit func(i int) bool) smsctest.Script {
	var mu sync.Mutex
	i := 0
	return on(smsctest.FromSMSC, pdu.SubmitSMResp, func(l *smsctest.Link, w smsctest.Way, f pdu.Frame) {
		mu.Lock()
		i++
		hit := hit(i)
		mu.Unlock()
		if hit {
			do(l, w, f)
			return
		}
		l.Send(w, f)
	})
}

// hostileStandstill (row 13): the SMSC stops reading on one of two binds while its receipts go on. The gateway gives
// that bind up, though what it hears says that the peer lives; what it wrote there is in doubt, a few windows of it; the
// other bind is not held up.
func hostileStandstill(t *testing.T, p *peer) {
	p.wantBound(t)
	stuck := p.proxy.Links()[0]
	stuck.StopReading(smsctest.ToSMSC)
	began, l := time.Now(), p.load(600, 200, "txn")
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.run(t, l)
	}()
	limit := 6 * time.Second
	for p.counted(t, connects) == p.Binds && time.Since(began) < limit {
		<-time.After(50 * time.Millisecond)
	}
	t.Logf("%d connections after %v", p.counted(t, connects), time.Since(began))
	if p.counted(t, connects) == p.Binds {
		t.Errorf("a bind that is not read from is still kept after %v", limit)
		stuck.Cut()
	}
	<-done
	p.wantBound(t)
	if n := p.inState(t, l, sms.InDoubt); n > 3*p.Window {
		t.Errorf("%d messages are in doubt, want at most three windows of %d", n, p.Window)
	}
	p.verify(t, l)
}

// hostileCable (row 14): a cable is pulled: both connections stand, nothing goes through, nobody says so. The gateway
// gives the bind up within enquire_link's interval and a time-out, and the other bind goes on.
func hostileCable(t *testing.T, p *peer) {
	for _, busy := range []bool{true, false} {
		p.wantBound(t)
		l := p.load(400, 200, "otp")
		done := make(chan struct{})
		if busy {
			go func() {
				defer close(done)
				p.run(t, l)
			}()
		} else {
			close(done)
			l = Load{}
		}
		began, link := time.Now(), p.proxy.Links()[0]
		link.Black()
		<-link.Left()
		if took, want := time.Since(began), time.Second+p.Response; took > want+500*time.Millisecond {
			t.Errorf("busy %v: given up after %v, want %v", busy, took, want)
		}
		link.Cut() // its other end, which the SMSC holds for a bind
		<-done
		if busy {
			p.wantDeliveredOrTwice(t, l)
			p.verify(t, l)
		}
	}
	p.wantBound(t)
}
