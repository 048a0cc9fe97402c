package pdu

import (
	"errors"
	"fmt"
)

// Lengths of the fields without their NUL.
const (
	maxServiceType  = 5
	maxMessageID    = 64
	maxAddress      = 20
	maxDataAddress  = 64 // data_sm allows longer addresses
	maxShortMessage = 254
	timeLength      = 16
)

// check holds m against the standard and gives an upper bound of the PDU's length in octets.
func (m *SM) check(id CommandID) (int, error) {
	address := maxAddress
	switch id {
	case SubmitSM, DeliverSM:
	case DataSM:
		address = maxDataAddress
		if len(m.ShortMessage) > 0 {
			return 0, errors.New("it has no short_message: put the text into the TLV message_payload")
		}
	default:
		return 0, errors.New("it is none of submit_sm, deliver_sm, data_sm")
	}
	if err := m.checkFields(address); err != nil {
		return 0, err
	}
	size := HeaderLength + 17 + len(m.ServiceType) + len(m.Source) + len(m.Dest) + len(m.ScheduleDelivery) +
		len(m.Validity) + len(m.ShortMessage)
	for i := range m.TLVs {
		t := &m.TLVs[i]
		if len(t.Value) > 0xFFFF {
			return 0, fmt.Errorf("TLV %s is %d octets long, at most 65535 are allowed", t.Tag, len(t.Value))
		}
		if t.Tag == TagMessagePayload && len(m.ShortMessage) > 0 {
			return 0, errors.New("both short_message and message_payload are filled, only one is allowed")
		}
		size += 4 + len(t.Value)
	}
	if size > MaxLength {
		return 0, fmt.Errorf("it would be %d octets long: %w", size, ErrLength)
	}
	return size, nil
}

// checkFields holds the mandatory fields against their limits.
func (m *SM) checkFields(address int) error {
	if err := checkText("service_type", m.ServiceType, maxServiceType); err != nil {
		return err
	}
	if err := checkText("source_addr", m.Source, address); err != nil {
		return err
	}
	if err := checkText("destination_addr", m.Dest, address); err != nil {
		return err
	}
	if err := checkTime("schedule_delivery_time", m.ScheduleDelivery); err != nil {
		return err
	}
	if err := checkTime("validity_period", m.Validity); err != nil {
		return err
	}
	if len(m.ShortMessage) > maxShortMessage {
		return fmt.Errorf("short_message is %d octets long, at most %d are allowed", len(m.ShortMessage), maxShortMessage)
	}
	return nil
}

// checkTime holds a time field against its one length: none, or 16 characters (SMPP 3.4 §7.1.1).
func checkTime(field, s string) error {
	if len(s) != 0 && len(s) != timeLength {
		return fmt.Errorf("%s is %d characters long, only 0 or %d are allowed", field, len(s), timeLength)
	}
	return checkText(field, s, timeLength)
}
