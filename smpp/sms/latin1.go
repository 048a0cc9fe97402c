package sms

import "strings"

// measureLatin1 counts the octets of text and the parts of so many octets that it fills; no parts where a character is
// above U+00FF.
func measureLatin1(text string, part int) (octets, parts int) {
	for _, r := range text {
		if r > 0xFF {
			return 0, 0
		}
		octets++
	}
	return octets, max(1, (octets+part-1)/part)
}

func appendLatin1(dst []byte, text string) []byte {
	for _, r := range text {
		dst = append(dst, byte(r))
	}
	return dst
}

func decodeLatin1(b []byte) string {
	var text strings.Builder
	text.Grow(len(b))
	for _, c := range b {
		text.WriteRune(rune(c))
	}
	return text.String()
}
