package receipt

import (
	"encoding/binary"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// Receipt is what an SMSC reported on one segment. Strings are as written, printable ASCII; a field that is not there
// is empty.
type Receipt struct {
	ID                   sms.MessageID // as written; Canonical makes it comparable
	Sub, Dlvrd           string
	SubmitDate, DoneDate string
	Done                 time.Time // DoneDate read as Indian time, as it names no zone; zero where it can't be read
	Stat                 string    // the SMSC's word, or the standard's for message_state where the text has none
	Err                  string    // the SMSC's or the network's error code, or word
	State                sms.State // Delivered, Undelivered, Expired; Submitted where nothing is settled yet
	Final                bool      // State is one of the first three
	Raw                  string    // the fields as written, without text
	UserRef              uint16    // user_message_reference
	HasUserRef           bool
}

// Trust is what makes a PDU of one SMSC a receipt.
type Trust uint8

// The trusts. A handset can send any text, but it writes neither the message type of a deliver_sm nor its TLVs.
const (
	Lenient Trust = iota // also a text with an id and a stat, for SMSCs that mark their receipts by nothing else
	Strict               // only the message type or a receipted_message_id, for SMSCs that also bring handsets' messages
)

// Parse reads a deliver_sm or data_sm. It is false for a message from a handset. A PDU is a receipt where its esm_class
// says so (SMPP 3.4 §5.2.12: 0x04 delivery receipt; 0x08 acknowledgement and 0x20 intermediate notification, which
// SMSCs mix up with it), or it has a receipted_message_id, or trust is Lenient and its text has both an id and a stat.
// Whether it is final is told by the state alone.
func Parse(m *pdu.SM, trust Trust) (Receipt, bool) {
	t := readTLVs(m.TLVs)
	text := plainText(m)
	f := scan(text)
	marked := receiptClass(m.ESMClass) || t.hasID
	if !marked && (trust == Strict || !f.has(idField) || !f.has(statField)) {
		return Receipt{}, false
	}
	r := f.receipt(text)
	t.complete(&r)
	return r, true
}

// ParseText reads the text of a receipt alone. It is false where it has neither an id nor a stat.
func ParseText(s string) (Receipt, bool) {
	text := clean([]byte(s))
	f := scan(text)
	if !f.has(idField) && !f.has(statField) {
		return Receipt{}, false
	}
	r := f.receipt(text)
	tlvs{}.complete(&r)
	return r, true
}

// receiptClass reads the message type bits of esm_class, 5 to 2.
func receiptClass(esmClass byte) bool {
	switch esmClass & 0x3C {
	case 0x04, 0x08, 0x20:
		return true
	}
	return false
}

// plainText gives the receipt's text as printable ASCII, without its user data header.
func plainText(m *pdu.SM) []byte {
	b := m.Payload()
	if m.ESMClass&pdu.ESMClassUDHI != 0 && len(b) > 0 && int(b[0]) < len(b) {
		b = b[1+int(b[0]):]
	}
	if m.DataCoding == sms.UCS2.DataCoding() && len(b) > 0 && b[0] == 0 {
		b = []byte(sms.DecodeUCS2(b))
	}
	return clean(b)
}

// maxText is how much of a text is read, in octets: fields come long before it ends.
const maxText = 1024

// clean cuts b to maxText and gives it as printable ASCII: a control character counts as a space (some SMSCs end the
// text with a NUL), anything beyond ASCII is '?'. It copies only where something changes.
func clean(b []byte) []byte {
	b = b[:min(len(b), maxText)]
	copied := false
	for i, c := range b {
		if c >= ' ' && c <= '~' {
			continue
		}
		if !copied {
			b, copied = append([]byte(nil), b...), true
		}
		b[i] = ' '
		if c > '~' {
			b[i] = '?'
		}
	}
	return b
}

// tlvs is what the optional parameters say.
type tlvs struct {
	id         []byte // aliases the PDU
	hasID      bool
	state      byte // message_state, 0 where there is none
	network    uint16
	userRef    uint16
	hasUserRef bool
}

func readTLVs(all []pdu.TLV) (t tlvs) {
	for i := range all {
		v := all[i].Value
		switch all[i].Tag {
		case pdu.TagReceiptedMessageID:
			t.id, t.hasID = trimID(v), true
		case pdu.TagMessageState:
			if len(v) == 1 {
				t.state = v[0]
			}
		case pdu.TagNetworkErrorCode: // network type, then the code (SMPP 3.4 §5.3.2.31)
			if len(v) == 3 {
				t.network = binary.BigEndian.Uint16(v[1:])
			}
		case pdu.TagUserMessageReference:
			if len(v) == 2 {
				t.userRef, t.hasUserRef = binary.BigEndian.Uint16(v), true
			}
		}
	}
	return t
}

// complete adds the TLVs to what the text said, by the rules of the package comment, and decides on the state.
func (t tlvs) complete(r *Receipt) {
	if len(t.id) > 0 && string(t.id) != string(r.ID) {
		r.ID = sms.MessageID(t.id)
	}
	if t.network != 0 && zeros(r.Err) {
		r.Err = threeDigits(t.network)
	}
	r.UserRef, r.HasUserRef = t.userRef, t.hasUserRef
	r.Done = parseDate(r.DoneDate)
	r.State, r.Final = decide(r.Stat, t.state, r.Err)
	if r.Stat == "" {
		r.Stat = stateWord(t.state)
	}
}
