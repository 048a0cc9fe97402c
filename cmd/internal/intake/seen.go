package intake

import (
	"hash/maphash"
	"sync"

	"harkara/smpp/sms"
)

// seenMax is how many ids each of the two generations remembers (some 40 MB when both are full).
const seenMax = 1 << 20

// seen remembers which request ids came lately, so that a copy which JetStream's duplicate window lets through (no
// Nats-Msg-Id, or more than ten minutes later) is not sent again. It forgets the oldest when a generation is full.
type seen struct {
	mu       sync.Mutex
	seed     maphash.Seed
	young    map[uint64]uint64 // hash of tenant and id → stream sequence
	old      map[uint64]uint64
	capacity int
}

func newSeen(capacity int) *seen {
	return &seen{seed: maphash.MakeSeed(), young: map[uint64]uint64{}, capacity: capacity}
}

type sighting uint8

const (
	fresh  sighting = iota // never seen
	again                  // this very message of the stream, brought once more
	copied                 // the same id under another sequence
)

// note says whether an id is new, and remembers it.
func (s *seen) note(tenant sms.TenantID, id sms.RequestID, sequence uint64) sighting {
	key := s.hash(tenant, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	had, ok := s.young[key]
	if !ok {
		had, ok = s.old[key]
	}
	switch {
	case !ok:
		s.add(key, sequence)
		return fresh
	case had == sequence:
		return again
	}
	return copied
}

func (s *seen) add(key, sequence uint64) {
	if len(s.young) >= s.capacity {
		s.old, s.young = s.young, make(map[uint64]uint64, s.capacity)
	}
	s.young[key] = sequence
}

func (s *seen) hash(tenant sms.TenantID, id sms.RequestID) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	h.WriteString(string(tenant))
	h.WriteByte(0) // neither part may hold it
	h.WriteString(string(id))
	return h.Sum64()
}
