package sms

import (
	"strings"
	"unicode/utf8"
)

// tables are the two that a GSM-7 text is written in: one that stands until the text's end, and one for the septet
// behind an escape (3GPP TS 23.038 §6.2.1.2).
type tables struct {
	locking, single Language      // 0: the default alphabet, its extension table
	runes, shift    *[128]rune    // septet → rune, septet behind an escape → rune; 0 where there is none
	codes           map[rune]byte // rune → septet, gsmEscaped with it; nil: gsmCode has them
}

// plain are the default alphabet and its extension table.
var plain = &tables{runes: &gsmRunes, shift: &gsmShift}

func (t *tables) language() Language { return max(t.locking, t.single) } // where both are, they are the same

// elements is the octets of the header's elements that name the tables.
func (t *tables) elements() int {
	n := 0
	if t.locking != 0 {
		n += 3
	}
	if t.single != 0 {
		n += 3
	}
	return n
}

// code gives the septet of r, with gsmEscaped where it needs the escape, or gsmNone.
func (t *tables) code(r rune) byte {
	if t.codes == nil {
		return gsmCode(r)
	}
	if code, ok := t.codes[r]; ok {
		return code
	}
	return gsmNone
}

func (t *tables) holds(r rune) bool { return t.code(r) != gsmNone }

// append appends text as one septet an octet; ok is false where a character is outside the tables.
func (t *tables) append(dst []byte, text string) (septets []byte, ok bool) {
	for _, r := range text {
		code := t.code(r)
		if code == gsmNone {
			return nil, false
		}
		dst = appendCode(dst, code)
	}
	return dst, true
}

// appendCode appends a septet, behind an escape where it needs one.
func appendCode(dst []byte, code byte) []byte {
	if code&gsmEscaped != 0 {
		dst = append(dst, gsmEscape)
	}
	return append(dst, code&^gsmEscaped)
}

// decode gives the text of unpacked GSM-7, as a handset shows it: an escape before a septet that the single shift or
// extension table lacks counts for nothing, one before nothing or before another escape is a space (3GPP TS 23.038
// §6.2.1.1). An octet above 0x7F and a septet that stands for nothing are U+FFFD.
func (t *tables) decode(b []byte) string {
	var text strings.Builder
	text.Grow(len(b))
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c > 0x7F:
			text.WriteRune(utf8.RuneError)
		case c == gsmEscape && (i+1 == len(b) || b[i+1] == gsmEscape):
			text.WriteRune(' ')
		case c == gsmEscape && b[i+1] <= 0x7F && t.shift[b[i+1]] != 0:
			i++
			text.WriteRune(t.shift[b[i]])
		case c == gsmEscape:
		case t.runes[c] == 0:
			text.WriteRune(utf8.RuneError)
		default:
			text.WriteRune(t.runes[c])
		}
	}
	return text.String()
}
