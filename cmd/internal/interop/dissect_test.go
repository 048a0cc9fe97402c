//go:build interop

package interop

import (
	"context"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"slices"
	"strconv"
	"testing"
)

// node is a protocol or a field of tshark's PDML.
type node struct {
	Name   string `xml:"name,attr"`
	Show   string `xml:"show,attr"`
	Value  string `xml:"value,attr"` // the octets, in hexadecimal
	Title  string `xml:"showname,attr"`
	Protos []node `xml:"proto"`
	Fields []node `xml:"field"`
}

// each calls visit for a node and all within it.
func (n *node) each(visit func(*node)) {
	visit(n)
	for i := range n.Protos {
		n.Protos[i].each(visit)
	}
	for i := range n.Fields {
		n.Fields[i].each(visit)
	}
}

// tlv is one optional parameter; the value of a vendor's is read as text, those of the standard are among the fields.
type tlv struct{ tag, value string }

// pdu is one PDU as tshark reads it. The fields of its user data header are among its own.
type pdu struct {
	frame, stream string
	ours          bool // sent by the gateway
	tls           bool // it was within TLS
	command       uint32
	status        uint32
	seq           uint32
	title         string
	fields        map[string]string // what tshark shows, by the field's name
	tlvs          []tlv             // in order
}

// response says whether it answers another.
func (p *pdu) response() bool { return p.command&0x80000000 != 0 }

// dissect has tshark read the capture. What it calls malformed, or does not take for SMPP, fails the test.
func (c *capture) dissect(ctx context.Context, t *testing.T) []pdu {
	t.Helper()
	out := run(ctx, t, nil, slices.Concat(c.tshark, []string{"-2", "-T", "pdml"})...)
	var doc struct {
		Packets []node `xml:"packet"`
	}
	if err := xml.Unmarshal(out, &doc); err != nil {
		t.Fatalf("tshark's PDML: %v", err)
	}
	var pdus []pdu
	for i := range doc.Packets {
		pdus = append(pdus, c.packet(t, &doc.Packets[i])...)
	}
	return pdus
}

// packet reads one packet: any number of PDUs, each followed by its user data where it has a header of its own.
func (c *capture) packet(t *testing.T, p *node) []pdu {
	t.Helper()
	var pdus []pdu
	shown := map[string]string{}
	secured := false // by TLS: a packet without SMPP in it may be of the handshake
	for i := range p.Protos {
		proto := &p.Protos[i]
		switch proto.Name {
		case "geninfo", "tcp":
			proto.each(func(n *node) { shown[n.Name] = n.Show })
		case "tls":
			secured = secured || c.unlocked(t, shown["num"], proto)
		case "smpp":
			port := shown["tcp.dstport"]
			pdus = append(pdus, pdu{frame: shown["num"], stream: shown["tcp.stream"], title: proto.Title,
				ours: port == c.port || port == c.tlsPort, tls: secured, fields: map[string]string{}})
		}
		if len(pdus) > 0 {
			proto.each(func(n *node) { pdus[len(pdus)-1].take(t, n) })
		}
		proto.each(func(n *node) { blame(t, shown["num"], proto.Name, n) })
	}
	_, segment := shown["tcp.reassembled_in"]
	// On a busy machine the kernel sends a segment again: its octets were read in the packet that brought them first.
	_, again := shown["tcp.analysis.retransmission"]
	if shown["tcp.len"] != "0" && len(pdus) == 0 && !secured && !segment && !(again && c.seen(t, shown)) {
		t.Errorf("frame %s: tshark finds no SMPP in %s octets", shown["num"], shown["tcp.len"])
	}
	if c.marks == nil {
		c.marks = map[string]int{}
	}
	way := shown["tcp.stream"] + ">" + shown["tcp.dstport"]
	c.marks[way] = max(c.marks[way], c.mark(t, shown))
	return pdus
}

// unlocked says that tshark could read the records of TLS, and found SMPP wherever they hold data.
func (c *capture) unlocked(t *testing.T, frame string, proto *node) bool {
	t.Helper()
	count := map[string]int{}
	proto.each(func(n *node) {
		count[n.Name]++
		if n.Name == "tls.app_data_proto" && n.Show != "Short Message Peer to Peer" {
			t.Errorf("frame %s: tshark finds %s within TLS", frame, n.Show)
		}
	})
	if count["tls.record"] != count["tls.record.content_type"] || count["tls.app_data"] != count["tls.app_data_proto"] {
		t.Errorf("frame %s: tshark can't decrypt it: %v", frame, count)
	}
	return true
}

// seen says whether every octet of a packet lies below what its direction of the stream has brought before.
func (c *capture) seen(t *testing.T, shown map[string]string) bool {
	t.Helper()
	end := c.mark(t, shown)
	return end <= c.marks[shown["tcp.stream"]+">"+shown["tcp.dstport"]]
}

// mark is the sequence number behind a packet's last octet, as tshark counts: from 0 at the stream's begin.
func (c *capture) mark(t *testing.T, shown map[string]string) int {
	t.Helper()
	seq, err1 := strconv.Atoi(shown["tcp.seq"])
	length, err2 := strconv.Atoi(shown["tcp.len"])
	if err := errors.Join(err1, err2); err != nil {
		t.Errorf("frame %s: %v", shown["num"], err)
	}
	return seq + length
}

// blame reports what tshark found wrong: anything malformed, any remark on SMPP, and packets that the capture missed.
func blame(t *testing.T, frame, proto string, n *node) {
	t.Helper()
	switch n.Name {
	case "_ws.malformed", "_ws.unreassembled", "tcp.analysis.lost_segment", "tcp.analysis.ack_lost_segment":
		t.Errorf("frame %s: tshark: %s", frame, n.Title)
	case "_ws.expert":
		if proto == "smpp" || proto == "gsm_sms_ud" {
			t.Errorf("frame %s: tshark on %s: %s", frame, proto, n.Title)
		}
	}
}

// take keeps one field of a PDU.
func (p *pdu) take(t *testing.T, n *node) {
	t.Helper()
	number := func() uint32 {
		v, err := strconv.ParseUint(n.Show, 0, 32)
		if err != nil {
			t.Errorf("frame %s: %s: %v", p.frame, n.Name, err)
		}
		return uint32(v)
	}
	switch n.Name {
	case "":
		return
	case "smpp.command_id":
		p.command = number()
	case "smpp.command_status":
		p.status = number()
	case "smpp.sequence_number":
		p.seq = number()
	case "smpp.opt_param_tag":
		p.tlvs = append(p.tlvs, tlv{tag: n.Show})
	case "smpp.vendor_op":
		octets, err := hex.DecodeString(n.Value)
		if err != nil || len(p.tlvs) == 0 {
			t.Errorf("frame %s: %s %q: %v", p.frame, n.Name, n.Value, err)
			return
		}
		p.tlvs[len(p.tlvs)-1].value = string(octets)
	case "gsm_sms.ie_identifier": // of each element of a user data header
		if before := p.fields[n.Name]; before != "" {
			p.fields[n.Name] = before + "," + n.Show
			return
		}
	}
	p.fields[n.Name] = n.Show
}
