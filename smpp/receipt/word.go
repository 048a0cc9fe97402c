package receipt

import "bytes"

// fieldAt tells which known field b begins with.
func fieldAt(b []byte) field {
	var first, last field
	switch b[0] | 0x20 {
	case 'i':
		first, last = idField, idField
	case 's':
		first, last = subField, statField
	case 'd':
		first, last = dlvrdField, doneField
	case 'e':
		first, last = errField, errField
	case 't':
		first, last = textField, textField
	default:
		return noField
	}
	for k := first; k <= last; k++ {
		name := fieldNames[k]
		if len(b) >= len(name) && equalFold(b[:len(name)], name) {
			return k
		}
	}
	return noField
}

// equalFold compares b, of the same length, with a name in lower case; both are ASCII.
func equalFold(b []byte, name string) bool {
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != name[i] {
			return false
		}
	}
	return true
}

// valueAt gives the value behind a field's colon: the next word, behind spaces too, but not where that word is a field.
func valueAt(text []byte, pos int) span {
	from := skipSpaces(text, pos)
	to := wordEnd(text, from)
	if from > pos && (from == to || named(text[from:to]) || fieldAt(text[from:]) != noField) {
		return span{pos, pos}
	}
	return span{from, to}
}

// withClock extends the value of a date over the time that follows a day as people write it (YYYY-MM-DD hh:mm:ss).
func withClock(text []byte, v span) span {
	end := v.from + separatedDate
	if v.to-v.from != len("YYYY-MM-DD") || end > len(text) || wordEnd(text, v.to+1) != end ||
		parseDate(string(text[v.from:end])).IsZero() {
		return v
	}
	return span{v.from, end}
}

func skipSpaces(text []byte, pos int) int {
	for pos < len(text) && text[pos] == ' ' {
		pos++
	}
	return pos
}

func wordEnd(text []byte, pos int) int {
	n := bytes.IndexByte(text[pos:], ' ')
	if n < 0 {
		return len(text)
	}
	return pos + n
}

// named says whether a word is a field: letters, digits, - or _, then a colon.
func named(word []byte) bool {
	for i, c := range word {
		switch lower := c | 0x20; {
		case lower >= 'a' && lower <= 'z':
		case i > 0 && (c >= '0' && c <= '9' || c == '-' || c == '_'):
		default:
			return i > 0 && c == ':'
		}
	}
	return false
}
