package webhook

import (
	"fmt"
	"net/netip"
	"slices"
	"syscall"
)

// closed are the addresses of IPv4 that no receiver of the public Internet has (IANA IPv4 Special-Purpose Address
// Registry, RFC 6890), and one that clouds have taken for themselves.
var closed = prefixes("0.0.0.0/8", // this host, this network
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // private, RFC 1918
	"100.64.0.0/10",   // shared with a carrier's customers, RFC 6598; some clouds' metadata, too
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, RFC 3927: most clouds' metadata
	"192.0.0.0/24",    // IETF protocol assignments
	"192.88.99.0/24",  // relays of 6to4, RFC 7526
	"198.18.0.0/15",   // benchmarking, RFC 2544
	"192.0.2.0/24",    // documentation, RFC 5737
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/3",     // multicast, reserved, broadcast
	"168.63.129.16/32" /* a public address on paper; inside Azure it is the host's own agent */)

// open6 is all of IPv6 that is given out for public use, and closed6 what in it has another meaning (IANA IPv6
// Special-Purpose Address Registry).
var (
	open6   = netip.MustParsePrefix("2000::/3")
	closed6 = prefixes("2001::/23", // IETF protocol assignments: Teredo, benchmarking, ORCHID
		"2001:db8::/32", "3fff::/20", // documentation
		"2002::/16") // 6to4, which ends at the IPv4 address inside it; given up by RFC 7526
	nat64 = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052: ends at the IPv4 address inside it
)

func prefixes(list ...string) []netip.Prefix {
	made := make([]netip.Prefix, len(list))
	for i, text := range list {
		made[i] = netip.MustParsePrefix(text)
	}
	return made
}

// refused says that an address is out of bounds.
type refused struct{ addr netip.Addr }

func (e *refused) Error() string {
	return fmt.Sprintf("%v is no public address; list its network under otp.webhook_networks if it is yours and meant", e.addr)
}

// checkAddress returns refused unless the address is public or within the poster's networks.
func (p *Poster) checkAddress(addr netip.Addr) error {
	addr = innermost(addr)
	within := func(n netip.Prefix) bool { return n.Contains(addr) }
	public := open6.Contains(addr) && !slices.ContainsFunc(closed6, within)
	if addr.Is4() {
		public = !slices.ContainsFunc(closed, within)
	}
	if public || slices.ContainsFunc(p.private, within) {
		return nil
	}
	return &refused{addr}
}

// innermost returns where an address leads to: the IPv4 address that one of IPv6 wraps, and no zone.
func innermost(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if !nat64.Contains(addr) {
		return addr
	}
	wrapped := addr.As16()
	return netip.AddrFrom4([4]byte(wrapped[12:]))
}

// control is asked by the dialer about each address right before it connects there, so no answer of DNS comes in between.
func (p *Poster) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return &refused{}
	}
	return p.checkAddress(to.Addr())
}
