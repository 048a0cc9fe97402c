package sms

import "fmt"

// Encoding is the alphabet that a text goes over the air in.
type Encoding uint8

// The encodings.
const (
	GSM7   Encoding = iota // GSM 7-bit default alphabet and national tables, 3GPP TS 23.038 §6.2.1 (data_coding 0)
	UCS2                   // UTF-16 big endian (data_coding 8)
	Latin1                 // ISO-8859-1 (data_coding 3)
)

var encodingNames = [...]string{"gsm7", "ucs2", "latin1"}

// String returns gsm7, ucs2 or latin1.
func (e Encoding) String() string {
	if int(e) < len(encodingNames) {
		return encodingNames[e]
	}
	return fmt.Sprintf("encoding(%d)", uint8(e))
}

// ParseEncoding reads gsm7, ucs2 or latin1.
func ParseEncoding(s string) (Encoding, error) {
	for i, name := range encodingNames {
		if s == name {
			return Encoding(i), nil
		}
	}
	return 0, fmt.Errorf("encoding %q is not one of gsm7, ucs2, latin1", s)
}

// DataCoding returns the SMPP data_coding octet (SMPP 3.4 §5.2.19). That of GSM-7 is 0, the SMSC's default alphabet,
// packed or not: which of the two an SMSC means, only its operator can say.
func (e Encoding) DataCoding() byte {
	switch e {
	case UCS2:
		return 8
	case Latin1:
		return 3
	default:
		return 0
	}
}

// Segment is one submit_sm of a text: what goes into short_message or message_payload.
type Segment struct {
	UDH     []byte // user data header with its length octet, which stands before Payload; nil where there is none
	Payload []byte // the encoded text of this segment, without the UDH
}

// Message is a text, encoded and cut for the wire.
type Message struct {
	Encoding Encoding
	Language Language // whose national tables it is written in; 0: none
	Segments []Segment
	Parts    int    // short messages on the handset: what is paid
	Long     Long   // how the parts go; it means nothing where there is only one
	Ref      uint16 // reference of the parts, as it is on the wire; 0 for one part and for message_payload
}
