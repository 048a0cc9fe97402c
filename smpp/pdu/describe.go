package pdu

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"harkara/smpp/sms"
)

// Describe writes f for people: one line for each field, by the standard's name, and the text decoded by data_coding.
// Unless reveal is set, addresses show their last four digits and texts only their length; a password never shows.
// Octets that are no whole PDU, or a body that cannot be read, are described as far as they go.
func Describe(f Frame, reveal bool) string {
	p := page{reveal: reveal}
	if len(f) < HeaderLength {
		p.line("fault", fmt.Sprintf("%d octets are less than a header of %d", len(f), HeaderLength))
		return p.String()
	}
	h := f.Header()
	p.id = h.ID
	p.header(h)
	body := f.Body()
	switch have := uint64(len(f)); {
	case uint64(h.Length) > have:
		p.line("fault", fmt.Sprintf("command_length is %d, %d octets are there", h.Length, have))
	case h.Length < HeaderLength:
		p.line("fault", fmt.Sprintf("command_length is %d, less than the header of %d", h.Length, HeaderLength))
		body = nil
	case uint64(h.Length) < have:
		p.line("fault", fmt.Sprintf("%d octets follow behind command_length", have-uint64(h.Length)))
		body = f[HeaderLength:h.Length]
	}
	if len(body) > 0 {
		p.body(h, body)
	}
	return p.String()
}

// page gathers the lines of one description.
type page struct {
	strings.Builder
	id     CommandID
	reveal bool
}

// line adds a field with its value.
func (p *page) line(name, value string) { fmt.Fprintf(p, "%-24s %s\n", name, value) }

func (p *page) header(h Header) {
	p.line("command_id", fmt.Sprintf("0x%08x %s", uint32(h.ID), h.ID))
	p.line("command_length", strconv.FormatUint(uint64(h.Length), 10))
	p.line("command_status", fmt.Sprintf("0x%08x %s", uint32(h.Status), h.Status))
	p.line("sequence_number", strconv.FormatUint(uint64(h.Seq), 10))
}

// body goes through the fields that the command has. Those with lists are read by go-smpp.
func (p *page) body(h Header, body []byte) {
	if h.ID == SubmitMulti || h.ID == SubmitMultiResp {
		p.library(h, body)
		return
	}
	fields, ok := layouts[h.ID]
	if !ok {
		p.line("body", p.octets(body))
		return
	}
	c := cursor{body: body}
	var text textField
	for _, f := range fields {
		if p.field(&c, f, &text); c.err != nil {
			break
		}
	}
	for _, t := range c.tlvs(nil) {
		p.tlv(t, text)
	}
	if c.err != nil {
		p.line("fault", c.err.Error())
	}
}

// field reads one field and adds its line.
func (p *page) field(c *cursor, f fieldSpec, text *textField) {
	var value string
	switch f.kind {
	case octet:
		n := c.octet(f.name)
		text.note(f.name, n)
		value = explainOctet(f.name, n)
	case plain:
		value = strconv.Quote(c.str(f.name))
	case address:
		value = strconv.Quote(p.address(c.str(f.name)))
	case when:
		value = strconv.Quote(p.when(c.str(f.name)))
	case password:
		value = sms.Secret(c.str(f.name)).String()
	case message:
		n := c.octet("sm_length")
		value = p.text(c.octets(f.name, int(n)), *text)
	}
	if c.err == nil {
		p.line(f.name, value)
	}
}

// tlv adds a TLV's line. Values are hidden unless they are known to hold neither a number nor a text.
func (p *page) tlv(t TLV, text textField) {
	name := "TLV " + t.Tag.String()
	switch {
	case t.Tag == TagMessagePayload:
		p.line(name, p.text(t.Value, text))
	case isID(t.Tag, p.id):
		p.line(name, fmt.Sprintf("%d octets %q", len(t.Value), t.Value))
	case len(t.Value) <= 3:
		p.line(name, hex.EncodeToString(t.Value))
	default:
		p.line(name, p.octets(t.Value))
	}
}

// octets shows what has no fields, as hexadecimal.
func (p *page) octets(b []byte) string {
	if !p.reveal {
		return fmt.Sprintf("%d octets, hidden", len(b))
	}
	return fmt.Sprintf("%d octets %s", len(b), hex.EncodeToString(b))
}

// address hides all digits but the last four.
func (p *page) address(s string) string {
	if p.reveal {
		return s
	}
	b := []byte(s)
	maskDigits(b)
	return string(b)
}

// when hides the digits of what is no time.
func (p *page) when(s string) string {
	if isTime(s) {
		return s
	}
	return p.address(s)
}
