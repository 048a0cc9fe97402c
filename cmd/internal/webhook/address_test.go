package webhook

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestAddresses(t *testing.T) {
	p := NewPoster(prefixes("10.1.0.0/16", "fd00:1::/32"))
	for _, tt := range []struct {
		addr string
		open bool
	}{
		{"1.1.1.1", true}, {"49.36.0.1", true}, {"11.0.0.0", true}, {"100.63.255.255", true}, {"100.128.0.0", true},
		{"172.15.255.255", true}, {"172.32.0.0", true}, {"223.255.255.255", true},
		{"0.0.0.0", false}, {"0.1.2.3", false}, {"127.0.0.1", false}, {"127.255.255.254", false},
		{"10.0.0.1", false}, {"172.16.0.1", false}, {"172.31.255.255", false}, {"192.168.1.1", false},
		{"169.254.169.254", false}, {"100.64.0.1", false}, {"100.100.100.200", false}, {"100.127.255.255", false},
		{"192.0.0.192", false}, {"192.0.2.1", false}, {"198.51.100.1", false}, {"203.0.113.1", false}, {"198.18.0.1", false},
		{"198.19.255.255", false}, {"192.88.99.1", false}, {"224.0.0.1", false}, {"239.255.255.255", false},
		{"240.0.0.1", false}, {"255.255.255.255", false}, {"168.63.129.16", false},
		{"10.1.0.1", true}, {"10.1.255.255", true}, {"10.2.0.1", false},

		{"2606:4700:4700::1111", true}, {"2400:cb00::1", true},
		{"::", false}, {"::1", false}, {"fe80::1", false}, {"fe80::1%eth0", false}, {"fc00::1", false}, {"fd00:ec2::254", false},
		{"ff02::1", false}, {"fec0::1", false}, {"100::1", false}, {"2001:db8::1", false}, {"3fff::1", false},
		{"2001::1", false}, {"2001:2::1", false}, {"2001:20::1", false}, {"64:ff9b:1::1", false}, {"4000::1", false},
		{"fd00:1::1", true}, {"fd00:2::1", false},

		{"::ffff:127.0.0.1", false}, {"::ffff:7f00:1", false}, {"::ffff:169.254.169.254", false}, {"::127.0.0.1", false},
		{"::ffff:1.1.1.1", true}, {"::ffff:10.1.2.3", true}, {"::ffff:0:127.0.0.1", false},
		{"64:ff9b::7f00:1", false}, {"64:ff9b::10.0.0.1", false}, {"64:ff9b::1.1.1.1", true}, {"64:ff9b::10.1.2.3", true},
		{"2002:7f00:1::", false}, {"2002:101:101::1", false}, // 6to4 of any address
	} {
		if err := p.checkAddress(netip.MustParseAddr(tt.addr)); (err == nil) != tt.open {
			t.Errorf("%s: %v, want open %v", tt.addr, err, tt.open)
		}
	}
}

// TestAddressesInDisguise: no way of writing an address of IPv4 as one of IPv6 opens what is closed.
func TestAddressesInDisguise(t *testing.T) {
	p := NewPoster(nil)
	rapid.Check(t, func(t *rapid.T) {
		within := rapid.SampledFrom(closed).Draw(t, "network")
		raw, random := within.Addr().As4(), rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")
		for i := range raw {
			keep := min(max(within.Bits()-8*i, 0), 8)
			raw[i] |= random[i] & (0xff >> keep)
		}
		v4 := netip.AddrFrom4(raw)
		if !within.Contains(v4) {
			t.Fatalf("%v made of %v", v4, within)
		}
		sixTo4 := [16]byte{0x20, 0x02, raw[0], raw[1], raw[2], raw[3]}
		well := nat64.Addr().As16()
		copy(well[12:], raw[:])
		for _, addr := range []netip.Addr{v4, netip.AddrFrom16(v4.As16()), netip.AddrFrom16(sixTo4), netip.AddrFrom16(well)} {
			if p.checkAddress(addr) == nil {
				t.Fatalf("%v is open", addr)
			}
		}
	})
}
