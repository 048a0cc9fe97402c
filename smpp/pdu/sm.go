package pdu

import (
	"fmt"
	"slices"
)

// SM is the body of a submit_sm, deliver_sm (SMPP 3.4 §4.4.1, §4.6.1) or data_sm (§4.7.1). A data_sm has ServiceType,
// the addresses, ESMClass, RegisteredDelivery, DataCoding and TLVs; its text is the TLV message_payload.
type SM struct {
	ServiceType          string
	SourceTON, SourceNPI byte
	Source               string
	DestTON, DestNPI     byte
	Dest                 string
	ESMClass             byte
	ProtocolID           byte
	Priority             byte
	ScheduleDelivery     string // SMPP time, 16 characters, or empty: at once
	Validity             string // SMPP time, 16 characters, or empty: the SMSC's default
	RegisteredDelivery   byte
	ReplaceIfPresent     byte
	DataCoding           byte
	DefaultMessageID     byte
	ShortMessage         []byte // at most 254 octets, a user data header among them where ESMClass has ESMClassUDHI
	TLVs                 []TLV  // in the order of the wire
}

// ESMClassUDHI is the bit of ESMClass that says that ShortMessage begins with a user data header (SMPP 3.4 §5.2.12).
const ESMClassUDHI = 0x40

// TLV gives the value of the first TLV with the tag.
func (m *SM) TLV(tag Tag) ([]byte, bool) {
	for i := range m.TLVs {
		if m.TLVs[i].Tag == tag {
			return m.TLVs[i].Value, true
		}
	}
	return nil, false
}

// Payload gives the octets of the message: ShortMessage, or the TLV message_payload where that is empty.
func (m *SM) Payload() []byte {
	if len(m.ShortMessage) > 0 {
		return m.ShortMessage
	}
	payload, _ := m.TLV(TagMessagePayload)
	return payload
}

// AppendSM appends a SubmitSM, DeliverSM or DataSM with its TLVs in their order. On an error dst is returned as it came;
// the error names the field that SMPP 3.4 forbids.
func AppendSM(dst []byte, id CommandID, seq uint32, m *SM) ([]byte, error) {
	size, err := m.check(id)
	if err != nil {
		return dst, fmt.Errorf("write %s: %w", id, err)
	}
	start := len(dst)
	dst = AppendHeader(slices.Grow(dst, size), id, ESME_ROK, seq)
	dst = appendText(dst, m.ServiceType)
	dst = append(dst, m.SourceTON, m.SourceNPI)
	dst = appendText(dst, m.Source)
	dst = append(dst, m.DestTON, m.DestNPI)
	dst = appendText(dst, m.Dest)
	if id == DataSM {
		dst = append(dst, m.ESMClass, m.RegisteredDelivery, m.DataCoding)
	} else {
		dst = append(dst, m.ESMClass, m.ProtocolID, m.Priority)
		dst = appendText(dst, m.ScheduleDelivery)
		dst = appendText(dst, m.Validity)
		dst = append(dst, m.RegisteredDelivery, m.ReplaceIfPresent, m.DataCoding, m.DefaultMessageID)
		dst = append(dst, byte(len(m.ShortMessage)))
		dst = append(dst, m.ShortMessage...)
	}
	return setLength(appendTLVs(dst, m.TLVs), start), nil
}
