package session

import (
	"encoding/binary"
	"testing"
	"time"

	"harkara/smpp/pdu"
)

// round is a bound session, and the PDUs of one message as its SMSC sends them.
type round struct {
	s             *Session[int]
	sm            pdu.SM
	resp, receipt pdu.Frame
	seq           uint32
}

func newRound(b testing.TB) *round {
	r := &round{s: New[int](Config{
		As: pdu.BindTransceiver, Window: 100, ReceiptsMax: 100,
		BindTimeout: time.Hour, Response: time.Hour, EnquireLink: time.Hour,
	}), seq: 1}
	if err := r.s.Open(epoch); err != nil {
		b.Fatal(err)
	}
	r.s.Receive(frame("bind_transceiver_resp", map[string]string{"seq": "1"}), epoch)
	r.s.Flushed(len(r.s.Output()), epoch)
	r.sm = pdu.SM{Source: "ACMEBK", Dest: "919800000001", ShortMessage: make([]byte, 100)}
	r.resp = frame("submit_sm_resp", map[string]string{"id": "0123456789"})
	var err error
	r.receipt, err = pdu.AppendSM(nil, pdu.DeliverSM, 1, &pdu.SM{ESMClass: 4, Source: "919800000001", Dest: "ACMEBK",
		ShortMessage: []byte("id:0123456789 stat:DELIVRD"), TLVs: []pdu.TLV{{Tag: pdu.TagMessageState, Value: []byte{2}}}})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

// submit sends one message and takes its answer.
func (r *round) submit(b testing.TB) {
	r.seq++
	if err := r.s.Submit(&r.sm, 1, epoch); err != nil {
		b.Fatal(err)
	}
	r.s.Flushed(len(r.s.Output()), epoch)
	binary.BigEndian.PutUint32(r.resp[12:], r.seq)
	r.s.Receive(r.resp, epoch)
	if results, _ := r.s.Take(); len(results) != 1 || results[0].MessageID != "0123456789" {
		b.Fatal("no result")
	}
}

// deliver takes the receipt and answers it.
func (r *round) deliver(b testing.TB) {
	r.s.Receive(r.receipt, epoch)
	_, deliveries := r.s.Take()
	if len(deliveries) != 1 {
		b.Fatal("not handed on")
	}
	r.s.Answer(deliveries[0].Header(), pdu.ESME_ROK, epoch)
	r.s.Flushed(len(r.s.Output()), epoch)
}

// BenchmarkSubmit is a submit and its answer, BenchmarkReceipt a receipt and ours, in memory.
func BenchmarkSubmit(b *testing.B) {
	r := newRound(b)
	b.ReportAllocs()
	for b.Loop() {
		r.submit(b)
	}
}

func BenchmarkReceipt(b *testing.B) {
	r := newRound(b)
	b.ReportAllocs()
	for b.Loop() {
		r.deliver(b)
	}
}

// TestSteadyStateHardlyAllocates holds a whole round to the one block of ids that about a hundred share.
func TestSteadyStateHardlyAllocates(t *testing.T) {
	r := newRound(t)
	allocs := testing.AllocsPerRun(10, func() {
		for range 1000 {
			r.submit(t)
			r.deliver(t)
		}
	})
	if allocs > 10 {
		t.Errorf("1000 rounds allocate %v times, want 10 at most", allocs)
	}
}

func TestIDsLast(t *testing.T) {
	var all ids
	long := make([]byte, 3*idsBlock)
	for i := range long {
		long[i] = 'x'
	}
	var kept []string
	id := []byte("id-000")
	for i := range 1000 {
		id[3], id[4], id[5] = byte('0'+i/100), byte('0'+i/10%10), byte('0'+i%10)
		kept = append(kept, all.keep(id))
		if i == 500 && all.keep(long) != string(long) {
			t.Error("a long one is lost")
		}
	}
	if kept[0] != "id-000" || kept[499] != "id-499" || kept[501] != "id-501" || kept[999] != "id-999" || all.keep(nil) != "" {
		t.Errorf("%q", kept)
	}
	if all.block.Cap() > 2*idsBlock {
		t.Errorf("one block has grown to %d octets, which one id would keep alive", all.block.Cap())
	}
}
