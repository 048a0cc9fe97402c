package sms

import "unicode/utf8"

// gsmAlphabet is the GSM 7 bit default alphabet: the rune at position n is septet n (3GPP TS 23.038 §6.2.1).
const gsmAlphabet = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
	"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"

// gsmExtension holds the characters that cost two septets, the escape and this one (3GPP TS 23.038 §6.2.1.1).
var gsmExtension = map[byte]rune{
	0x0A: '\f', 0x14: '^', 0x28: '{', 0x29: '}', 0x2F: '\\', 0x3C: '[', 0x3D: '~', 0x3E: ']', 0x40: '|', 0x65: '€',
}

const (
	gsmEscape  = 0x1B
	gsmNone    = 0xFF // no septet stands for the rune
	gsmEscaped = 0x80 // the rune needs the escape before its septet
	firstGreek = 'Γ'
	lastGreek  = 'Ω'
)

var (
	gsmRunes [128]rune                        // septet → rune
	gsmShift [128]rune                        // septet after an escape → rune, 0 where there is none
	gsmLatin [256]byte                        // rune below 256 → septet, gsmEscaped with it, or gsmNone
	gsmGreek [lastGreek - firstGreek + 1]byte // the same for the alphabet's Greek capitals
)

func init() {
	for i := range gsmLatin {
		gsmLatin[i] = gsmNone
	}
	for i := range gsmGreek {
		gsmGreek[i] = gsmNone
	}
	set := func(r rune, code byte) {
		switch {
		case r < 256:
			gsmLatin[r] = code
		case r >= firstGreek && r <= lastGreek:
			gsmGreek[r-firstGreek] = code
		}
	}
	septet := byte(0)
	for _, r := range gsmAlphabet {
		gsmRunes[septet] = r
		if septet != gsmEscape {
			set(r, septet)
		}
		septet++
	}
	for code, r := range gsmExtension {
		gsmShift[code] = r
		set(r, code|gsmEscaped)
	}
}

// gsmCode gives the septet of r, with gsmEscaped where it needs the escape, or gsmNone.
func gsmCode(r rune) byte {
	switch {
	case r < 256:
		return gsmLatin[r]
	case r >= firstGreek && r <= lastGreek:
		return gsmGreek[r-firstGreek]
	case r == '€':
		return 0x65 | gsmEscaped
	}
	return gsmNone
}

// plainPrefix gives how many octets at the front of text are ASCII of one septet each: nearly always all of them.
func plainPrefix(text string) int {
	for i := range len(text) {
		if c := text[i]; c >= utf8.RuneSelf || gsmLatin[c] >= gsmEscaped {
			return i
		}
	}
	return len(text)
}

// measureGSM7 counts the septets of text and the parts of so many septets that it fills when it is cut; no parts where
// a character is outside the alphabet.
func measureGSM7(text string, part int) (septets, parts int) {
	septets = plainPrefix(text)
	parts = max(1, (septets+part-1)/part)
	room := parts*part - septets
	for _, r := range text[septets:] {
		code := gsmCode(r)
		if code == gsmNone {
			return 0, 0
		}
		width := 1 + int(code>>7) // gsmEscaped is the top bit
		if room < width {
			parts++
			room = part
		}
		room -= width
		septets += width
	}
	return septets, parts
}

// appendGSM7 appends text, every character of which is in the alphabet, as one septet an octet.
func appendGSM7(dst []byte, text string) []byte {
	plain := plainPrefix(text)
	dst = append(dst, text[:plain]...)
	for i, prefix := 0, dst[len(dst)-plain:]; i < len(prefix); i++ {
		prefix[i] = gsmLatin[prefix[i]]
	}
	for _, r := range text[plain:] {
		dst = appendCode(dst, gsmCode(r))
	}
	return dst
}
