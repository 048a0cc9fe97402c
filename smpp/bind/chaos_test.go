package bind

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/session"
	"harkara/smpp/sms"
)

// TestFaultsLoseNothing runs a thousand submissions per seed against an SMSC that drops connections, leaves PDUs unanswered,
// answers late or twice, stops reading, unbinds, and delivers receipts numbered like our submits. Whatever it does:
// every Submit returns, every segment has one answer, the SMSC has seen each segment at most once, and exactly those
// that are not unsent or lapsed; no segment is accepted that the SMSC did not accept.
func TestFaultsLoseNothing(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { chaos(t, seed) })
		})
	}
}

// books are what the SMSC has seen, by the text of the segment.
type books struct {
	mu       sync.Mutex
	random   *rand.Rand
	seen     map[string]int
	accepted map[string]bool
}

func (b *books) float() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.random.Float64()
}

// misbehave is the script of the SMSC.
func (b *books) misbehave(c *conn, f pdu.Frame) bool {
	var m pdu.SM
	if f.Header().ID != pdu.SubmitSM || pdu.ParseSM(f, &m) != nil {
		return f.Header().ID == pdu.EnquireLink && b.float() < 0.2
	}
	dice := b.float()
	b.mu.Lock()
	b.seen[string(m.ShortMessage)]++
	b.mu.Unlock()
	accept := func() {
		b.mu.Lock()
		b.accepted[string(m.ShortMessage)] = true
		b.mu.Unlock()
		c.answer(f, pdu.ESME_ROK)
	}
	switch {
	case dice < 0.005: // drop before the answer
		c.Close()
	case dice < 0.015: // no answer
	case dice < 0.03: // late answer
		c.smsc.work.Go(func() {
			<-time.After(12 * time.Second)
			accept()
		})
	case dice < 0.04:
		c.answer(f, pdu.ESME_RTHROTTLED)
	case dice < 0.09: // a receipt numbered like the submit, then the answer, twice
		c.deliver(pdu.DeliverSM, f.Header().Seq)
		accept()
		c.answer(f, pdu.ESME_ROK)
	case dice < 0.095:
		c.send(pdu.AppendHeader(nil, pdu.Unbind, pdu.ESME_ROK, 5))
	case dice < 0.1: // stop reading for longer than a write may take
		<-time.After(6 * time.Second)
	case dice < 0.11:
		c.send(pdu.AppendHeader(nil, pdu.GenericNack, pdu.ESME_RINVCMDLEN, f.Header().Seq))
	default:
		accept()
	}
	return true
}

func chaos(t *testing.T, seed uint64) {
	b := &books{random: rand.New(rand.NewPCG(seed, 1)), seen: map[string]int{}, accepted: map[string]bool{}}
	s := newSMSC()
	s.script = b.misbehave
	cfg := config()
	cfg.Binds, cfg.Window, cfg.TPS, cfg.Lane = 3, 10, 120, 100
	f := start(t, cfg, s, &handler{})
	const messages = 1000
	var all sync.WaitGroup
	for n := range messages {
		all.Go(func() {
			<-time.After(time.Duration(n) * 20 * time.Millisecond)
			sub := submission(sms.Classes[n%3], 1+n%4)
			sub.Deadline = time.Now().Add(time.Duration(1+n%40) * time.Second)
			for i := range sub.SMs {
				sub.SMs[i].ShortMessage = fmt.Appendf(nil, "%d/%d", n, i)
			}
			b.check(t, sub, f.pool.Submit(context.Background(), sub))
		})
	}
	all.Wait()
	if _, err := f.stop(); err != nil {
		t.Error(err)
	}
	for text, times := range b.seen {
		if times != 1 {
			t.Errorf("segment %s was sent %d times", text, times)
		}
	}
}

// check holds an outcome against the books.
func (b *books) check(t *testing.T, sub *Submission, o Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(o.Answers) != len(sub.SMs) {
		t.Errorf("%d answers to %d segments", len(o.Answers), len(sub.SMs))
		return
	}
	for i, a := range o.Answers {
		text := string(sub.SMs[i].ShortMessage)
		never := a.Verdict == session.Unsent || a.Verdict == session.Lapsed
		switch {
		case a.Segment != i+1 || a.At.IsZero():
			t.Errorf("%s: answer %+v", text, a)
		case never && b.seen[text] != 0:
			t.Errorf("%s is %s, and the SMSC has it", text, a.Verdict)
		case !never && a.Verdict != session.InDoubt && b.seen[text] != 1:
			t.Errorf("%s is %s, and the SMSC has it %d times", text, a.Verdict, b.seen[text])
		case a.Verdict == session.Accepted && !b.accepted[text]:
			t.Errorf("%s is accepted, and the SMSC did not accept it", text)
		}
		if a.Verdict != session.Unsent && o.Err != nil {
			t.Errorf("%s is %s with the error %v", text, a.Verdict, o.Err)
		}
	}
}
