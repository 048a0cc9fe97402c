package sms

import (
	"errors"
	"fmt"
)

// ErrNotText says that a text is not valid UTF-8: it has no characters to send.
var ErrNotText = errors.New("the text is not valid UTF-8")

// ErrTooLong says that a text needs more than 255 segments, the most that a user data header can count.
var ErrTooLong = errors.New("the text needs more than 255 segments")

// Encode encodes text and cuts it for the wire: GSM-7, one septet an octet, where every character is in the alphabet
// or its extension table, else UCS-2. A text of more than one segment is cut with 16-bit reference headers. Nothing is
// replaced or left out: a text that can't go as it is gives ErrNotText or ErrTooLong. The segments share their memory.
func Encode(text string, ref uint16) (Message, error) {
	encoding, length, total, err := measure(text)
	if err != nil {
		return Message{}, err
	}
	room := length
	if total > 1 {
		room += total * udhLength
	}
	block := make([]byte, 0, room)
	if encoding == GSM7 {
		block = appendGSM7(block, text)
	} else {
		block = appendUCS2(block, text)
	}
	octets := block[:length:length]
	segments := make([]Segment, total)
	if total == 1 {
		segments[0].Payload = octets
		return Message{encoding, segments}, nil
	}
	from := 0
	for i := range segments {
		end := cut(encoding, octets, from)
		block = appendUDH(block, ref, total, i+1)
		segments[i] = Segment{UDH: block[len(block)-udhLength : len(block) : len(block)], Payload: octets[from:end:end]}
		from = end
	}
	return Message{encoding, segments}, nil
}

// SegmentsOf counts the segments that Encode would cut text into, without encoding it. The errors are those of Encode.
func SegmentsOf(text string) (Encoding, int, error) {
	encoding, _, total, err := measure(text)
	return encoding, total, err
}

// measure decides on the encoding and gives the octets of the payload and the count of segments.
func measure(text string) (encoding Encoding, octets, segments int, err error) {
	octets, segments, ok := measureGSM7(text)
	whole := octets <= wholeSeptets
	if !ok {
		var units int
		encoding = UCS2
		units, segments, ok = measureUCS2(text)
		octets, whole = 2*units, units <= wholeUnits
	}
	switch {
	case !ok:
		return 0, 0, 0, ErrNotText
	case whole:
		return encoding, octets, 1, nil
	case segments > maxParts:
		return 0, 0, 0, fmt.Errorf("%d segments: %w", segments, ErrTooLong)
	}
	return encoding, octets, segments, nil
}
