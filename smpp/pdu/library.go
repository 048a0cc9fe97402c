package pdu

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	lib "github.com/fiorix/go-smpp/smpp/pdu"
	"github.com/fiorix/go-smpp/smpp/pdu/pdufield"
	"github.com/fiorix/go-smpp/smpp/pdu/pdutlv"
)

// library describes a submit_multi or submit_multi_resp as go-smpp reads it. That library stops without an error where
// a body is cut, which is a fault here.
func (p *page) library(h Header, body []byte) {
	decoded, err := decodeByLibrary(h, body)
	if err != nil {
		p.line("fault", err.Error())
		p.line("body", p.octets(body))
		return
	}
	fields := decoded.Fields()
	var text textField
	for _, name := range decoded.FieldList() {
		value, ok := fields[name]
		if !ok {
			p.line("fault", "the body ends before "+string(name))
			break
		}
		if dests, ok := value.(*pdufield.DestSmeList); ok && !onlyAddresses(dests) {
			p.line("fault", "a destination is no SME address (dest_flag 1), which is all that can be read here")
			p.line("body", p.octets(body))
			return
		}
		p.libraryField(name, value, &text)
	}
	tlvs := decoded.TLVFields()
	var tags []pdutlv.Tag
	for tag := range tlvs {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	for _, tag := range tags {
		p.tlv(TLV{Tag(tag), tlvs[tag].Bytes()}, text)
	}
}

// decodeByLibrary decodes with a length that is the body's, so that a wrong command_length is not a fault twice. Some
// malformed PDUs make other parts of the library panic; should one do it here, it is a fault of the PDU.
func decodeByLibrary(h Header, body []byte) (decoded lib.Body, err error) {
	defer func() {
		if r := recover(); r != nil {
			decoded, err = nil, fmt.Errorf("the body cannot be read: %v", r)
		}
	}()
	frame := setLength(append(AppendHeader(nil, h.ID, h.Status, h.Seq), body...), 0)
	decoded, err = lib.Decode(bytes.NewReader(frame))
	if err != nil {
		return nil, fmt.Errorf("the body cannot be read: %w", err)
	}
	return decoded, nil
}

// libraryField adds the lines of one field.
func (p *page) libraryField(name pdufield.Name, value pdufield.Body, text *textField) {
	switch v := value.(type) {
	case *pdufield.Fixed:
		text.note(string(name), v.Data)
		p.line(string(name), explainOctet(string(name), v.Data))
	case *pdufield.DestSmeList:
		for i := range v.Data {
			d := &v.Data[i]
			p.line("dest_address", fmt.Sprintf("ton %d, npi %d, %q", d.Ton.Data, d.Npi.Data, p.address(d.DestAddr.String())))
		}
	case *pdufield.UnSmeList:
		for i := range v.Data {
			u := &v.Data[i]
			p.line("unsuccess_sme", fmt.Sprintf("ton %d, npi %d, %q, error 0x%s", u.Ton.Data, u.Npi.Data,
				p.address(u.DestAddr.String()), hex.EncodeToString(u.ErrCode.Data)))
			if len(u.ErrCode.Data) < 4 {
				p.line("fault", "the body ends before its last error_status_code")
			}
		}
	case *pdufield.SM:
		p.line(string(name), p.text(v.Data, *text))
	default:
		p.line(string(name), strconv.Quote(p.libraryText(name, value.String())))
	}
}

// libraryText hides what may be a number, as field does.
func (p *page) libraryText(name pdufield.Name, shown string) string {
	switch name {
	case pdufield.SourceAddr, pdufield.ServiceType:
		return p.address(shown)
	case pdufield.ScheduleDeliveryTime, pdufield.ValidityPeriod:
		return p.when(shown)
	}
	return shown
}

// onlyAddresses says whether all destinations are SME addresses: go-smpp takes the name of a distribution list
// (dest_flag 2) for one, and is out of step from there on.
func onlyAddresses(dests *pdufield.DestSmeList) bool {
	return !slices.ContainsFunc(dests.Data, func(d pdufield.DestSme) bool { return d.Flag.Data != 1 })
}
