package bind

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// tell writes records down.
func tell(began time.Time, records []Record) string {
	var lines []string
	for _, r := range records {
		way := "<"
		if r.Sent {
			way = ">"
		}
		h := r.Frame.Header()
		lines = append(lines, fmt.Sprintf("%v %s%d %s %s %d", r.At.Sub(began), r.SMSC, r.Bind, way, h.ID, h.Seq))
	}
	return strings.Join(lines, "\n")
}

// TestRecorder looks at what is remembered of both ways, over a reconnect; it gives away neither numbers nor
// texts nor the password.
func TestRecorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSMSC()
		var died []string
		ctx, cancel := context.WithCancel(context.Background())
		pool := NewPool(config(), Deps{
			Dial: s.dial, Handler: &handler{}, Rand: func() float64 { return 0.5 },
			Died: func(smsc sms.SMSCID, bind int, why error, last []Record) {
				died = append(died, fmt.Sprintf("%s%d: %v: %d PDUs", smsc, bind, why, len(last)))
			},
		})
		ended := make(chan error)
		go func() { ended <- pool.Run(ctx) }()
		synctest.Wait()
		sub := submission(sms.OTP, 1)
		sub.SMs[0].ShortMessage = []byte("made-up secret 483921")
		pool.Submit(ctx, sub)
		after(time.Second)
		s.conn(1).deliver(pdu.DeliverSM, 9)
		synctest.Wait()
		s.conn(1).Close()
		after(time.Minute)
		f := fixture{t: t}
		f.want("trace", tell(s.began, pool.Trace()), `0s sim-a1 > bind_transceiver 1
0s sim-a1 < bind_transceiver_resp 1
0s sim-a1 > submit_sm 2
0s sim-a1 < submit_sm_resp 2
1s sim-a1 < deliver_sm 9
1s sim-a1 > deliver_sm_resp 9
1.5s sim-a1 > bind_transceiver 1
1.5s sim-a1 < bind_transceiver_resp 1
31.5s sim-a1 > enquire_link 2
31.5s sim-a1 < enquire_link_resp 2`)
		for _, r := range pool.Trace() {
			for _, secret := range []string{password, "98000", "made-up secret", "483921"} {
				if bytes.Contains(r.Frame, []byte(secret)) {
					t.Errorf("%s has %q in it", r.Frame.Header().ID, secret)
				}
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		f.want("died", fmt.Sprint(died), "[sim-a1: the SMSC closed the connection: 6 PDUs]")
		s.work.Wait()
	})
}

func TestRecorderIsBounded(t *testing.T) {
	var r recorder
	long, err := pdu.AppendSM(nil, pdu.SubmitSM, 1, &pdu.SM{
		Dest: "919800000001", TLVs: []pdu.TLV{{Tag: pdu.TagMessagePayload, Value: make([]byte, 60000)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var octets []byte
	var frames []pdu.Frame
	for seq := range uint32(2 * recordsMax) {
		octets = pdu.AppendHeader(octets, pdu.EnquireLink, pdu.ESME_ROK, seq)
		frames = append(frames, octets[len(octets)-pdu.HeaderLength:])
	}
	now := time.Now()
	r.sent(append(append(long, octets...), long[:len(long)-1]...), now) // the last one is cut short
	got := r.records()
	if first, last := got[0].Frame.Header().Seq, got[len(got)-1].Frame.Header().Seq; len(got) != recordsMax ||
		first != recordsMax || last != 2*recordsMax-1 {
		t.Errorf("%d remembered, from %d to %d", len(got), first, last)
	}
	r.received([]pdu.Frame{long}, now)
	if got := r.records(); len(got[recordsMax-1].Frame) != recordOctets {
		t.Errorf("of a long PDU %d octets are remembered", len(got[recordsMax-1].Frame))
	}
	if allocs := testing.AllocsPerRun(10, func() {
		r.sent(octets, now)
		r.received(frames, now)
	}); allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// BenchmarkRecorder is what remembering costs a PDU, in batches of ten.
func BenchmarkRecorder(b *testing.B) {
	var r recorder
	var octets []byte
	for seq := range uint32(10) {
		octets, _ = pdu.AppendSM(octets, pdu.SubmitSM, seq, &pdu.SM{Dest: "919800000001", ShortMessage: make([]byte, 100)})
	}
	now := time.Now()
	for b.Loop() {
		r.sent(octets, now)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10, "ns/PDU")
}
