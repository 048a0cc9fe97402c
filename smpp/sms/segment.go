package sms

import "encoding/binary"

// A short message carries 140 octets over the air (3GPP TS 23.040 §9.2.3.16): 160 septets, 70 UTF-16 units or 140
// characters of Latin-1. A user data header takes its octets from them. The one of a part with a 16-bit reference has
// 7, which leaves 133: 66 units of two octets, one octet over; or, as 7 octets are 56 bits, exactly 8 septets,
// 160-8 = 152 septets with no fill bits. (The 153 and 67 of most tables are for the 8-bit reference, whose header is
// 6 octets.) SMPP's short_message has one septet an octet, but the SMSC packs them, so the limits stay those of the
// air.
const (
	airOctets = 140
	maxParts  = 255 // the header, and sar_total_segments, count parts in one octet
)

// The information elements of a user data header (3GPP TS 23.040 §9.2.3.24).
const (
	concat8Element  = 0x00
	concat16Element = 0x08
	singleElement   = 0x24
	lockingElement  = 0x25
)

// headerLength is the octets of a user data header whose elements have so many: its length octet comes to them.
func headerLength(elements int) int {
	if elements == 0 {
		return 0
	}
	return 1 + elements
}

// room is how many octets of payload, septets unpacked, a short message has beside a header with so many octets of
// elements.
func room(e Encoding, elements int) int {
	left := airOctets - headerLength(elements)
	switch e {
	case GSM7:
		return left * 8 / 7
	case UCS2:
		return left &^ 1
	default:
		return left
	}
}

// appendUDH appends the user data header of part n of total: the reference, unless long is none of a header's or there
// is one part only, then the tables' languages.
func appendUDH(dst []byte, t *tables, long Long, ref uint16, total, n int) []byte {
	at := len(dst)
	dst = append(dst, 0)
	if total > 1 {
		switch long {
		case UDH16:
			dst = append(dst, concat16Element, 4)
			dst = append(binary.BigEndian.AppendUint16(dst, ref), byte(total), byte(n))
		case UDH8:
			dst = append(dst, concat8Element, 3, byte(ref), byte(total), byte(n))
		}
	}
	if t.locking != 0 {
		dst = append(dst, lockingElement, 1, byte(t.locking))
	}
	if t.single != 0 {
		dst = append(dst, singleElement, 1, byte(t.single))
	}
	dst[at] = byte(len(dst) - at - 1)
	return dst
}
