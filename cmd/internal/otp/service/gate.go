package service

import (
	"sync"

	"harkara/smpp/sms"
)

// How many calls may be under way; further ones are refused at once, so that nobody's wait behind somebody else's.
const (
	callsMax       = 8192
	callsOfATenant = 2048
)

// gate counts the calls that are under way, over NATS and HTTP.
type gate struct {
	mu     sync.Mutex
	by     map[sms.TenantID]int
	sum    int
	closed bool
	empty  chan struct{} // closed when the gate is, and the last call has left
}

func newGate() *gate { return &gate{by: map[sms.TenantID]int{}, empty: make(chan struct{})} }

// Enter begins a call of a tenant that Leave ends; false: there are too many, or the service ends. Calls over NATS do so by
// themselves.
func (s *Service) Enter(tenant sms.TenantID) bool {
	g := s.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.sum >= callsMax || g.by[tenant] >= callsOfATenant {
		return false
	}
	g.sum++
	g.by[tenant]++
	return true
}

// Leave ends a call that Enter let begin.
func (s *Service) Leave(tenant sms.TenantID) {
	g := s.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sum--
	if g.by[tenant]--; g.by[tenant] == 0 {
		delete(g.by, tenant)
	}
	if g.closed && g.sum == 0 {
		close(g.empty)
	}
}

// Calls is how many calls are under way.
func (s *Service) Calls() int {
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	return s.gate.sum
}

// close lets no more calls begin, and waits for those under way.
func (g *gate) close() {
	g.mu.Lock()
	g.closed = true
	if g.sum == 0 {
		close(g.empty)
	}
	g.mu.Unlock()
	<-g.empty
}
