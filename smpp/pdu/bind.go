package pdu

import (
	"errors"
	"fmt"

	"harkara/smpp/sms"
)

// Bind is the body of a bind_receiver, bind_transmitter or bind_transceiver (SMPP 3.4 §4.1).
type Bind struct {
	SystemID         string
	Password         sms.Secret
	SystemType       string
	InterfaceVersion byte // 0x34 for SMPP 3.4
	AddrTON, AddrNPI byte
	AddressRange     string
}

// InterfaceVersion34 is the interface_version of SMPP 3.4.
const InterfaceVersion34 = 0x34

// AppendBind appends a BindReceiver, BindTransmitter or BindTransceiver. On an error dst is returned as it came; the
// error names the field that SMPP 3.4 forbids, never its value.
func AppendBind(dst []byte, id CommandID, seq uint32, b *Bind) ([]byte, error) {
	if err := b.check(id); err != nil {
		return dst, fmt.Errorf("write %s: %w", id, err)
	}
	start := len(dst)
	dst = AppendHeader(dst, id, ESME_ROK, seq)
	dst = appendText(dst, b.SystemID)
	dst = appendText(dst, b.Password.Reveal())
	dst = appendText(dst, b.SystemType)
	dst = append(dst, b.InterfaceVersion, b.AddrTON, b.AddrNPI)
	return setLength(appendText(dst, b.AddressRange), start), nil
}

// check holds b against the limits of the standard.
func (b *Bind) check(id CommandID) error {
	if id != BindReceiver && id != BindTransmitter && id != BindTransceiver {
		return errors.New("it is not a bind")
	}
	if err := checkText("system_id", b.SystemID, 15); err != nil {
		return err
	}
	if err := checkText("password", b.Password.Reveal(), 8); err != nil {
		return err
	}
	if err := checkText("system_type", b.SystemType, 12); err != nil {
		return err
	}
	return checkText("address_range", b.AddressRange, 40)
}

// ParseBind reads a BindReceiver, BindTransmitter or BindTransceiver; the error names the field and the octet.
func ParseBind(f Frame) (Bind, error) {
	body, err := f.body(BindReceiver, BindTransmitter, BindTransceiver)
	if err != nil {
		return Bind{}, fmt.Errorf("read a bind: %w", err)
	}
	c := cursor{body: body}
	b := Bind{
		SystemID:         c.str("system_id"),
		Password:         sms.Secret(c.str("password")),
		SystemType:       c.str("system_type"),
		InterfaceVersion: c.octet("interface_version"),
		AddrTON:          c.octet("addr_ton"),
		AddrNPI:          c.octet("addr_npi"),
		AddressRange:     c.str("address_range"),
	}
	if c.err == nil && c.off < len(body) {
		c.fail("the end", fmt.Sprintf("%d more octets follow", len(body)-c.off))
	}
	if c.err != nil {
		return Bind{}, fmt.Errorf("read %s: %w", f.Header().ID, c.err)
	}
	return b, nil
}

// AppendBindResp appends a BindReceiverResp, BindTransmitterResp or BindTransceiverResp. One that binds says
// sc_interface_version 3.4, as without it an ESME must not send TLVs (SMPP 3.4 §3.4); one that refuses has no body
// (§4.1.2). The caller keeps systemID within 15 octets without a NUL.
func AppendBindResp(dst []byte, id CommandID, status Status, seq uint32, systemID string) []byte {
	start := len(dst)
	dst = AppendHeader(dst, id, status, seq)
	if status != ESME_ROK {
		return dst
	}
	dst = appendText(dst, systemID)
	return setLength(appendTLVs(dst, []TLV{{TagSCInterfaceVersion, []byte{InterfaceVersion34}}}), start)
}

// ParseBindResp reads a BindReceiverResp, BindTransmitterResp or BindTransceiverResp; the values of the TLVs alias f.
// A body that is not there gives "" and no TLVs.
func ParseBindResp(f Frame) (systemID string, tlvs []TLV, err error) {
	body, err := f.body(BindReceiverResp, BindTransmitterResp, BindTransceiverResp)
	if err != nil {
		return "", nil, fmt.Errorf("read a bind response: %w", err)
	}
	if len(body) == 0 {
		return "", nil, nil
	}
	c := cursor{body: body}
	systemID = c.str("system_id")
	tlvs = c.tlvs(nil)
	if c.err != nil {
		return "", nil, fmt.Errorf("read %s: %w", f.Header().ID, c.err)
	}
	return systemID, tlvs, nil
}
