package smsctest

import (
	"encoding/binary"
	"encoding/hex"
	"strings"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// part says which part of a text a submit_sm carries.
type part struct {
	concat        bool // one of several segments, by UDH or by SAR TLVs
	ref           uint16
	total, number byte    // from 1; both 1 where the text is whole
	header        sms.UDH // what stands before the text
	text          []byte  // payload without its user data header, aliases the PDU
}

// partOf reads the user data header or the SAR TLVs (SMPP 3.4 §5.3.2.22-24) of m, whose text is in short_message or
// message_payload. ok is false where they are there but broken.
func partOf(m *pdu.SM) (p part, ok bool) {
	p = part{total: 1, number: 1, text: m.Payload()}
	if m.ESMClass&pdu.ESMClassUDHI != 0 {
		h, text, err := sms.CutUDH(p.text)
		if err != nil {
			return p, false
		}
		p.header, p.text = h, text
	}
	if p.header.Concat {
		p.concat, p.ref, p.total, p.number = true, p.header.Ref, p.header.Total, p.header.Number
		return p, p.number >= 1 && p.number <= p.total
	}
	return p.readSAR(m)
}

func (p part) readSAR(m *pdu.SM) (part, bool) {
	ref, some := m.TLV(pdu.TagSarMsgRefNum)
	if !some {
		return p, true
	}
	total, _ := m.TLV(pdu.TagSarTotalSegments)
	number, _ := m.TLV(pdu.TagSarSegmentSeqnum)
	if len(ref) != 2 || len(total) != 1 || len(number) != 1 {
		return p, false
	}
	p.concat, p.ref, p.total, p.number = true, binary.BigEndian.Uint16(ref), total[0], number[0]
	return p, p.number >= 1 && p.number <= p.total
}

// textOf gives the text of the parts, which stand in their order, by their data_coding (SMPP 3.4 §5.2.19); hexadecimal
// digits for what is no text. Whole octets are decoded over all parts, in the tables of the first one's header, so that
// a character cut in two is whole again; packed septets begin anew in each part.
func textOf(dataCoding byte, packed bool, parts []part) sms.Secret {
	if packed && dataCoding == sms.GSM7.DataCoding() {
		var text strings.Builder
		for _, p := range parts {
			text.WriteString(decode(dataCoding, true, p.header, p.text))
		}
		return sms.Secret(text.String())
	}
	var octets []byte
	for _, p := range parts {
		octets = append(octets, p.text...)
	}
	return sms.Secret(decode(dataCoding, false, parts[0].header, octets))
}

func decode(dataCoding byte, packed bool, h sms.UDH, octets []byte) string {
	if text, ok := sms.Decode(dataCoding, packed, h, octets); ok {
		return text
	}
	return hex.EncodeToString(octets)
}
