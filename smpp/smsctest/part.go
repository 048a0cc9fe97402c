package smsctest

import (
	"encoding/binary"
	"encoding/hex"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

// part says which part of a text a submit_sm carries.
type part struct {
	concat        bool // one of several segments, by UDH or by SAR TLVs
	ref           uint16
	total, number byte   // from 1; both 1 where the text is whole
	text          []byte // payload without its user data header, aliases the PDU
}

// partOf reads the user data header (3GPP TS 23.040 §9.2.3.24.1 and .8) or the SAR TLVs (SMPP 3.4 §5.3.2.22-24) of m.
// ok is false where they are there but broken.
func partOf(m *pdu.SM) (p part, ok bool) {
	p = part{total: 1, number: 1, text: m.Payload()}
	if m.ESMClass&pdu.ESMClassUDHI != 0 {
		if len(p.text) == 0 || int(p.text[0]) >= len(p.text) {
			return p, false
		}
		header := p.text[1 : 1+p.text[0]]
		p.text = p.text[1+p.text[0]:]
		return p.readUDH(header)
	}
	return p.readSAR(m)
}

// readUDH reads the concatenation element, with 8-bit (00) or 16-bit (08) reference, and passes over all others.
func (p part) readUDH(header []byte) (part, bool) {
	for len(header) > 0 {
		if len(header) < 2 || len(header) < 2+int(header[1]) {
			return p, false
		}
		id, value := header[0], header[2:2+header[1]]
		header = header[2+header[1]:]
		switch {
		case id == 0x00 && len(value) == 3:
			p.concat, p.ref, p.total, p.number = true, uint16(value[0]), value[1], value[2]
		case id == 0x08 && len(value) == 4:
			p.concat, p.ref, p.total, p.number = true, binary.BigEndian.Uint16(value), value[2], value[3]
		case id == 0x00 || id == 0x08:
			return p, false
		}
	}
	return p, p.number >= 1 && p.number <= p.total
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

// decode gives the text of payload octets by their data_coding (SMPP 3.4 §5.2.19): the SMSC's default alphabet (GSM-7,
// one septet an octet), IA5, Latin-1, UCS-2; hexadecimal digits for any other.
func decode(dataCoding byte, octets []byte) sms.Secret {
	switch dataCoding {
	case 0:
		return sms.Secret(sms.DecodeGSM7(octets))
	case 1, 3:
		runes := make([]rune, len(octets))
		for i, b := range octets {
			runes[i] = rune(b)
		}
		return sms.Secret(runes)
	case 8:
		return sms.Secret(sms.DecodeUCS2(octets))
	default:
		return sms.Secret(hex.EncodeToString(octets))
	}
}
