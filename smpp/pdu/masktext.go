package pdu

const star = '*'

// isTime says whether b has the form of a time (SMPP 3.4 §7.1.1), or is none. Fields are out of step in a malformed
// body, and it may be a number.
func isTime[T string | []byte](b T) bool {
	if len(b) == 0 {
		return true
	}
	if len(b) != timeLength {
		return false
	}
	last := b[timeLength-1]
	return last == '+' || last == '-' || last == 'R'
}

// maskDigits masks all digits but the last four.
func maskDigits(b []byte) {
	digits := 0
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] >= '0' && b[i] <= '9' {
			if digits++; digits > 4 {
				b[i] = star
			}
		}
	}
}

// maskUDH masks the values of a user data header but for the elements that hold counters and ports (3GPP TS 23.040
// §9.2.3.24), and gives the length of the header; 0 where b only claims to begin with one.
func maskUDH(b []byte) int {
	if len(b) == 0 || 1+int(b[0]) > len(b) {
		return 0
	}
	end := 1 + int(b[0])
	for at := 1; at < end; at += 2 + int(b[at+1]) {
		if at+2 > end || at+2+int(b[at+1]) > end {
			return 0
		}
	}
	for at := 1; at < end; at += 2 + int(b[at+1]) {
		if value := b[at+2 : at+2+int(b[at+1])]; !plainElement(b[at], len(value)) {
			fill(value)
		}
	}
	return end
}

// plainElement says whether an element is a reference, a port, or a national language.
func plainElement(id byte, length int) bool {
	switch id {
	case 0x00:
		return length == 3
	case 0x04:
		return length == 2
	case 0x05, 0x08:
		return length == 4
	case 0x24, 0x25:
		return length == 1
	}
	return false
}

// fill masks whole octets.
func fill(b []byte) {
	for i := range b {
		b[i] = star
	}
}

// fillText masks characters of width octets; an octet too many is masked by itself.
func fillText(b []byte, width int) {
	fill(b)
	if width == 2 {
		for i := 0; i+1 < len(b); i += 2 {
			b[i] = 0
		}
	}
}
