package sms

import "fmt"

// Long is how a text of more than one short message goes.
type Long uint8

// The ways. Under SAR and Payload it is the SMSC that writes the handset's headers, so a text is measured for the
// longer of the two, that with the 16-bit reference.
const (
	UDH16   Long = iota // user data headers with a 16-bit reference (3GPP TS 23.040 §9.2.3.24.8)
	UDH8                // user data headers with an 8-bit reference (§9.2.3.24.1), which comes round after 256 texts
	SAR                 // the TLVs sar_msg_ref_num, sar_total_segments and sar_segment_seqnum (SMPP 3.4 §5.3.2.22-24)
	Payload             // one submit_sm with the whole text in message_payload (§5.3.2.32), cut by the SMSC
)

var longNames = [...]string{"udh", "udh8", "sar", "payload"}

// String returns udh, udh8, sar or payload.
func (l Long) String() string {
	if int(l) < len(longNames) {
		return longNames[l]
	}
	return fmt.Sprintf("long(%d)", uint8(l))
}

// ParseLong reads udh, udh8, sar or payload.
func ParseLong(s string) (Long, error) {
	for i, name := range longNames {
		if s == name {
			return Long(i), nil
		}
	}
	return 0, fmt.Errorf("long texts by %q is not one of udh, udh8, sar, payload", s)
}

// concatElement is the octets of the element that joins the parts on the handset.
func (l Long) concatElement() int {
	if l == UDH8 {
		return 5
	}
	return 6
}

// inHeader says whether we write that element: the parts are joined by user data headers.
func (l Long) inHeader() bool { return l == UDH16 || l == UDH8 }
