package sms

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// measureUCS2 counts the octets of text and the parts of so many octets that it fills when it is cut; no parts where
// text is not UTF-8.
func measureUCS2(text string, part int) (octets, parts int) {
	parts = 1
	room := part
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") {
			return 0, 0
		}
		width := 2
		if r > 0xFFFF {
			width = 4
		}
		if room < width {
			parts++
			room = part
		}
		room -= width
		octets += width
	}
	return octets, parts
}

// appendUCS2 appends text as UTF-16, big endian.
func appendUCS2(dst []byte, text string) []byte {
	for _, r := range text {
		if r <= 0xFFFF {
			dst = binary.BigEndian.AppendUint16(dst, uint16(r))
			continue
		}
		high, low := utf16.EncodeRune(r)
		dst = binary.BigEndian.AppendUint16(dst, uint16(high))
		dst = binary.BigEndian.AppendUint16(dst, uint16(low))
	}
	return dst
}

// DecodeUCS2 gives the text of UTF-16, big endian. Half a surrogate pair and an odd last octet are U+FFFD.
func DecodeUCS2(b []byte) string {
	var text strings.Builder
	text.Grow(len(b))
	for len(b) >= 2 {
		r := rune(binary.BigEndian.Uint16(b))
		b = b[2:]
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if len(b) >= 2 {
				pair = utf16.DecodeRune(r, rune(binary.BigEndian.Uint16(b)))
			}
			if r = pair; pair != utf8.RuneError {
				b = b[2:]
			}
		}
		text.WriteRune(r)
	}
	if len(b) == 1 {
		text.WriteRune(utf8.RuneError)
	}
	return text.String()
}
