package sms

// gsmReturn is the carriage return, which fills seven spare bits: zeros there would read as an @.
const gsmReturn = 0x0D

// fillBits is how many bits follow a user data header of so many octets, so that the septets behind it begin at a
// septet's border, as they would without it (3GPP TS 23.040 §9.2.3.24).
func fillBits(header int) int { return (7 - header*8%7) % 7 }

// pack writes septets, one an octet, as 3GPP TS 23.038 §6.1.2.1.1 packs them: seven bits each, lowest bit first, behind
// fill bits of zero. Seven spare bits at the end are a carriage return (§6.1.2.3.1), fewer are zeros.
func pack(septets []byte, fill int) []byte {
	out := make([]byte, 0, (fill+7*len(septets)+7)/8)
	bits, n := uint(0), fill // n bits are waiting in bits, the lowest first
	for _, s := range septets {
		bits |= uint(s) << n
		if n += 7; n >= 8 {
			out = append(out, byte(bits))
			bits >>= 8
			n -= 8
		}
	}
	if n == 1 {
		bits |= gsmReturn << 1
	}
	if n > 0 {
		out = append(out, byte(bits))
	}
	return out
}

// unpack reads what pack writes. A carriage return that ends at the border of the last octet is filling. Nothing but
// octets says how many septets there are, so that one can't be told from a carriage return that was meant.
func unpack(b []byte, fill int) []byte {
	out := make([]byte, 0, len(b)*8/7)
	bits, n := uint(0), -fill
	for _, c := range b {
		if n < 0 { // the first octet
			bits, n = uint(c)>>fill, 8-fill
		} else {
			bits |= uint(c) << n
			n += 8
		}
		for n >= 7 {
			out = append(out, byte(bits&0x7F))
			bits >>= 7
			n -= 7
		}
	}
	if likeFilling(out, fill) {
		out = out[:len(out)-1]
	}
	return out
}

// likeFilling says whether the septets, packed behind fill bits, end with a carriage return at the border of an octet.
func likeFilling(septets []byte, fill int) bool {
	n := len(septets)
	return n > 0 && septets[n-1] == gsmReturn && (fill+7*n)%8 == 0
}
