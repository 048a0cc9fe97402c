package sms

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// UDH is what a user data header says (3GPP TS 23.040 §9.2.3.24). The zero value is that of a text without one.
type UDH struct {
	Length          int    // octets, that of the length among them
	Concat          bool   // the text is one of several parts; the three below mean something
	Ref             uint16 // of 8 or 16 bits
	Total, Number   byte   // as written: a number of 0 or above the total is for the caller to judge
	Locking, Single Language
}

var errHeaderLength = errors.New("the user data header is longer than the message")

// CutUDH reads the user data header at the front of b, which begins with its length octet, and returns the text behind
// it, which is part of b. Elements that it does not know are passed over, and of two that say the same the latter
// counts. The errors are of headers whose octets don't add up.
func CutUDH(b []byte) (h UDH, text []byte, err error) {
	if len(b) == 0 || 1+int(b[0]) > len(b) {
		return UDH{}, nil, errHeaderLength
	}
	h.Length = 1 + int(b[0])
	elements, text := b[1:h.Length], b[h.Length:]
	for len(elements) > 0 {
		if len(elements) < 2 || len(elements) < 2+int(elements[1]) {
			return UDH{}, nil, fmt.Errorf("element 0x%02x is longer than the user data header", elements[0])
		}
		id, value := elements[0], elements[2:2+elements[1]]
		elements = elements[2+elements[1]:]
		if !h.read(id, value) {
			return UDH{}, nil, fmt.Errorf("element 0x%02x of the user data header has %d octets", id, len(value))
		}
	}
	return h, text, nil
}

// read takes one element; ok is false where its length is not that of its kind.
func (h *UDH) read(id byte, v []byte) (ok bool) {
	switch {
	case id == concat8Element && len(v) == 3:
		h.Concat, h.Ref, h.Total, h.Number = true, uint16(v[0]), v[1], v[2]
	case id == concat16Element && len(v) == 4:
		h.Concat, h.Ref, h.Total, h.Number = true, binary.BigEndian.Uint16(v), v[2], v[3]
	case id == singleElement && len(v) == 1:
		h.Single = Language(v[0])
	case id == lockingElement && len(v) == 1:
		h.Locking = Language(v[0])
	case id == concat8Element, id == concat16Element, id == singleElement, id == lockingElement:
		return false
	}
	return true
}
