package smsctest

import (
	"bytes"
	"encoding/binary"

	"harkara/smpp/pdu"
)

// glance reads of a submit_sm what CountOnly needs, without a copy of its strings: into m go ESMClass, DataCoding,
// ShortMessage and TLVs, which alias f; the addresses come as lengths. ok is what pdu.ParseSM would say.
func glance(f pdu.Frame, m *pdu.SM) (source, dest int, ok bool) {
	*m = pdu.SM{TLVs: m.TLVs[:0]}
	r := rest{body: f.Body()}
	r.text()    // service_type
	r.octets(2) // source_addr_ton, source_addr_npi
	source = r.text()
	r.octets(2) // dest_addr_ton, dest_addr_npi
	dest = r.text()
	m.ESMClass = r.octet()
	r.octets(2) // protocol_id, priority_flag
	r.text()    // schedule_delivery_time
	r.text()    // validity_period
	r.octets(2) // registered_delivery, replace_if_present_flag
	m.DataCoding = r.octet()
	r.octet() // sm_default_msg_id
	m.ShortMessage = r.octets(int(r.octet()))
	for len(r.body) > 0 {
		head := r.octets(4)
		if r.cut {
			break
		}
		value := r.octets(int(binary.BigEndian.Uint16(head[2:])))
		m.TLVs = append(m.TLVs, pdu.TLV{Tag: pdu.Tag(binary.BigEndian.Uint16(head)), Value: value})
	}
	return source, dest, !r.cut
}

// rest is what is left of a body.
type rest struct {
	body []byte
	cut  bool // it ended too early
}

// octets takes n octets; nil where so many are not left.
func (r *rest) octets(n int) []byte {
	if n > len(r.body) {
		r.cut, r.body = true, nil
		return nil
	}
	taken := r.body[:n]
	r.body = r.body[n:]
	return taken
}

func (r *rest) octet() byte {
	if taken := r.octets(1); taken != nil {
		return taken[0]
	}
	return 0
}

// text passes over a C-octet string and gives its length without the NUL.
func (r *rest) text() int {
	n := bytes.IndexByte(r.body, 0)
	if n < 0 {
		r.cut, r.body = true, nil
		return 0
	}
	r.body = r.body[n+1:]
	return n
}
