package sms

import "encoding/binary"

// A short message carries 140 octets over the air (3GPP TS 23.040 §9.2.3.16): 160 septets or 70 UTF-16 units.
//
// A part of a long text gives 7 of them to its user data header with a 16-bit reference. That leaves 133 octets: 66
// units of two octets, one octet over; or, as 7 octets are 56 bits, exactly 8 septets, 160-8 = 152 septets with no
// fill bits. (The 153 and 67 of most tables are for the 8-bit reference, whose header is 6 octets and repeats after
// 256 texts.) SMPP's short_message has one septet an octet, but the SMSC packs them, so the limits stay those of the
// air.
const (
	wholeSeptets = 160
	wholeUnits   = 70
	partSeptets  = 152
	partUnits    = 66
	maxParts     = 255 // the header counts parts in one octet
	udhLength    = 7
)

// appendUDH appends the user data header of part n of total: length 6, information element 8 (concatenated, 16-bit
// reference), its length 4, reference, total, n (3GPP TS 23.040 §9.2.3.24.8).
func appendUDH(dst []byte, ref uint16, total, n int) []byte {
	dst = append(dst, udhLength-1, 0x08, 0x04)
	dst = binary.BigEndian.AppendUint16(dst, ref)
	return append(dst, byte(total), byte(n))
}

// cut gives the end of the part of octets that begins at from, by the limits of e. It keeps escape pairs and surrogate
// pairs whole.
func cut(e Encoding, octets []byte, from int) int {
	if e == GSM7 {
		end := from + partSeptets
		if end >= len(octets) {
			return len(octets)
		}
		if octets[end-1] == gsmEscape {
			end--
		}
		return end
	}
	end := from + 2*partUnits
	if end >= len(octets) {
		return len(octets)
	}
	if octets[end-2]&0xFC == 0xD8 { // a high surrogate: its low one would open the next part
		end -= 2
	}
	return end
}
