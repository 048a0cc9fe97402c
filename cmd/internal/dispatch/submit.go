package dispatch

import (
	"encoding/binary"
	"slices"

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
	// Chain is the form in which the PE-TM chain goes into its TLV.
	Chain dlt.ChainMode
	// Coding is how texts go. Two profiles of one coding may share it.
	Coding *sms.Coding
	// ESMClass is the messaging mode (SMPP 3.4 §5.2.12, bits 1-0).
	ESMClass byte
	// UserRef says that user_message_reference is sent, since this SMSC repeats it in its receipts.
	UserRef bool
}

// receiptFinalState asks for a receipt on success or failure (SMPP 3.4 §5.2.17).
const receiptFinalState = 0x01

// submission makes the PDUs of one attempt. The register's ids go on every segment, always in the same order:
// scrubbers look at each part.
func (d *Dispatcher) submission(p *plan, smsc *SMSC, a *attempt) *bind.Submission {
	deadline := p.req.Deadline
	if end := p.rules.HoursEnd(p.grant.Category, d.cfg.Now()); !end.IsZero() && end.Before(deadline) {
		deadline = end
	}
	sub := &bind.Submission{Key: p.req.Key, Attempt: a.number, Class: p.req.Class, Deadline: deadline,
		Lease: p.req.Lease, Segments: a.segments, SMs: make([]pdu.SM, len(a.segments))}
	tlvs := smsc.Profile.tlvs(p)
	for i, segment := range a.segments {
		smsc.Profile.fill(&sub.SMs[i], p, segment, tlvs)
		if smsc.Profile.UserRef {
			ref := sms.UserReference(p.req.Key, a.number, segment)
			sub.SMs[i].TLVs = append(slices.Clip(sub.SMs[i].TLVs),
				pdu.TLV{Tag: pdu.TagUserMessageReference, Value: binary.BigEndian.AppendUint16(nil, ref)})
		}
	}
	return sub
}

// fill makes the submit_sm of one segment, counted from 1.
func (f *Profile) fill(m *pdu.SM, p *plan, number int, tlvs []pdu.TLV) {
	m.SourceTON, m.SourceNPI, m.Source = f.SourceTON, f.SourceNPI, string(p.grant.Header)
	m.DestTON, m.DestNPI, m.Dest = f.DestTON, f.DestNPI, p.req.To.Digits()
	m.ESMClass, m.DataCoding, m.RegisteredDelivery = f.ESMClass, p.sms.Encoding.DataCoding(), receiptFinalState
	m.TLVs = tlvs
	segment := p.sms.Segments[number-1]
	octets := segment.Payload
	if len(segment.UDH) > 0 { // where parts are counted by TLVs, it may still name a national language
		m.ESMClass |= pdu.ESMClassUDHI
		octets = slices.Concat(segment.UDH, segment.Payload)
	}
	switch {
	case p.sms.Parts > 1 && p.sms.Long == sms.Payload:
		m.TLVs = append(slices.Clip(tlvs), pdu.TLV{Tag: pdu.TagMessagePayload, Value: octets})
	case p.sms.Parts > 1 && p.sms.Long == sms.SAR: // SMPP 3.4 §5.3.2.22-24
		m.ShortMessage = octets
		m.TLVs = append(slices.Clip(tlvs),
			pdu.TLV{Tag: pdu.TagSarMsgRefNum, Value: binary.BigEndian.AppendUint16(nil, p.sms.Ref)},
			pdu.TLV{Tag: pdu.TagSarTotalSegments, Value: []byte{byte(p.sms.Parts)}},
			pdu.TLV{Tag: pdu.TagSarSegmentSeqnum, Value: []byte{byte(number)}})
	default:
		m.ShortMessage = octets
	}
}

func (f *Profile) tlvs(p *plan) []pdu.TLV {
	tlvs := make([]pdu.TLV, 2, 3)
	tlvs[0] = pdu.TLV{Tag: f.EntityTag, Value: f.value(string(p.grant.Entity))}
	tlvs[1] = pdu.TLV{Tag: f.TemplateTag, Value: f.value(string(p.grant.Template))}
	if p.chain != "" {
		tlvs = append(tlvs, pdu.TLV{Tag: f.ChainTag, Value: f.value(p.chain)})
	}
	return tlvs
}

func (f *Profile) value(s string) []byte {
	if f.NUL {
		return append([]byte(s), 0)
	}
	return []byte(s)
}
