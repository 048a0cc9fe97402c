package receipt

import (
	"testing"
	"time"

	"harkara/smpp/pdu"
	"harkara/smpp/sms"
)

func deliver(class byte, text string, tlvs ...pdu.TLV) pdu.SM {
	return pdu.SM{ESMClass: class, ShortMessage: []byte(text), TLVs: tlvs}
}

func idTLV(id string) pdu.TLV {
	return pdu.TLV{Tag: pdu.TagReceiptedMessageID, Value: []byte(id + "\x00")}
}
func stateTLV(n byte) pdu.TLV { return pdu.TLV{Tag: pdu.TagMessageState, Value: []byte{n}} }

func networkTLV(code uint16) pdu.TLV {
	return pdu.TLV{Tag: pdu.TagNetworkErrorCode, Value: []byte{3, byte(code >> 8), byte(code)}}
}

// TestDialects has a receipt, made up, for every way of writing that an SMSC is known for. Each must be read even where
// its PDU is trusted by its marks alone, unless it has none.
func TestDialects(t *testing.T) {
	const dates = " submit date:2611221011 done date:2611221012"
	minute := ist(2026, 11, 22, 10, 12, 0)
	second := ist(2026, 11, 22, 10, 12, 9)
	tests := []struct {
		name       string
		m          pdu.SM
		form       Form
		dictionary string
		id         sms.MessageID // canonical
		state      sms.State
		err        string
		reason     string
		done       time.Time
	}{
		// The standard's form, and what is left out of it or added to it.
		{"SMPP 3.4 Appendix B", deliver(4, "id:0000000077 sub:001 dlvrd:001"+dates+" stat:DELIVRD err:000 text:483921 is your ACME"), Dec, "generic", "77", sms.Delivered, "000", "", minute},
		{"no sub and dlvrd (jsmpp#62)", deliver(4, "id:77"+dates+" stat:DELIVRD err:000"), Dec, "generic", "77", sms.Delivered, "000", "", minute},
		{"dates of 12 digits (cloudhopper#105)", deliver(4, "id:77 submit date:261122101109 done date:261122101209 stat:DELIVRD err:000"), Dec, "generic", "77", sms.Delivered, "000", "", second},
		{"dates of 14 digits", deliver(4, "id:77 submit date:20261122101109 done date:20261122101209 stat:DELIVRD err:000"), Dec, "generic", "77", sms.Delivered, "000", "", second},
		{"dates as people write them", deliver(4, "id:77 submit date:2026-11-22 10:11:09 done date:2026-11-22 10:12:09 stat:DELIVRD err:000"), Dec, "generic", "77", sms.Delivered, "000", "", second},
		{"such dates last", deliver(4, "id:77 stat:DELIVRD err:000 done date: 2026-11-22 10:12:09"), Dec, "generic", "77", sms.Delivered, "000", "", second},
		{"a day alone", deliver(4, "id:77 done date:2026-11-22 stat:DELIVRD err:000"), Dec, "generic", "77", sms.Delivered, "000", "", time.Time{}},
		{"lower case", deliver(4, "id:77 stat:delivrd err:000"), Dec, "generic", "77", sms.Delivered, "000", "", time.Time{}},
		{"upper case", deliver(4, "ID:77 SUB:001 DLVRD:001 SUBMIT DATE:2611221011 DONE DATE:2611221012 STAT:DELIVRD ERR:000 TEXT:483921"), Dec, "generic", "77", sms.Delivered, "000", "", minute},
		{"Text with a capital", deliver(4, "id:77 stat:UNDELIV err:006 Text:id:1 stat:DELIVRD"), Dec, "generic", "77", sms.Undelivered, "006", "absent_subscriber", time.Time{}},
		{"blanks behind colons", deliver(4, "id: 77 sub: 001 dlvrd: 001 submit date: 2611221011 done date: 2611221012 stat: UNDELIV err: 001"), Dec, "generic", "77", sms.Undelivered, "001", "unknown_subscriber", minute},
		{"stat before id", deliver(4, "stat:EXPIRED err:027 done date:2611221012 id:77"), Dec, "generic", "77", sms.Expired, "027", "absent_subscriber", minute},
		{"nothing but id and stat", deliver(4, "id:77 stat:DELIVRD"), Dec, "generic", "77", sms.Delivered, "", "", time.Time{}},
		{"a NUL at the end (jasmin)", deliver(4, "id:0000000077 stat:DELIVRD err:000\x00"), Dec, "generic", "77", sms.Delivered, "000", "", time.Time{}},
		{"one field a line", deliver(4, "id:77\nstat:DELIVRD\nerr:000\n"), Dec, "generic", "77", sms.Delivered, "000", "", time.Time{}},
		{"err of one digit", deliver(4, "id:77 sub:1 dlvrd:1 stat:DELIVRD err:0"), Dec, "generic", "77", sms.Delivered, "0", "", time.Time{}},

		// Vendors by name.
		{"LINK: counts of zero", deliver(4, "id:77 sub:000 dlvrd:000"+dates+" stat:DELIVRD err:000 text:"), Dec, "generic", "77", sms.Delivered, "000", "", minute},
		{"Infobip: on its way", deliver(4, "id:77 sub:001 dlvrd:000"+dates+" stat:ENROUTE err:000"), Text, "infobip", "77", sms.Submitted, "000", "", minute},
		{"Infobip: final", deliver(4, "id:77 sub:001 dlvrd:000"+dates+" stat:UNDELIV err:4147"), Text, "infobip", "77", sms.Undelivered, "4147", "header_suspended_due_to_usage", minute},
		{"Infobip: a word of a scrubber", deliver(4, "id:77 stat:REJECTD err:EC_TEMPLATE_NOT_MATCHED"), Text, "infobip", "77", sms.Undelivered, "EC_TEMPLATE_NOT_MATCHED", "template_not_matched", time.Time{}},
		{"Telesign: err in hexadecimal", deliver(4, "id:4D sub:001 dlvrd:000"+dates+" stat:UNDELIV err:2F1"), Hex, "generic", "77", sms.Undelivered, "2F1", "", minute},
		{"Telesign: err in hexadecimal, delivered", deliver(4, "id:4D stat:DELIVRD err:00A"), Hex, "generic", "77", sms.Delivered, "00A", "", time.Time{}},
		{"tyntec: its first, from the SMSC", deliver(8, "id:77 sub:001 dlvrd:000"+dates+" stat:ACCEPTD err:000"), Dec, "generic", "77", sms.Submitted, "000", "", minute},
		{"tyntec: its first, buffered", deliver(0x20, "id:77 sub:001 dlvrd:000"+dates+" stat:BUFFRED err:027"), Dec, "generic", "77", sms.Submitted, "027", "absent_subscriber", minute},
		{"tyntec: its second, from the handset", deliver(4, "id:77 sub:001 dlvrd:001"+dates+" stat:DELIVRD err:000"), Dec, "generic", "77", sms.Delivered, "000", "", minute},
		{"Vonage: hexadecimal in the answer", deliver(4, "", idTLV("0400000003E8"), stateTLV(2)), Hex, "generic", "4398046512104", sms.Delivered, "", "", time.Time{}},
		{"Vonage: decimal in the receipt", deliver(4, "id:4398046512104 sub:001 dlvrd:001"+dates+" stat:DELIVRD err:000"), Dec, "generic", "4398046512104", sms.Delivered, "000", "", minute},
		{"Kaleyra: a word and a code of its own", deliver(4, "id:4d"+dates+" stat:TL-NT-MTCHD err:023"), Hex, "kaleyra", "77", sms.Undelivered, "023", "template_not_matched", minute},
		{"Kaleyra: a word alone", deliver(4, "id:4d stat:PRFT-NT-MTCH"), Hex, "kaleyra", "77", sms.Undelivered, "", "preference_not_matched", time.Time{}},
		{"Kaleyra: a word with err of zero", deliver(4, "id:4d stat:MOB-OFF err:000"), Hex, "kaleyra", "77", sms.Undelivered, "000", "absent_subscriber", time.Time{}},
		{"Kaleyra: FAILED", deliver(4, "id:4d"+dates+" stat:FAILED err:011"), Hex, "kaleyra", "77", sms.Undelivered, "011", "system_failure", minute},
		{"Kaleyra: 009 is not MAP's", deliver(4, "id:4d stat:UNDELIV err:009"), Hex, "kaleyra", "77", sms.Undelivered, "009", "memory_full", time.Time{}},
		{"Airtel", deliver(4, "id:77 sub:001 dlvrd:000"+dates+" stat:UNDELIV err:812"), Dec, "airtel", "77", sms.Undelivered, "812", "invalid_pe_tm_hash", minute},
		{"Vi: four digits", deliver(4, "id:77 sub:001 dlvrd:000"+dates+" stat:UNDELIV err:5307"), Dec, "vi", "77", sms.Undelivered, "5307", "template_not_matched", minute},
		{"Vi: the scrubber failed", deliver(4, "id:77 stat:REJECTD err:4001"), Dec, "vi", "77", sms.Undelivered, "4001", "scrubbing_timeout", time.Time{}},
		{"DLT code", deliver(4, "id:77 stat:REJECTD err:633"), Dec, "generic", "77", sms.Undelivered, "633", "template_not_matched", time.Time{}},
		{"DLT word in the place of stat", deliver(4, "id:77 stat:TEMPLATE_NOT_MATCHED err:000"), Dec, "generic", "77", sms.Undelivered, "000", "template_not_matched", time.Time{}},
		{"DLT word in the place of err", deliver(4, "id:77 stat:UNDELIV err:HEADER_NOT_FOUND"), Dec, "generic", "77", sms.Undelivered, "HEADER_NOT_FOUND", "header_not_found", time.Time{}},
		{"five digits, as Exotel's", deliver(4, "id:77 stat:UNDELIV err:23080"), Dec, "generic", "77", sms.Undelivered, "23080", "", time.Time{}},
		{"signalling error in hexadecimal", deliver(4, "id:77 stat:UNDELIV err:41c"), Dec, "infobip", "77", sms.Undelivered, "41c", "no_translation_for_address", time.Time{}},

		// Outcomes and codes that do not go together.
		{"delivered at the second try", deliver(4, "id:77 stat:DELIVRD err:006"), Dec, "generic", "77", sms.Delivered, "006", "", time.Time{}},
		{"delivered with a DLT code", deliver(4, "id:77 stat:DELIVRD err:633"), Dec, "generic", "77", sms.Delivered, "633", "", time.Time{}},
		{"delivered with the network's code", deliver(4, "id:77 stat:DELIVRD err:000", stateTLV(2), networkTLV(6)), Dec, "generic", "77", sms.Delivered, "006", "", time.Time{}},
		{"on its way with a code", deliver(4, "id:77 stat:ENROUTE err:031"), Dec, "generic", "77", sms.Submitted, "031", "subscriber_busy", time.Time{}},
		{"accepted with a DLT code", deliver(4, "id:77 stat:ACCEPTD err:650"), Dec, "generic", "77", sms.Submitted, "650", "preference_not_matched", time.Time{}},
		{"stat:FAILED", deliver(4, "id:77 stat:FAILED err:069"), Dec, "generic", "77", sms.Undelivered, "069", "", time.Time{}},
		{"stat:FAILED without a code", deliver(4, "id:77 stat:FAILED"), Dec, "generic", "77", sms.Undelivered, "", "", time.Time{}},
		{"a word of nobody without a code", deliver(4, "id:77 stat:HELD err:000"), Dec, "generic", "77", sms.Submitted, "000", "", time.Time{}},

		// Message types and TLVs.
		{"acknowledgement for receipt", deliver(0x08, "id:77 stat:DELIVRD err:000"), Dec, "generic", "77", sms.Delivered, "000", "", time.Time{}},
		{"intermediate for final", deliver(0x20, "id:77 stat:UNDELIV err:001"), Dec, "generic", "77", sms.Undelivered, "001", "unknown_subscriber", time.Time{}},
		{"receipt for intermediate", deliver(0x04, "id:77 stat:BUFFERED err:000"), Dec, "generic", "77", sms.Submitted, "000", "", time.Time{}},
		{"TLVs alone, delivered", deliver(4, "", idTLV("4D"), stateTLV(2)), Hex, "generic", "77", sms.Delivered, "", "", time.Time{}},
		{"TLVs alone, failed", deliver(4, "", idTLV("4D"), stateTLV(5), networkTLV(1)), Hex, "generic", "77", sms.Undelivered, "001", "unknown_subscriber", time.Time{}},
		{"TLVs alone, a DLT code", deliver(4, "", idTLV("4D"), stateTLV(8), networkTLV(633)), Hex, "generic", "77", sms.Undelivered, "633", "template_not_matched", time.Time{}},
		{"TLVs alone, a code of four digits", deliver(4, "", idTLV("4D"), stateTLV(5), networkTLV(5307)), Hex, "vi", "77", sms.Undelivered, "5307", "template_not_matched", time.Time{}},
		{"TLVs alone, on its way", deliver(0x20, "", idTLV("4D"), stateTLV(1)), Hex, "generic", "77", sms.Submitted, "", "", time.Time{}},
		{"TLVs alone, accepted", deliver(4, "", idTLV("4D"), stateTLV(6)), Hex, "generic", "77", sms.Submitted, "", "", time.Time{}},
		{"TLVs alone, on its way after a failed try", deliver(0x20, "", idTLV("4D"), stateTLV(1), networkTLV(6)), Hex, "generic", "77", sms.Submitted, "006", "absent_subscriber", time.Time{}},
		{"message_state beside an err alone", deliver(4, "id:77 err:006", stateTLV(1)), Dec, "generic", "77", sms.Submitted, "006", "absent_subscriber", time.Time{}},
		{"a constant message_state beside a scrubber's word", deliver(4, "id:4d stat:TL-NT-MTCHD err:023", stateTLV(1)), Hex, "kaleyra", "77", sms.Undelivered, "023", "template_not_matched", time.Time{}},
		{"TLVs alone, no message_state", deliver(4, "", idTLV("4D"), networkTLV(6)), Hex, "generic", "77", sms.Undelivered, "006", "absent_subscriber", time.Time{}},
		{"TLVs alone, no message type", deliver(0, "", idTLV("4D"), stateTLV(3)), Hex, "generic", "77", sms.Expired, "", "", time.Time{}},
		{"id in the TLV, the rest in the text", deliver(4, "sub:001 dlvrd:001"+dates+" stat:DELIVRD err:000", idTLV("4D")), Hex, "generic", "77", sms.Delivered, "000", "", minute},
		{"hexadecimal TLV wins over a decimal text", deliver(4, "id:77 stat:DELIVRD err:000", idTLV("4d")), Hex, "generic", "77", sms.Delivered, "000", "", time.Time{}},
		{"in message_payload, as data_sm has it", deliver(4, "", pdu.TLV{Tag: pdu.TagMessagePayload, Value: []byte("id:77 stat:DELIVRD err:000")}), Dec, "generic", "77", sms.Delivered, "000", "", time.Time{}},

		// Message ids.
		{"padded to ten digits", deliver(4, "id:0000000077 stat:DELIVRD"), Dec, "generic", "77", sms.Delivered, "", "", time.Time{}},
		{"padded hexadecimal", deliver(4, "id:0000004D stat:DELIVRD"), Hex, "generic", "77", sms.Delivered, "", "", time.Time{}},
		{"hexadecimal with 0x", deliver(4, "id:0x4d stat:DELIVRD"), Hex, "generic", "77", sms.Delivered, "", "", time.Time{}},
		{"UUID in capitals", deliver(4, "id:0B5A2C1E-7F3D-4C8B-9A6E-1D2F3A4B5C6D stat:DELIVRD"), Hex, "generic", "0b5a2c1e-7f3d-4c8b-9a6e-1d2f3a4b5c6d", sms.Delivered, "", "", time.Time{}},
		{"any text", deliver(4, "id:a-77_B stat:DELIVRD"), Text, "generic", "a-77_B", sms.Delivered, "", "", time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, ok := Parse(&tt.m, Strict)
			if !ok {
				t.Fatal("not a receipt")
			}
			if id := Canonical(string(r.ID), tt.form); id != tt.id {
				t.Errorf("id %q, want %q", id, tt.id)
			}
			if final := tt.state != sms.Submitted; r.State != tt.state || r.Final != final {
				t.Errorf("%s, final %v; want %s", r.State, r.Final, tt.state)
			}
			if r.Err != tt.err || !r.Done.Equal(tt.done) {
				t.Errorf("err %q, done %v; want %q, %v", r.Err, r.Done, tt.err, tt.done)
			}
			if got, _ := Meaning(dictionary(t, tt.dictionary), r.Err, r.Stat); got.Reason != tt.reason {
				t.Errorf("reason %q, want %q", got.Reason, tt.reason)
			}
			lenient, ok := Parse(&tt.m, Lenient)
			if !ok || lenient != r {
				t.Errorf("%v, leniently %+v, strictly %+v", ok, lenient, r)
			}
		})
	}
}

// TestTrust has a text that any handset can send.
func TestTrust(t *testing.T) {
	const text = "id:77 stat:DELIVRD err:000"
	tests := []struct {
		name            string
		m               pdu.SM
		strict, lenient bool
	}{
		{"text alone", deliver(0, text), false, true},
		{"text and a message_state alone", deliver(0, text, stateTLV(2)), false, true},
		{"in capitals, with a header", deliver(0x40, "\x05\x00\x03\x01\x01\x01ID:77 STAT:DELIVRD"), false, true},
		{"in message_payload", deliver(0, "", pdu.TLV{Tag: pdu.TagMessagePayload, Value: []byte(text)}), false, true},
		{"a user's acknowledgement", deliver(0x10, text), false, true},
		{"a reply path", deliver(0x80, text), false, true},
		{"an id alone", deliver(0, "id:77"), false, false},
		{"message type", deliver(4, text), true, true},
		{"message type with a reply path", deliver(0x84, text), true, true},
		{"message type with a header", deliver(0x44, "\x05\x00\x03\x01\x01\x01"+text), true, true},
		{"receipted_message_id", deliver(0, text, idTLV("77")), true, true},
	}
	for _, tt := range tests {
		_, strict := Parse(&tt.m, Strict)
		_, lenient := Parse(&tt.m, Lenient)
		if strict != tt.strict || lenient != tt.lenient {
			t.Errorf("%s: strict %v, lenient %v", tt.name, strict, lenient)
		}
	}
}

// TestDataSM reads a receipt from the wire as data_sm, which has no short_message, with what it echoes.
func TestDataSM(t *testing.T) {
	frame, err := pdu.AppendSM(nil, pdu.DataSM, 7, &pdu.SM{Source: "919800000001", Dest: "ACMEBK", ESMClass: 4, TLVs: []pdu.TLV{
		idTLV("4D"), stateTLV(2), {Tag: pdu.TagUserMessageReference, Value: []byte{0x12, 0x34}},
		{Tag: pdu.TagMessagePayload, Value: []byte("id:77 stat:DELIVRD err:000")}}})
	if err != nil {
		t.Fatal(err)
	}
	var m pdu.SM
	if err := pdu.ParseSM(frame, &m); err != nil {
		t.Fatal(err)
	}
	want := Receipt{ID: "4D", Stat: "DELIVRD", Err: "000", State: sms.Delivered, Final: true, UserRef: 0x1234, HasUserRef: true,
		Raw: "id:77 stat:DELIVRD err:000"}
	if r, ok := Parse(&m, Strict); !ok || r != want {
		t.Errorf("%v\ngot  %+v\nwant %+v", ok, r, want)
	}
}
