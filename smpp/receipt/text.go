package receipt

import (
	"bytes"
	"strings"

	"harkara/smpp/sms"
)

// field is one of the known fields of a receipt's text (SMPP 3.4 Appendix B).
type field int

const (
	idField field = iota
	subField
	dlvrdField
	submitField
	doneField
	statField
	errField
	textField // what follows may quote the message
	fieldCount
	noField field = -1
)

var fieldNames = [fieldCount]string{"id:", "sub:", "dlvrd:", "submit date:", "done date:", "stat:", "err:", "text:"}

// span is a part of a text, by its offsets.
type span struct{ from, to int }

// maxParts is how many fields of one receipt are kept in Raw.
const maxParts = 24

// fields is where the fields of a text are.
type fields struct {
	at    [fieldCount]span // values; the first that is not empty counts
	parts [maxParts]part   // what may be kept, in order
	n     int              // of parts
	end   int              // where the fields end
	whole bool             // everything before end may be kept as it is
	seen  bool             // a known field was found
}

// part is one field with its name.
type part struct {
	span
	mask bool // it is not a known one: what stands behind its colon may quote the message
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
		case k == textField && f.has(idField) && f.has(statField):
			f.end = pos
			return f
		case k == textField:
			f.whole, loose = false, true
			pos += len(fieldNames[textField])
		case k != noField:
			value := valueAt(text, pos+len(fieldNames[k]))
			if k == submitField || k == doneField {
				value = withClock(text, value)
			}
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
				f.keep(part{span{pos, end}, true})
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
	return Receipt{
		ID: sms.MessageID(take(idField)), Sub: take(subField), Dlvrd: take(dlvrdField),
		SubmitDate: take(submitField), DoneDate: take(doneField), Stat: take(statField), Err: take(errField), Raw: raw,
	}
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
