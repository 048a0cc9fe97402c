package dispatch

import (
	"harkara/dlt"
	"harkara/smpp/bind"
	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// Profile is how one SMSC wants a submit_sm.
type Profile struct {
	SourceTON, SourceNPI byte
	DestTON, DestNPI     byte
	// Tags of the register's ids; public sources disagree about them, so they are settings (decision D10).
	EntityTag, TemplateTag, ChainTag pdu.Tag
	// NUL says that values end in a NUL octet (C-octet string); the usual is that they do not.
	NUL bool
	// Chains holds the value of the chain TLV by entity; no entry: no such TLV.
	Chains map[dlt.EntityID]string
}

const (
	esmUDHI           = 0x40 // SMPP 3.4 §5.2.12
	receiptFinalState = 0x01 // SMPP 3.4 §5.2.17: a receipt on success or failure
)

// submission makes the PDUs of one attempt. The register's ids go on every segment, always in the same order:
// scrubbers look at each part.
func (d *Dispatcher) submission(p *plan, smsc *SMSC, a *attempt) *bind.Submission {
	sub := &bind.Submission{Key: p.req.Key, Attempt: a.number, Class: p.req.Class, Deadline: p.req.Deadline,
		Segments: a.segments, SMs: make([]pdu.SM, len(a.segments))}
	tlvs := smsc.Profile.tlvs(p.grant)
	for i, segment := range a.segments {
		smsc.Profile.fill(&sub.SMs[i], p, p.sms.Segments[segment-1], tlvs)
	}
	return sub
}

func (f *Profile) fill(m *pdu.SM, p *plan, segment sms.Segment, tlvs []pdu.TLV) {
	m.SourceTON, m.SourceNPI, m.Source = f.SourceTON, f.SourceNPI, string(p.grant.Header)
	m.DestTON, m.DestNPI, m.Dest = f.DestTON, f.DestNPI, p.req.To.Digits()
	m.DataCoding, m.RegisteredDelivery, m.TLVs = p.sms.Encoding.DataCoding(), receiptFinalState, tlvs
	m.ShortMessage = segment.Payload
	if len(segment.UDH) > 0 {
		m.ESMClass = esmUDHI
		m.ShortMessage = append(append(make([]byte, 0, len(segment.UDH)+len(segment.Payload)), segment.UDH...),
			segment.Payload...)
	}
}

func (f *Profile) tlvs(g dlt.Grant) []pdu.TLV {
	tlvs := make([]pdu.TLV, 2, 3)
	tlvs[0] = pdu.TLV{Tag: f.EntityTag, Value: f.value(string(g.Entity))}
	tlvs[1] = pdu.TLV{Tag: f.TemplateTag, Value: f.value(string(g.Template))}
	if chain := f.Chains[g.Entity]; chain != "" {
		tlvs = append(tlvs, pdu.TLV{Tag: f.ChainTag, Value: f.value(chain)})
	}
	return tlvs
}

func (f *Profile) value(s string) []byte {
	if f.NUL {
		return append([]byte(s), 0)
	}
	return []byte(s)
}
