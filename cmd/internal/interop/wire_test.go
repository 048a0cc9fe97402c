//go:build interop

package interop

import (
	"fmt"
	"slices"
	"testing"
)

// Commands of SMPP 3.4 §5.1.2.1.
const (
	bindReceiver      = 0x01
	bindTransmitter   = 0x02
	querySM           = 0x03
	submitSM          = 0x04
	deliverSM         = 0x05
	unbind            = 0x06
	bindTransceiver   = 0x09
	enquireLink       = 0x15
	alertNotification = 0x102
	dataSM            = 0x103
)

// Values of command_status (SMPP 3.4 §5.1.3).
const (
	receiverRejects = 0x66  // ESME_RX_R_APPN
	vendorBusy      = 0x401 // of the vendors' range: one SMSC says so that it has too much to do
)

// checkWire judges the octets of both sides by what tshark read.
func checkWire(t *testing.T, pdus []pdu, smscs []*smsc, requests []*request) {
	t.Helper()
	count := map[uint32]int{}
	bySMSC := checkBinds(t, pdus, smscs)
	byDest := map[string][]*pdu{}
	for i := range pdus {
		p := &pdus[i]
		count[p.command]++
		if p.command == submitSM {
			dest := p.fields["smpp.destination_addr"]
			byDest[dest] = append(byDest[dest], p)
		}
	}
	checkAnswers(t, pdus, bySMSC, requests)
	for _, r := range requests {
		if r.rejected() {
			continue
		}
		for _, p := range byDest[r.dest] {
			if s := bySMSC[p.stream]; s != r.smsc {
				t.Errorf("frame %s: %s: came to another SMSC than %s", p.frame, p.title, r.smsc.ID)
			}
		}
		checkSubmits(t, r, byDest[r.dest])
		delete(byDest, r.dest)
	}
	for dest, list := range byDest {
		t.Errorf("%d submit_sm to %s, which nobody asked for", len(list), dest)
	}
	passed(t, "tshark: %d PDUs, none malformed: %d bind, %d submit_sm, %d query_sm, %d deliver_sm, %d data_sm, "+
		"%d enquire_link, %d unbind, answered as they must be", len(pdus), len(bySMSC), count[submitSM], count[querySM], count[deliverSM],
		count[dataSM], count[enquireLink], count[unbind])
}

// checkBinds compares the binds with the configuration, and says whose each stream is.
func checkBinds(t *testing.T, pdus []pdu, smscs []*smsc) map[string]*smsc {
	t.Helper()
	commands := map[string][]uint32{}
	streams := map[string]*smsc{}
	for i := range pdus {
		p := &pdus[i]
		if p.command != bindReceiver && p.command != bindTransmitter && p.command != bindTransceiver {
			continue
		}
		name := p.fields["smpp.system_type"]
		at := slices.IndexFunc(smscs, func(s *smsc) bool { return s.ID == name })
		if at < 0 {
			t.Errorf("frame %s: %s: no SMSC has the system_type %q", p.frame, p.title, name)
			continue
		}
		s := smscs[at]
		streams[p.stream] = s
		commands[name] = append(commands[name], p.command)
		address := "0x00"
		if s.addressRange != "" {
			address = "0x01"
		}
		want(t, p, map[string]string{"smpp.system_id": systemID, "smpp.password": smscPassword,
			"smpp.interface_version": fmt.Sprint(s.version), "smpp.addr_ton": address, "smpp.addr_npi": address,
			"smpp.address_range": s.addressRange})
		if p.tls != s.TLS {
			t.Errorf("frame %s: %s: within TLS %t, want %t", p.frame, p.title, p.tls, s.TLS)
		}
	}
	for _, s := range smscs {
		want := slices.Repeat([]uint32{bindTransceiver}, s.Binds)
		if s.Mode == "transmitter_receiver" {
			want = slices.Concat(slices.Repeat([]uint32{bindReceiver}, s.Binds), slices.Repeat([]uint32{bindTransmitter}, s.Binds))
		}
		if got := slices.Sorted(slices.Values(commands[s.ID])); !slices.Equal(got, want) {
			t.Errorf("the gateway bound to %s by the commands %v, want %v", s.ID, got, want)
		}
	}
	return streams
}

// checkAnswers asks for exactly one answer to each request, by the other side and with status 0 (SMPP 3.4 §2.1), save
// for what either side is known to treat otherwise, and for legal sequence numbers of ours (§5.1.4; Kannel begins with 0).
func checkAnswers(t *testing.T, pdus []pdu, bySMSC map[string]*smsc, requests []*request) {
	t.Helper()
	type key struct {
		stream  string
		ours    bool // the request is the gateway's
		command uint32
		seq     uint32
	}
	open := map[key]*pdu{}
	used := map[string]bool{}
	busy := map[string]int{} // by number, how often it was refused by vendorBusy
	for i := range pdus {
		p := &pdus[i]
		if p.ours && !p.response() && (p.seq < 1 || p.seq > 0x7FFFFFFF) {
			t.Errorf("frame %s: %s: the sequence number is not of 1 to 0x7FFFFFFF", p.frame, p.title)
		}
		if p.response() {
			k := key{p.stream, !p.ours, p.command &^ 0x80000000, p.seq}
			asked := open[k]
			delete(open, k)
			status := uint32(0)
			if k.command == deliverSM && bySMSC[p.stream] != nil {
				status = bySMSC[p.stream].taken
			}
			switch {
			case asked == nil:
				t.Errorf("frame %s: %s: answers nothing that waits", p.frame, p.title)
			case p.status == vendorBusy && asked.command == submitSM:
				busy[asked.fields["smpp.destination_addr"]]++
			case p.status != status:
				t.Errorf("frame %s: %s: answers with status %#x, want %#x", p.frame, p.title, p.status, status)
			}
			continue
		}
		number := fmt.Sprint(p.stream, p.ours, p.seq)
		if used[number] {
			t.Errorf("frame %s: %s: the sequence number was used before on this bind", p.frame, p.title)
		}
		used[number] = true
		if p.command != alertNotification { // the one request that has no answer
			open[key{p.stream, p.ours, p.command, p.seq}] = p
		}
	}
	for _, r := range requests {
		if (busy[r.dest] == 1) != r.refused || busy[r.dest] > 1 {
			t.Errorf("%s was refused %d times by status %#x", r.id, busy[r.dest], vendorBusy)
		}
	}
	for _, p := range open {
		dest := p.fields["smpp.destination_addr"]
		if !slices.ContainsFunc(requests, func(r *request) bool { return r.unanswered && r.dest == dest }) {
			t.Errorf("frame %s: %s: was never answered", p.frame, p.title)
		}
	}
}

// want compares fields.
func want(t *testing.T, p *pdu, fields map[string]string) {
	t.Helper()
	for name, value := range fields {
		if got := p.fields[name]; got != value {
			t.Errorf("frame %s: %s: %s is %q, want %q", p.frame, p.title, name, got, value)
		}
	}
}
