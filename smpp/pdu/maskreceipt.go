package pdu

import "bytes"

// receiptFields are the fields of a receipt's text (SMPP 3.4 Appendix B) that hold nothing of the message.
var receiptFields = [...]string{"id:", "sub:", "dlvrd:", "submit date:", "done date:", "stat:", "err:"}

// isReceipt says whether esm_class is one of a receipt: 0x04, or 0x08 and 0x20, which SMSCs mix up with it (§5.2.12).
func isReceipt(esmClass byte) bool {
	switch esmClass & 0x3C {
	case 0x04, 0x08, 0x20:
		return true
	}
	return false
}

// maskReceipt masks a receipt's text, of characters of width octets, in place. It keeps the known fields with their
// values, the first of each that has one, in any case and order, the blanks between words, and the word "text:". All
// other words are masked, and all that follows "text:".
func maskReceipt(b []byte, width int) {
	text := make([]byte, len(b)/width)
	for i := range text {
		text[i] = lowerASCII(b[i*width : (i+1)*width])
	}
	from := 0 // what is masked next
	for _, kept := range keptOf(text) {
		fillText(b[from*width:kept.from*width], width)
		from = kept.to
	}
	fillText(b[from*width:], width)
}

// lowerASCII gives a character in lower case; '?' where it is not ASCII.
func lowerASCII(char []byte) byte {
	c := char[len(char)-1]
	switch {
	case c >= 0x80 || len(char) == 2 && char[0] != 0:
		return '?'
	case c >= 'A' && c <= 'Z':
		return c | 0x20
	}
	return c
}

// quote is what comes before the message that a receipt quotes.
const quote = "text:"

// keptOf gives the parts of a receipt's text, in lower case, that are kept, from left to right.
func keptOf(text []byte) (kept []span) {
	text, _, quoted := bytes.Cut(text, []byte(quote))
	var seen [len(receiptFields)]bool
	for pos := 0; pos < len(text); {
		end := wordEnd(text, pos)
		switch field := fieldAt(text[pos:]); {
		case end == pos: // a blank
			end++
			kept = append(kept, span{pos, end})
		case field >= 0:
			colon := pos + len(receiptFields[field])
			end = valueEnd(text, colon)
			if value := text[colon:end]; receiptFields[field] == "err:" && len(value) > 0 && isBlank(value[0]) && isCode(value) {
				end = colon
			}
			if !seen[field] {
				kept = append(kept, span{pos, end})
				seen[field] = end > colon
			}
		}
		pos = end
	}
	if quoted {
		kept = append(kept, span{len(text), len(text) + len(quote)})
	}
	return kept
}

// fieldAt tells which of receiptFields b begins with, -1 for none.
func fieldAt(b []byte) int {
	for i, name := range receiptFields {
		if bytes.HasPrefix(b, []byte(name)) {
			return i
		}
	}
	return -1
}

// valueEnd gives the end of the value behind a field's colon: of the word there, or, where a blank follows the colon, of
// the next word if it is no field itself.
func valueEnd(text []byte, colon int) int {
	from := colon
	for from < len(text) && isBlank(text[from]) {
		from++
	}
	to := wordEnd(text, from)
	if from > colon && (to == from || bytes.IndexByte(text[from:to], ':') >= 0 || fieldAt(text[from:]) >= 0) {
		return colon
	}
	return to
}

// isCode says whether a value that does not stand at its colon may be a code that the message quotes: error codes have
// fewer digits, or their place.
func isCode(value []byte) bool {
	word := bytes.TrimLeft(value, " \n\r\t\x00")
	return len(word) >= 4 && len(word) <= 8 && len(bytes.Trim(word, "0123456789")) == 0
}

// wordEnd gives the end of the word at pos.
func wordEnd(text []byte, pos int) int {
	for pos < len(text) && !isBlank(text[pos]) {
		pos++
	}
	return pos
}

// isBlank says whether c parts words: SMSCs part the fields by spaces or line ends, and end the text with a NUL.
func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == 0 }
