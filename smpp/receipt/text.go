package receipt

import (
	"bytes"
	"strings"

	"harkara/smpp/sms"
)

// field is one of the known fields of a receipt's text (SMPP 3.4 Appendix B).
type field int

const (
	id field = iota
	sub
	dlvrd
	submitDate
	doneDate
	stat
	errCode
	quote // text: what follows may quote the message
	known
	none field = -1
)

var fieldNames = [known]string{"id:", "sub:", "dlvrd:", "submit date:", "done date:", "stat:", "err:", "text:"}

// span is a part of a text, by its offsets.
type span struct{ from, to int }

// maxParts is how many fields of one receipt are kept in Raw.
const maxParts = 24

// fields is where the fields of a text are.
type fields struct {
	at    [known]span    // values; the first that is not empty counts
	parts [maxParts]part // what may be kept, in order
	n     int            // of parts
	end   int            // where the fields end
	whole bool           // everything before end may be kept as it is
	seen  bool           // a known field was found
}

// part is one field with its name.
type part struct {
	span
	mask bool // it is not a known one and holds a long number
}

func (f *fields) has(k field) bool { return f.at[k].to > f.at[k].from }

// scan finds the fields of text. It ends at "text:" where both id and stat were found before, so that what a message
// quotes is not taken for a field; else it goes on, as the field may come first. It is one story: at each word, is it
// a known field, another one, or a loose word?
func scan(text []byte) (f fields) {
	f.whole, f.end = true, len(text)
	loose := false
	for pos := skipSpaces(text, 0); pos < len(text); pos = skipSpaces(text, pos) {
		k := fieldAt(text[pos:])
		switch {
		case k == quote && f.has(id) && f.has(stat):
			f.end = pos
			return f
		case k == quote:
			f.whole, loose = false, true
			pos += len(fieldNames[quote])
		case k != none:
			value := valueAt(text, pos+len(fieldNames[k]))
			if !f.has(k) {
				f.at[k] = value
				f.keep(part{span{pos, value.to}, false})
			} else {
				f.whole = false
			}
			f.seen = true
			pos = value.to
		default:
			end := wordEnd(text, pos)
			if loose || !f.seen || !named(text[pos:end]) {
				f.whole, loose = false, true
			} else {
				f.keep(part{span{pos, end}, longNumber(text[pos:end])})
			}
			pos = end
		}
	}
	return f
}

// keep adds a part for Raw; one too many is left out.
func (f *fields) keep(p part) {
	if f.n == maxParts || p.mask {
		f.whole = false
	}
	if f.n < maxParts {
		f.parts[f.n] = p
		f.n++
	}
}

// fieldAt tells which known field b begins with.
func fieldAt(b []byte) field {
	var first, last field
	switch b[0] | 0x20 {
	case 'i':
		first, last = id, id
	case 's':
		first, last = sub, stat
	case 'd':
		first, last = dlvrd, doneDate
	case 'e':
		first, last = errCode, errCode
	case 't':
		first, last = quote, quote
	default:
		return none
	}
	for k := first; k <= last; k++ {
		name := fieldNames[k]
		if len(b) >= len(name) && equalFold(b[:len(name)], name) {
			return k
		}
	}
	return none
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
	if from > pos && (from == to || named(text[from:to]) || fieldAt(text[from:]) != none) {
		return span{pos, pos}
	}
	return span{from, to}
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

// longNumber says whether a word holds ten digits in a row, as a phone number does.
func longNumber(word []byte) bool {
	run := 0
	for _, c := range word {
		run++
		if c < '0' || c > '9' {
			run = 0
		}
		if run == 10 {
			return true
		}
	}
	return false
}

// receipt gives the fields as strings. They share one copy of the text up to end, unless that holds words that must
// not be kept.
func (f *fields) receipt(text []byte) Receipt {
	take := func(k field) string { return string(text[f.at[k].from:f.at[k].to]) }
	var raw string
	if f.whole && f.seen {
		kept := string(text[:f.end])
		take = func(k field) string { return kept[f.at[k].from:f.at[k].to] }
		raw = strings.TrimSpace(kept)
	} else {
		raw = f.raw(text)
	}
	return Receipt{ID: sms.MessageID(take(id)), Sub: take(sub), Dlvrd: take(dlvrd), SubmitDate: take(submitDate),
		DoneDate: take(doneDate), Stat: take(stat), Err: take(errCode), Raw: raw}
}

// raw joins the parts that may be kept.
func (f *fields) raw(text []byte) string {
	var b strings.Builder
	for i, p := range f.parts[:f.n] {
		if i > 0 {
			b.WriteByte(' ')
		}
		word := text[p.from:p.to]
		if !p.mask {
			b.Write(word)
			continue
		}
		name, _, _ := bytes.Cut(word, []byte(":"))
		b.Write(name)
		b.WriteString(":***")
	}
	return b.String()
}
