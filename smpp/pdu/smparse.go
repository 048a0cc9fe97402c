package pdu

import "fmt"

// ParseSM reads a SubmitSM, DeliverSM or DataSM into m; what m held is gone, but for the room of its TLVs.
// ShortMessage and the values of the TLVs alias f; the strings share one copy. It takes longer fields than the
// standard allows, as SMSCs do send them, but no body that is cut or goes on behind its last TLV: the error names the
// field and the octet. On an error m holds what was read before the fault.
func ParseSM(f Frame, m *SM) error {
	*m = SM{TLVs: m.TLVs[:0]}
	c, id, err := smCursor(f)
	if err != nil {
		return err
	}
	at := m.scan(&c, id)
	m.take(c.body, at)
	m.TLVs = c.tlvs(m.TLVs)
	return smFault(&c, id)
}

// ParseText is ParseSM without the addresses, service_type and times, which stay empty: what a receipt is read from. It
// allocates nothing once m has room for the TLVs.
func ParseText(f Frame, m *SM) error {
	*m = SM{TLVs: m.TLVs[:0]}
	c, id, err := smCursor(f)
	if err != nil {
		return err
	}
	m.scan(&c, id)
	m.TLVs = c.tlvs(m.TLVs)
	return smFault(&c, id)
}

// CheckSM says whether ParseSM would read f, and allocates nothing where it would.
func CheckSM(f Frame) error {
	c, id, err := smCursor(f)
	if err != nil {
		return err
	}
	var m SM
	m.scan(&c, id)
	c.skipTLVs()
	return smFault(&c, id)
}

func smCursor(f Frame) (cursor, CommandID, error) {
	body, err := f.body(SubmitSM, DeliverSM, DataSM)
	if err != nil {
		return cursor{}, 0, fmt.Errorf("read a message PDU: %w", err)
	}
	return cursor{body: body}, f.Header().ID, nil
}

func smFault(c *cursor, id CommandID) error {
	if c.err != nil {
		return fmt.Errorf("read %s: %w", id, c.err)
	}
	return nil
}

// smText is where the strings of a body are.
type smText struct{ service, source, dest, schedule, validity span }

// scan is the field list of the standard from top to bottom, up to the TLVs. It leaves the strings to take.
func (m *SM) scan(c *cursor, id CommandID) (at smText) {
	at.service = c.text("service_type")
	m.SourceTON, m.SourceNPI = c.octet("source_addr_ton"), c.octet("source_addr_npi")
	at.source = c.text("source_addr")
	m.DestTON, m.DestNPI = c.octet("dest_addr_ton"), c.octet("dest_addr_npi")
	at.dest = c.text("destination_addr")
	m.ESMClass = c.octet("esm_class")
	if id == DataSM {
		m.RegisteredDelivery, m.DataCoding = c.octet("registered_delivery"), c.octet("data_coding")
		return at
	}
	m.ProtocolID, m.Priority = c.octet("protocol_id"), c.octet("priority_flag")
	at.schedule, at.validity = c.text("schedule_delivery_time"), c.text("validity_period")
	m.RegisteredDelivery, m.ReplaceIfPresent = c.octet("registered_delivery"), c.octet("replace_if_present_flag")
	m.DataCoding, m.DefaultMessageID = c.octet("data_coding"), c.octet("sm_default_msg_id")
	m.ShortMessage = c.octets("short_message", int(c.octet("sm_length")))
	return at
}

// take sets the strings, which share one allocation.
func (m *SM) take(body []byte, at smText) {
	text := string(body[:max(at.service.to, at.source.to, at.dest.to, at.schedule.to, at.validity.to)])
	cut := func(s span) string { return text[s.from:s.to] }
	m.ServiceType, m.Source, m.Dest = cut(at.service), cut(at.source), cut(at.dest)
	m.ScheduleDelivery, m.Validity = cut(at.schedule), cut(at.validity)
}
