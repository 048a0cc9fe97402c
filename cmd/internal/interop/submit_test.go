//go:build interop

package interop

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// checkSubmits compares the submit_sm of one request, field by field, with what the configuration, the register and the
// request say.
func checkSubmits(t *testing.T, r *request, list []*pdu) {
	t.Helper()
	copies := 1
	if r.refused {
		copies = 2
	}
	if len(list) != copies*r.submits() {
		t.Errorf("%s: %d submit_sm, want %d", r.id, len(list), copies*r.submits())
	}
	texts := map[int]string{} // by the number of the part
	for _, p := range list {
		fields := r.fields()
		maps.Copy(fields, r.joint(list[0]))
		want(t, p, fields)
		checkLength(t, r, p)
		checkTLVs(t, r, p)
		checkValidity(t, p, r.ttl)
		texts[r.number(p)] = p.fields["smpp.message_text"]
	}
	var whole strings.Builder
	for number := 1; number <= r.submits(); number++ {
		text, ok := texts[number]
		if !ok {
			t.Errorf("%s: part %d of %d is missing", r.id, number, r.submits())
		}
		if r.smsc.packed {
			// A carriage return fills seven bits that are left over (3GPP TS 23.038 §6.1.2.3.1). tshark shows it, and from
			// XML it comes as a line feed.
			text = strings.TrimSuffix(text, "\n")
		}
		whole.WriteString(text)
	}
	if r.legible() && whole.String() != r.text {
		t.Errorf("%s: tshark reads %q, want %q", r.id, whole.String(), r.text)
	}
}

// legible says whether tshark can tell the text: it knows no national tables.
func (r *request) legible() bool {
	return r.language == "" && (r.dataCoding != "0x00" || !r.smsc.misread)
}

// fields is what every submit_sm of a request says of all but its parts.
func (r *request) fields() map[string]string {
	return map[string]string{
		"smpp.service_type":    "(Default)",
		"smpp.source_addr_ton": "0x05", "smpp.source_addr_npi": "0x00", "smpp.source_addr": r.header,
		"smpp.dest_addr_ton": "0x01", "smpp.dest_addr_npi": "0x01", "smpp.destination_addr": r.dest,
		"smpp.esm.submit.msg_mode": r.smsc.messaging, "smpp.esm.submit.msg_type": "0x00",
		"smpp.protocol_id": "0x00", "smpp.schedule_delivery_time_r": "0.000000000",
		"smpp.regdel.receipt": "0x01", "smpp.regdel.acks": "0x00", "smpp.regdel.notif": "0x00",
		"smpp.replace_if_present_flag": "0x00", "smpp.data_coding": r.dataCoding, "smpp.sm_default_msg_id": "0",
	}
}

// joint is how the parts must be joined: by the reference that the first has, in one way and no other.
func (r *request) joint(first *pdu) map[string]string {
	fields := map[string]string{"smpp.esm.submit.features": "0x00", "gsm_sms.dis_field_udh.user_data_header_length": "",
		"gsm_sms.ie_identifier": "", "gsm_sms.udh.mm.msg_id": "", "gsm_sms.udh.mm.msg_parts": "",
		"gsm_sms.dis_iei_lang.locking_shift": r.language, "gsm_sms.dis_iei_lang.single_shift": r.language,
		"smpp.sar_msg_ref_num": "", "smpp.sar_total_segments": ""}
	var elements []string
	total := strconv.Itoa(r.parts)
	switch r.joinedBy() {
	case "udh", "udh8": // 3GPP TS 23.040 §9.2.3.24.8 and §9.2.3.24.1
		elements = append(elements, map[string]string{"udh": "0x08", "udh8": "0x00"}[r.joinedBy()])
		fields["gsm_sms.udh.mm.msg_id"] = first.fields["gsm_sms.udh.mm.msg_id"]
		fields["gsm_sms.udh.mm.msg_parts"] = total
	case "sar":
		fields["smpp.sar_msg_ref_num"] = first.fields["smpp.sar_msg_ref_num"]
		fields["smpp.sar_total_segments"] = total
	}
	if r.language != "" {
		elements = append(elements, "0x25", "0x24") // §9.2.3.24.16 and §9.2.3.24.15
	}
	if wire, _ := r.headerOctets(); wire > 0 {
		fields["smpp.esm.submit.features"] = "0x01"
		fields["gsm_sms.ie_identifier"] = strings.Join(elements, ",")
		fields["gsm_sms.dis_field_udh.user_data_header_length"] = strconv.Itoa(wire - 1)
	}
	return fields
}

// number is which part of the text a submit_sm says it is.
func (r *request) number(p *pdu) int {
	field := map[string]string{"udh": "gsm_sms.udh.mm.msg_part", "udh8": "gsm_sms.udh.mm.msg_part",
		"sar": "smpp.sar_segment_seqnum"}[r.joinedBy()]
	if field == "" {
		return 1
	}
	number, _ := strconv.Atoi(p.fields[field]) // 0, which is none, where it says nothing
	return number
}

// headerOctets are those of a user data header with its length octet: on the wire, and on the handset, whose header the
// SMSC writes under SAR and message_payload.
func (r *request) headerOctets() (wire, handset int) {
	elements := 0
	if r.language != "" {
		elements += 6
	}
	wire, handset = elements, elements
	if r.parts > 1 {
		joint := map[string]int{"udh": 6, "udh8": 5, "sar": 6, "payload": 6}[r.smsc.long]
		handset += joint
		if r.smsc.long == "udh" || r.smsc.long == "udh8" {
			wire += joint
		}
	}
	withLength := func(n int) int {
		if n > 0 {
			n++
		}
		return n
	}
	return withLength(wire), withLength(handset)
}

// checkLength asks that each part has room in the 140 octets of a short message (3GPP TS 23.040 §9.2.3.16).
func checkLength(t *testing.T, r *request, p *pdu) {
	t.Helper()
	wire, handset := r.headerOctets()
	least, longest := wire+1, wire+140-handset
	if r.dataCoding == "0x00" && !r.smsc.packed {
		longest = wire + (140-handset)*8/7
	}
	if r.joinedBy() == "payload" {
		least, longest = 0, 0
	}
	if n, err := strconv.Atoi(p.fields["smpp.sm_length"]); err != nil || n < least || n > longest {
		t.Errorf("frame %s: %s: sm_length %q, want %d to %d", p.frame, p.title, p.fields["smpp.sm_length"], least, longest)
	}
}

// checkTLVs compares the optional parameters and their order.
func checkTLVs(t *testing.T, r *request, p *pdu) {
	t.Helper()
	tlvs := []tlv{{"0x1400", acmeEntity}, {"0x1401", r.template}}
	switch r.joinedBy() {
	case "sar":
		tlvs = append(tlvs, tlv{tag: "0x020c"}, tlv{tag: "0x020e"}, tlv{tag: "0x020f"})
	case "payload":
		tlvs = append(tlvs, tlv{tag: "0x0424"})
	}
	if r.smsc.userRef {
		tlvs = append(tlvs, tlv{tag: "0x0204"})
	}
	if !slices.Equal(p.tlvs, tlvs) {
		t.Errorf("frame %s: %s: TLVs %v, want %v", p.frame, p.title, p.tlvs, tlvs)
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
