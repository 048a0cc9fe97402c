//go:build interop

package interop

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
)

// Commands of SMPP 3.4 §5.1.2.1.
const (
	bindReceiver      = 0x01
	bindTransmitter   = 0x02
	submitSM          = 0x04
	deliverSM         = 0x05
	unbind            = 0x06
	bindTransceiver   = 0x09
	enquireLink       = 0x15
	alertNotification = 0x102
	dataSM            = 0x103
)

// checkWire judges the octets of both sides by what tshark read. binds are the commands that the gateway must bind by.
func checkWire(t *testing.T, pdus []pdu, binds []uint32) {
	t.Helper()
	count := map[uint32]int{}
	var bound []uint32
	byDest := map[string][]*pdu{}
	for i := range pdus {
		p := &pdus[i]
		count[p.command]++
		switch p.command {
		case bindReceiver, bindTransmitter, bindTransceiver:
			bound = append(bound, p.command)
			want(t, p, map[string]string{"smpp.system_id": systemID, "smpp.password": smscPassword, "smpp.interface_version": "52"})
		case submitSM:
			dest := p.fields["smpp.destination_addr"]
			byDest[dest] = append(byDest[dest], p)
		}
	}
	if slices.Sort(bound); !slices.Equal(bound, binds) {
		t.Errorf("the gateway bound by the commands %v, want %v", bound, binds)
	}
	checkAnswers(t, pdus)
	for _, r := range requests {
		if r.rejected() {
			continue
		}
		checkSubmits(t, r, byDest[r.dest])
		delete(byDest, r.dest)
	}
	for dest, list := range byDest {
		t.Errorf("%d submit_sm to %s, which nobody asked for", len(list), dest)
	}
	passed(t, "tshark: %d PDUs, none malformed: %d bind, %d submit_sm, %d deliver_sm, %d data_sm, %d enquire_link, %d unbind, each "+
		"answered once", len(pdus), len(bound), count[submitSM], count[deliverSM], count[dataSM], count[enquireLink], count[unbind])
}

// checkAnswers asks for exactly one answer to each request, by the other side and with status 0 (SMPP 3.4 §2.1), and for
// legal sequence numbers of ours (§5.1.4; Kannel begins with 0).
func checkAnswers(t *testing.T, pdus []pdu) {
	t.Helper()
	type key struct {
		stream  string
		ours    bool // the request is the gateway's
		command uint32
		seq     uint32
	}
	open := map[key]*pdu{}
	used := map[string]bool{}
	for i := range pdus {
		p := &pdus[i]
		if p.ours && !p.response() && (p.seq < 1 || p.seq > 0x7FFFFFFF) {
			t.Errorf("frame %s: %s: the sequence number is not of 1 to 0x7FFFFFFF", p.frame, p.title)
		}
		if p.response() {
			k := key{p.stream, !p.ours, p.command &^ 0x80000000, p.seq}
			if open[k] == nil || p.status != 0 {
				t.Errorf("frame %s: %s: answers nothing that waits, or with an error", p.frame, p.title)
			}
			delete(open, k)
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
	for _, p := range open {
		t.Errorf("frame %s: %s: was never answered", p.frame, p.title)
	}
}

// checkSubmits compares the submit_sm of one request, field by field, with what the configuration, the register and the
// request say.
func checkSubmits(t *testing.T, r *request, list []*pdu) {
	t.Helper()
	if len(list) != r.segments {
		t.Errorf("%s: %d submit_sm, want %d", r.id, len(list), r.segments)
	}
	var parts []string
	for _, p := range list {
		fields := map[string]string{
			"smpp.service_type":    "(Default)",
			"smpp.source_addr_ton": "0x05", "smpp.source_addr_npi": "0x00", "smpp.source_addr": r.header,
			"smpp.dest_addr_ton": "0x01", "smpp.dest_addr_npi": "0x01", "smpp.destination_addr": r.dest,
			"smpp.esm.submit.msg_mode": "0x00", "smpp.esm.submit.msg_type": "0x00", "smpp.esm.submit.features": "0x00",
			"smpp.protocol_id": "0x00", "smpp.schedule_delivery_time_r": "0.000000000",
			"smpp.regdel.receipt": "0x01", "smpp.regdel.acks": "0x00", "smpp.regdel.notif": "0x00",
			"smpp.replace_if_present_flag": "0x00", "smpp.data_coding": r.dataCoding, "smpp.sm_default_msg_id": "0",
		}
		longest := 160 // GSM-7, a septet an octet
		if r.dataCoding == "0x08" {
			longest = 140
		}
		if r.segments > 1 { // one element, the 16-bit reference (3GPP TS 23.040 §9.2.3.24.8)
			fields["smpp.esm.submit.features"] = "0x01"
			fields["gsm_sms.dis_field_udh.user_data_header_length"] = "6"
			fields["gsm_sms.ie_identifier"] = "0x08"
			fields["gsm_sms.udh.mm.msg_id"] = list[0].fields["gsm_sms.udh.mm.msg_id"]
			fields["gsm_sms.udh.mm.msg_parts"] = strconv.Itoa(r.segments)
			parts = append(parts, p.fields["gsm_sms.udh.mm.msg_part"])
			longest = min(longest, 159) // of the header's 7 octets the air needs 8 septets
		}
		want(t, p, fields)
		if n, err := strconv.Atoi(p.fields["smpp.sm_length"]); err != nil || n < 1 || n > longest {
			t.Errorf("frame %s: %s: sm_length %q, want 1 to %d", p.frame, p.title, p.fields["smpp.sm_length"], longest)
		}
		if tlvs := []tlv{{"0x1400", acmeEntity}, {"0x1401", r.template}}; !slices.Equal(p.tlvs, tlvs) {
			t.Errorf("frame %s: %s: TLVs %v, want %v", p.frame, p.title, p.tlvs, tlvs)
		}
		checkValidity(t, p, r.ttl)
	}
	slices.Sort(parts)
	for i, part := range parts {
		if part != strconv.Itoa(i+1) {
			t.Errorf("%s: parts %v", r.id, parts)
			break
		}
	}
}

// checkValidity asks for a relative validity_period (SMPP 3.4 §7.1.1.2) of what is left of the time to live, which the
// test's own duration bounds.
func checkValidity(t *testing.T, p *pdu, ttl int) {
	t.Helper()
	shown := p.fields["smpp.validity_period_r"]
	left, err := strconv.ParseFloat(shown, 64)
	if err != nil || left > float64(ttl) || left < float64(ttl)-worldTime.Seconds() {
		t.Errorf("frame %s: %s: relative validity_period %q, want what is left of %d s", p.frame, p.title, shown, ttl)
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
