package sms

import (
	"strings"
	"unicode/utf8"
)

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

// measureGSM7 counts the septets of text and the segments that it fills when it is cut into parts; ok is false where
// a character is outside the alphabet.
func measureGSM7(text string) (septets, parts int, ok bool) {
	septets = plainPrefix(text)
	parts = (septets + partSeptets - 1) / partSeptets
	room := parts*partSeptets - septets
	for _, r := range text[septets:] {
		code := gsmCode(r)
		if code == gsmNone {
			return 0, 0, false
		}
		width := 1 + int(code>>7) // gsmEscaped is the top bit
		if room < width {
			parts++
			room = partSeptets
		}
		room -= width
		septets += width
	}
	return septets, parts, true
}

// appendGSM7 appends text, every character of which is in the alphabet, as one septet an octet.
func appendGSM7(dst []byte, text string) []byte {
	plain := plainPrefix(text)
	dst = append(dst, text[:plain]...)
	for i, prefix := 0, dst[len(dst)-plain:]; i < len(prefix); i++ {
		prefix[i] = gsmLatin[prefix[i]]
	}
	for _, r := range text[plain:] {
		code := gsmCode(r)
		if code&gsmEscaped != 0 {
			dst = append(dst, gsmEscape)
		}
		dst = append(dst, code&^gsmEscaped)
	}
	return dst
}

// DecodeGSM7 gives the text of unpacked GSM-7, as a handset shows it: an escape before a septet that the extension
// table lacks counts for nothing, one before nothing or before another escape is a space (3GPP TS 23.038 §6.2.1.1).
// An octet above 0x7F is U+FFFD.
func DecodeGSM7(b []byte) string {
	var text strings.Builder
	text.Grow(len(b))
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c > 0x7F:
			text.WriteRune('\uFFFD')
		case c != gsmEscape:
			text.WriteRune(gsmRunes[c])
		case i+1 == len(b) || b[i+1] == gsmEscape:
			text.WriteRune(' ')
		case b[i+1] <= 0x7F && gsmShift[b[i+1]] != 0:
			i++
			text.WriteRune(gsmShift[b[i]])
		}
	}
	return text.String()
}
