package sms

// Coding is how one SMSC takes texts. The zero value is what any takes: GSM-7, one septet an octet, else UCS-2; long
// texts by user data headers with a 16-bit reference.
type Coding struct {
	Alphabets []Encoding // in order of preference, the first that holds every character is used; empty: GSM7, UCS2
	Packed    bool       // GSM-7 as packed septets instead of one septet an octet
	Long      Long
	Languages []Language // whose national tables may be used for GSM-7; empty: none
}

// Size is what a text costs.
type Size struct {
	Encoding Encoding
	Language Language // whose national tables it is written in; 0: none
	Segments int      // submit_sm that it takes
	Parts    int      // short messages on the handset: what is paid
}

// Encode encodes text and cuts it for the wire. National tables are taken where a language is allowed, the text is not
// in the default alphabet and it takes fewer short messages so than in the next of the Alphabets that holds it. Parts
// of one text have the reference ref, of which UDH8 takes the low octet; under SAR it is the caller who adds the TLVs.
//
// Nothing is replaced or left out: a text that can't go as it is gives ErrNotText, ErrTooLong or a *UnfitError.
// The segments share their memory.
func (c *Coding) Encode(text string, ref uint16) (Message, error) {
	var l layout
	if err := c.lay(&l, text); err != nil {
		return Message{}, err
	}
	m := Message{Encoding: l.encoding, Language: l.tables.language(), Parts: l.parts, Long: c.Long}
	total := l.segments(c.Long)
	switch {
	case total > 1 && c.Long == UDH8:
		m.Ref = ref & 0xFF
	case total > 1:
		m.Ref = ref
	}
	header := headerLength(c.wireElements(l.tables, l.parts))
	block := make([]byte, 0, l.octets+total*header)
	octets := l.septets
	if octets == nil {
		block = l.encoding.appendText(block, text)
		octets = block[:l.octets:l.octets]
	}
	m.Segments = make([]Segment, total)
	from := 0
	for i := range m.Segments {
		s, end := &m.Segments[i], l.octets
		if total > 1 {
			end = l.cut(octets, from)
		}
		if header > 0 {
			block = appendUDH(block, l.tables, c.Long, m.Ref, l.parts, i+1)
			s.UDH = block[len(block)-header : len(block) : len(block)]
		}
		s.Payload = octets[from:end:end]
		if l.fill != unpacked {
			s.Payload = pack(s.Payload, l.fill)
		}
		from = end
	}
	return m, nil
}

// Measure tells what Encode would make of text, without making it. The errors are those of Encode.
func (c *Coding) Measure(text string) (Size, error) {
	var l layout
	if err := c.lay(&l, text); err != nil {
		return Size{}, err
	}
	return Size{l.encoding, l.tables.language(), l.segments(c.Long), l.parts}, nil
}

// wireElements is the octets of the elements that we write into each header of a text of so many parts.
func (c *Coding) wireElements(t *tables, parts int) int {
	if parts > 1 && c.Long.inHeader() {
		return t.elements() + c.Long.concatElement()
	}
	return t.elements()
}

// appendText appends text, every character of which is in e's default tables, with GSM-7 as one septet an octet.
func (e Encoding) appendText(dst []byte, text string) []byte {
	switch e {
	case UCS2:
		return appendUCS2(dst, text)
	case Latin1:
		return appendLatin1(dst, text)
	default:
		return appendGSM7(dst, text)
	}
}
