//go:build interop

package interop

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// checkSubmits compares the submit_sm of one request, field by field, with what the configuration, the register and the
// request say.
func checkSubmits(t *testing.T, r *request, list []*pdu) {
	t.Helper()
	n := r.submits()
	if r.refused {
		n++
	}
	if len(list) != n {
		t.Errorf("%s: %d submit_sm, want %d", r.id, len(list), n)
	}
	var parts []string
	texts := make([]string, n)
	for i, p := range list {
		want(t, p, r.mandatory())
		part := checkParts(t, r, p, list[0])
		parts = append(parts, part)
		if n := r.submits(); len(part) > 0 && n > 1 {
			i, _ = strconv.Atoi(part)
			i--
		}
		if i >= 0 && i < n {
			texts[i] = p.text()
		}
		checkLength(t, r, p)
		checkTLVs(t, r, p)
		checkValidity(t, p, r.ttl)
	}
	checkText(t, r, parts, texts)
}

// mandatory is what every submit_sm of a request says outside its text and its parts.
func (r *request) mandatory() map[string]string {
	return map[string]string{
		"smpp.service_type":    "(Default)",
		"smpp.source_addr_ton": "0x05", "smpp.source_addr_npi": "0x00", "smpp.source_addr": r.header,
		"smpp.dest_addr_ton": "0x01", "smpp.dest_addr_npi": "0x01", "smpp.destination_addr": r.dest,
		"smpp.esm.submit.msg_mode": r.smsc.mode, "smpp.esm.submit.msg_type": "0x00",
		"smpp.protocol_id": "0x00", "smpp.schedule_delivery_time_r": "0.000000000",
		"smpp.regdel.receipt": "0x01", "smpp.regdel.acks": "0x00", "smpp.regdel.notif": "0x00",
		"smpp.replace_if_present_flag": "0x00", "smpp.data_coding": r.dataCoding, "smpp.sm_default_msg_id": "0",
	}
}
