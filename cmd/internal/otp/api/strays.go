package api

import (
	"maps"
	"net/netip"
	"sync"
	"time"
)

const (
	strayMost   = 10 // wrong keys of one address
	strayWindow = time.Minute
	strayTable  = 4096 // addresses that are told apart
)

// addressBlock is what one caller is taken for: an IPv4 address, or the /64 of IPv6 that one subscriber has. The zero value
// is everybody for whom there was no room in the table.
type addressBlock = netip.Prefix

// strays counts the wrong keys of each address. That is against scripts that fill the log and the network: guessing is
// hopeless without it, and since many callers may share an address, a right key passes always.
type strays struct {
	mu    sync.Mutex
	seen  map[addressBlock]*stray
	swept time.Time
}

type stray struct {
	from  time.Time // its window
	count int
}

// add counts a wrong key. wait is in seconds, 0: it is within the limit; first: it is the first that is not.
func (s *strays) add(remote string, now time.Time) (wait int, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.of(blockOf(remote), now)
	one.count++
	if one.count <= strayMost {
		return 0, false
	}
	left := one.from.Add(strayWindow).Sub(now)
	return max(1, int((left+time.Second-1)/time.Second)), one.count == strayMost+1
}

// of returns the window of an address.
func (s *strays) of(block addressBlock, now time.Time) *stray {
	one := s.seen[block]
	if one == nil && len(s.seen) >= strayTable {
		s.sweep(now)
	}
	if one == nil && len(s.seen) >= strayTable {
		block = addressBlock{}
		one = s.seen[block]
	}
	if one == nil || now.Sub(one.from) >= strayWindow {
		one = &stray{from: now}
		s.seen[block] = one
	}
	return one
}

// sweep forgets windows that are over; once a second at most, as it goes through all of them.
func (s *strays) sweep(now time.Time) {
	if now.Sub(s.swept) < time.Second {
		return
	}
	s.swept = now
	maps.DeleteFunc(s.seen, func(_ addressBlock, one *stray) bool { return now.Sub(one.from) >= strayWindow })
}

func blockOf(remote string) addressBlock {
	to, err := netip.ParseAddrPort(remote)
	if err != nil {
		return addressBlock{}
	}
	addr, bits := to.Addr().Unmap().WithZone(""), 64
	if addr.Is4() {
		bits = 32
	}
	block, err := addr.Prefix(bits)
	if err != nil {
		return addressBlock{}
	}
	return block
}
