package sms

import "fmt"

// layout is how a text goes: all that is settled before it is written.
type layout struct {
	encoding Encoding
	tables   *tables // of GSM-7; plain for the other encodings, which have none
	septets  []byte  // the text, where it is packed or national: such a one is measured by its septets
	octets   int     // of the text, septets unpacked
	part     int     // octets that one of several parts has room for, septets unpacked
	parts    int     // short messages on the handset; 0: the encoding does not hold the text
	fill     int     // bits between a packed payload's header and its first septet, or unpacked
}

const unpacked = -1

// segments is the number of submit_sm.
func (l *layout) segments(long Long) int {
	if long == Payload {
		return 1
	}
	return l.parts
}

// usual are the alphabets of a Coding that names none.
var usual = []Encoding{GSM7, UCS2}

func (c *Coding) alphabets() []Encoding {
	if len(c.Alphabets) == 0 {
		return usual
	}
	return c.Alphabets
}

// lay decides on the alphabet and the tables, and counts. There is no check of the 65535 octets of a message_payload:
// 255 parts are at most 38760.
func (c *Coding) lay(l *layout, text string) error {
	c.choose(l, text, c.alphabets())
	switch {
	case l.parts == 0:
		return c.unfit(text)
	case l.parts > maxParts:
		return fmt.Errorf("%d segments: %w", l.parts, ErrTooLong)
	}
	return nil
}

// choose lays the text out in the first of the alphabets that holds it, or, where the default alphabet does not and
// that one costs more, in national tables.
func (c *Coding) choose(l *layout, text string, alphabets []Encoding) {
	for i, e := range alphabets {
		if c.fit(l, e, text); l.parts > 0 {
			return
		}
		if e == GSM7 && len(c.Languages) > 0 {
			national := c.fitNational(text)
			c.choose(l, text, alphabets[i+1:])
			if national.parts > 0 && (l.parts == 0 || national.parts < l.parts) {
				*l = national
			}
			return
		}
	}
}

// fit lays the text out in e, without national tables.
func (c *Coding) fit(l *layout, e Encoding, text string) {
	if e == GSM7 && c.Packed {
		*l = c.fitSeptets(plain, text)
		return
	}
	l.encoding, l.tables, l.fill = e, plain, unpacked
	l.part = room(e, c.Long.concatElement())
	switch e {
	case GSM7:
		l.octets, l.parts = measureGSM7(text, l.part)
	case UCS2:
		l.octets, l.parts = measureUCS2(text, l.part)
	case Latin1:
		l.octets, l.parts = measureLatin1(text, l.part)
	}
	if l.parts > 0 && l.octets <= room(e, 0) {
		l.parts = 1
	}
}

// fitNational lays the text out in the first tables of the allowed languages that hold it. They are also the cheapest:
// a language's pairs stand in the order of their cost, no two of its tables share a character that the default alphabet
// lacks, and two languages share only what costs the same in both.
func (c *Coding) fitNational(text string) layout {
	for _, language := range c.Languages {
		for _, t := range pairsOf(language) {
			if l := c.fitSeptets(t, text); l.parts > 0 {
				return l
			}
		}
	}
	return layout{}
}

// fitSeptets lays the text out in GSM-7 with the tables t by writing its septets and cutting them. Packed, a text does
// not fit if it ends like filling: the receiver would take its last character away.
func (c *Coding) fitSeptets(t *tables, text string) layout {
	septets, held := t.append(make([]byte, 0, len(text)), text)
	if !held {
		return layout{}
	}
	l := layout{encoding: GSM7, tables: t, septets: septets, octets: len(septets), parts: 1, fill: unpacked,
		part: room(GSM7, t.elements()+c.Long.concatElement())}
	if len(septets) > room(GSM7, t.elements()) {
		l.parts = 2 // at least; the header is that of a part
	}
	if c.Packed {
		l.fill = fillBits(headerLength(c.wireElements(t, l.parts)))
	}
	last := 0 // where the last payload begins
	if l.parts > 1 {
		l.parts = 1
		for from := l.cut(septets, 0); from < len(septets); from = l.cut(septets, from) {
			l.parts++
			last = from
		}
	}
	if c.Long == Payload {
		last = 0
	}
	if c.Packed && likeFilling(septets[last:], l.fill) {
		return layout{}
	}
	return l
}

// cut gives the end of the part of octets that begins at from. It keeps escape pairs and surrogate pairs whole, and
// what is packed from ending like filling.
func (l *layout) cut(octets []byte, from int) int {
	end := from + l.part
	if end >= len(octets) {
		return len(octets)
	}
	switch l.encoding {
	case GSM7:
		if octets[end-1] == gsmEscape {
			end--
		}
		if l.fill != unpacked && likeFilling(octets[from:end], l.fill) {
			end--
		}
	case UCS2:
		if octets[end-2]&0xFC == 0xD8 { // a high surrogate: its low one would open the next part
			end -= 2
		}
	}
	return end
}
