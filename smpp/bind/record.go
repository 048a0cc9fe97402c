package bind

import (
	"bytes"
	"slices"
	"sync"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

const (
	recordsMax   = 256     // PDUs that a bind remembers
	recordOctets = 1 << 10 // of each PDU; the rest of a longer one is forgotten
)

// Record is one PDU that a bind sent or received.
type Record struct {
	SMSC  sms.SMSCID
	Bind  int       // from 1
	At    time.Time // when it was written whole, or when the loop took it
	Sent  bool      // by us; else received
	Frame pdu.Frame // masked by pdu.Mask; of a PDU over 1 KiB the beginning
}

// Trace returns what the binds remember of their last PDUs, oldest first. It goes back over reconnects.
func (p *Pool) Trace() []Record {
	var all []Record
	for _, b := range p.binds {
		all = append(all, b.trace()...)
	}
	slices.SortStableFunc(all, func(a, b Record) int { return a.At.Compare(b.At) })
	return all
}

// trace returns what the bind remembers.
func (b *bind) trace() []Record {
	all := b.recorder.records()
	for i := range all {
		r := &all[i]
		r.SMSC, r.Bind, r.Frame = b.pool.cfg.SMSC, b.n, pdu.Mask(r.Frame)
	}
	return all
}

// recorder is a ring of the last PDUs as they were. Its memory is bounded, and reused: in the long run a PDU costs a copy
// and no allocation. What leaves it is masked.
type recorder struct {
	mu   sync.Mutex
	ring [recordsMax]Record
	next uint64 // how many there ever were; the next one's place is that modulo recordsMax
}

// received remembers PDUs that came together.
func (r *recorder) received(frames []pdu.Frame, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range frames[max(0, len(frames)-recordsMax):] {
		r.keep(f, false, at)
	}
}

// sent remembers the whole PDUs that out begins with.
func (r *recorder) sent(out []byte, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(out) >= pdu.HeaderLength {
		n := int(pdu.ParseHeader(out).Length)
		if n > len(out) {
			return
		}
		r.keep(out[:n], true, at)
		out = out[n:]
	}
}

func (r *recorder) keep(f pdu.Frame, sent bool, at time.Time) {
	slot := &r.ring[r.next%recordsMax]
	r.next++
	slot.Sent, slot.At = sent, at
	slot.Frame = append(slot.Frame[:0], f[:min(len(f), recordOctets)]...)
}

// records copies the ring, oldest first. Masking is left to the caller, who holds no lock that a loop waits for.
func (r *recorder) records() []Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	count := min(r.next, recordsMax)
	all := make([]Record, 0, count)
	for n := r.next - count; n < r.next; n++ {
		slot := r.ring[n%recordsMax]
		slot.Frame = bytes.Clone(slot.Frame)
		all = append(all, slot)
	}
	return all
}
