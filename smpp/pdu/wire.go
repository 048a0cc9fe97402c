package pdu

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// checkText says whether s may go into a C-octet string field of at most limit octets without its NUL. The error
// names the field, never its value.
func checkText(field, s string, limit int) error {
	if len(s) > limit {
		return fmt.Errorf("%s is %d octets long, at most %d are allowed", field, len(s), limit)
	}
	if strings.IndexByte(s, 0) >= 0 {
		return fmt.Errorf("%s holds a NUL, which would end it early", field)
	}
	return nil
}

// appendText appends a C-octet string.
func appendText(dst []byte, s string) []byte { return append(append(dst, s...), 0) }

// cursor reads a body from the front, and keeps the first error, which names the field and its place in the PDU.
type cursor struct {
	body []byte
	off  int
	err  error
}

// fail keeps the first error.
func (c *cursor) fail(field, what string) {
	if c.err == nil {
		c.err = fmt.Errorf("%s at octet %d: %s", field, HeaderLength+c.off, what)
	}
}

// octet reads one octet; after an error, 0.
func (c *cursor) octet(field string) byte {
	if c.err != nil || c.off >= len(c.body) {
		c.fail(field, "the body ends before it")
		return 0
	}
	b := c.body[c.off]
	c.off++
	return b
}

// octets reads n octets, which alias the body; after an error, nil.
func (c *cursor) octets(field string, n int) []byte {
	if c.err != nil || n > len(c.body)-c.off {
		c.fail(field, fmt.Sprintf("%d octets are announced, %d are left", n, len(c.body)-c.off))
		return nil
	}
	b := c.body[c.off : c.off+n : c.off+n]
	c.off += n
	return b
}

// span is a part of a body, by its offsets.
type span struct{ from, to int }

// text reads a C-octet string and gives its place without the NUL; after an error, an empty place.
func (c *cursor) text(field string) span {
	if c.err != nil {
		return span{}
	}
	n := bytes.IndexByte(c.body[c.off:], 0)
	if n < 0 {
		c.fail(field, "no NUL ends it")
		return span{}
	}
	s := span{c.off, c.off + n}
	c.off += n + 1
	return s
}

// textOctets reads a C-octet string as octets, which alias the body.
func (c *cursor) textOctets(field string) []byte {
	s := c.text(field)
	return c.body[s.from:s.to]
}

// str reads a C-octet string into a string of its own.
func (c *cursor) str(field string) string {
	s := c.text(field)
	return string(c.body[s.from:s.to])
}

// TLV is one optional parameter (SMPP 3.4 §3.2.4.1).
type TLV struct {
	Tag   Tag
	Value []byte
}

// tlv reads the next TLV, whose value aliases the body; ok is false at the end of the body and after an error.
func (c *cursor) tlv() (t TLV, ok bool) {
	if c.err != nil || c.off == len(c.body) {
		return TLV{}, false
	}
	head := c.octets("the tag and length of a TLV", 4)
	if c.err != nil {
		return TLV{}, false
	}
	t.Tag = Tag(binary.BigEndian.Uint16(head))
	n := int(binary.BigEndian.Uint16(head[2:]))
	if n > len(c.body)-c.off {
		c.fail("TLV "+t.Tag.String(), fmt.Sprintf("%d octets are announced, %d are left", n, len(c.body)-c.off))
		return TLV{}, false
	}
	t.Value = c.octets("", n)
	return t, true
}

// tlvs reads TLVs to the end of the body and appends them to dst; the values alias the body.
func (c *cursor) tlvs(dst []TLV) []TLV {
	for t, ok := c.tlv(); ok; t, ok = c.tlv() {
		dst = append(dst, t)
	}
	return dst
}

// skipTLVs reads TLVs to the end of the body for their faults alone.
func (c *cursor) skipTLVs() {
	for _, ok := c.tlv(); ok; _, ok = c.tlv() {
		continue
	}
}

// appendTLVs appends them in their order.
func appendTLVs(dst []byte, tlvs []TLV) []byte {
	for i := range tlvs {
		dst = binary.BigEndian.AppendUint16(dst, uint16(tlvs[i].Tag))
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(tlvs[i].Value)))
		dst = append(dst, tlvs[i].Value...)
	}
	return dst
}
