package sms

// Encoding is how a text goes over the air.
type Encoding uint8

// The encodings in use in India.
const (
	GSM7 Encoding = iota // GSM 03.38 default alphabet, one septet per octet on the wire (data_coding 0)
	UCS2                 // UTF-16 big endian (data_coding 8)
)

// String returns gsm7 or ucs2.
func (e Encoding) String() string {
	if e == UCS2 {
		return "ucs2"
	}
	return "gsm7"
}

// DataCoding returns the SMPP data_coding octet.
func (e Encoding) DataCoding() byte {
	if e == UCS2 {
		return 8
	}
	return 0
}

// Segment is one short message of a text: what goes into short_message.
type Segment struct {
	UDH     []byte // user data header with its length octet; nil for a text of one segment
	Payload []byte // the encoded text of this segment, without the UDH
}

// Message is a text, encoded and cut for the wire.
type Message struct {
	Encoding Encoding
	Segments []Segment
}
